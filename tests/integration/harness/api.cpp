#include "harness/api.hpp"

#include <fmt/format.h>
#include <stdexcept>

#include "config/kubeconfig.hpp"
#include "kube/connection.hpp"

namespace itest {

using icrps::http::Method;

json Answer::body() const {
  auto value = json::parse(text, nullptr, false);
  return value.is_discarded() ? json() : value;
}

Api::Api(const std::string& kubeconfig) {
  auto cluster = icrps::config::load_kubeconfig(kubeconfig);
  if (!cluster) throw std::runtime_error(cluster.error().message);
  auto options = icrps::kube::transport_options(*cluster, clock_);
  if (!options) throw std::runtime_error(options.error());
  options->user_agent = "integration-tests";
  transport_ = icrps::http::make_cpprest_transport(std::move(*options));
}

Answer Api::post(const std::string& target, const json& body) {
  return send(Method::kPost, target, body);
}
Answer Api::put(const std::string& target, const json& body) {
  return send(Method::kPut, target, body);
}
Answer Api::merge(const std::string& target, const json& patch) {
  return send(Method::kPatch, target, patch, "application/merge-patch+json");
}
Answer Api::json_patch(const std::string& target, const json& patch) {
  return send(Method::kPatch, target, patch, "application/json-patch+json");
}
Answer Api::remove(const std::string& target, const json& options) {
  return send(Method::kDelete, target, options);
}

Answer Api::send(Method method, const std::string& target, const json& body,
                 const std::string& type) {
  icrps::http::Request request;
  request.method = method;
  request.target = target;
  request.headers = {{"Accept", "application/json"}};
  if (!body.is_null()) {
    request.headers.push_back({"Content-Type", type});
    request.body = body.dump();
  }
  request.deadline = std::chrono::seconds(30);
  const auto result = transport_->send(request, {});
  if (!result) return {0, result.error().message};
  return {result->status, result->body};
}

json must(const Answer& answer) {
  if (!answer.ok()) {
    throw std::runtime_error(fmt::format("status {}: {}", answer.status, answer.text));
  }
  return answer.body();
}

}  // namespace itest
