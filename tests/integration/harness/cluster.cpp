#include "harness/cluster.hpp"

#include <atomic>
#include <fmt/format.h>
#include <sstream>
#include <thread>
#include <unistd.h>
#include <utility>

#include "harness/eventually.hpp"
#include "harness/process.hpp"
#include "icr/base64.hpp"

namespace itest {
namespace {

std::string secrets_of(const std::string& ns) {
  return "/api/v1/namespaces/" + ns + "/secrets";
}

std::optional<json> object(const Answer& answer) {
  if (answer.status == 404) return std::nullopt;
  return must(answer);
}

/// The value of label `name` in a line of the text format.
std::string label(const std::string& line, const std::string& name) {
  const auto begin = line.find(name + "=\"");
  if (begin == std::string::npos) return {};
  const auto from = begin + name.size() + 2;
  return line.substr(from, line.find('"', from) - from);
}

bool is_write(const std::string& verb, const std::string& resource) {
  if (resource == "serviceaccounts") return verb == "PATCH" || verb == "PUT";
  if (resource != "secrets" && resource != "events") return false;
  return verb == "POST" || verb == "PATCH" || verb == "PUT" || verb == "DELETE";
}

}  // namespace

std::string Cluster::make_namespace(const std::string& prefix, const Annotations& annotations) {
  static std::atomic<int> number{0};
  const auto name = fmt::format("{}-{}", prefix, ++number);
  json body = {{"metadata", {{"name", name}}}};
  if (!annotations.empty()) body["metadata"]["annotations"] = annotations;
  must(api_.post("/api/v1/namespaces", body));
  return name;
}

void Cluster::annotate(const std::string& ns, const json& annotations) {
  must(api_.merge("/api/v1/namespaces/" + ns, {{"metadata", {{"annotations", annotations}}}}));
}

void Cluster::delete_namespace(const std::string& ns) {
  static_cast<void>(object(api_.remove("/api/v1/namespaces/" + ns)));
}

std::optional<json> Cluster::secret(const std::string& ns, const std::string& name) {
  return object(api_.get(secrets_of(ns) + "/" + name));
}

std::optional<json> Cluster::account(const std::string& ns, const std::string& name) {
  return object(api_.get("/api/v1/namespaces/" + ns + "/serviceaccounts/" + name));
}

std::vector<json> Cluster::events(const std::string& ns, const std::string& reason) {
  std::vector<json> found;
  const auto list = must(api_.get("/api/v1/namespaces/" + ns + "/events"));
  for (const auto& event : list["items"]) {
    if (reason.empty() || event["reason"] == reason) found.push_back(event);
  }
  return found;
}

std::vector<std::string> Cluster::pull_secrets(const std::string& ns, const std::string& name) {
  std::vector<std::string> names;
  const auto found = account(ns, name);
  if (!found || !found->contains("imagePullSecrets")) return names;
  for (const auto& entry : (*found)["imagePullSecrets"]) names.push_back(entry["name"]);
  return names;
}

void Cluster::expect_account(const std::string& ns, const std::string& name) {
  eventually(fmt::format("{} has an account {}", ns, name),
             [&] { return account(ns, name) ? "" : "no"; });
}

void Cluster::set_pull_secrets(const std::string& ns, const std::string& name,
                               const std::vector<std::string>& names) {
  json list = json::array();
  for (const auto& each : names) list.push_back({{"name", each}});
  expect_account(ns, name);
  must(api_.merge("/api/v1/namespaces/" + ns + "/serviceaccounts/" + name,
                  {{"imagePullSecrets", std::move(list)}}));
}

void Cluster::make_account(const std::string& ns, const std::string& name) {
  must(api_.post("/api/v1/namespaces/" + ns + "/serviceaccounts",
                 json{{"metadata", {{"name", name}}}}));
}

void Cluster::put_secret(const std::string& ns, const std::string& name,
                         const std::map<std::string, std::string>& data) {
  json encoded = json::object();
  for (const auto& [key, value] : data) encoded[key] = icrps::icr::base64_encode(value);
  json body = {{"metadata", {{"name", name}}}, {"data", encoded}};
  const auto answer = api_.put(secrets_of(ns) + "/" + name, body);
  must(answer.status == 404 ? api_.post(secrets_of(ns), body) : answer);
}

void Cluster::delete_secret(const std::string& ns, const std::string& name) {
  static_cast<void>(object(api_.remove(secrets_of(ns) + "/" + name)));
}

std::string Cluster::token(const std::string& ns, const std::string& name, const json& bound) {
  json spec = {{"expirationSeconds", 3600}};
  if (!bound.is_null()) spec["boundObjectRef"] = bound;
  const auto answer = must(api_.post(
      fmt::format("/api/v1/namespaces/{}/serviceaccounts/{}/token", ns, name), {{"spec", spec}}));
  return answer["status"]["token"];
}

std::map<std::string, long> Cluster::write_counts() {
  const auto answer = api_.get("/metrics");
  if (!answer.ok()) throw std::runtime_error("the API server's /metrics: " + answer.text);
  std::map<std::string, long> counts;
  std::istringstream lines(answer.text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("apiserver_request_total{")) continue;
    const auto verb = label(line, "verb");
    const auto resource = label(line, "resource");
    if (!is_write(verb, resource) || !label(line, "subresource").empty()) continue;
    counts[verb + " " + resource] += std::stol(line.substr(line.rfind(' ') + 1));
  }
  return counts;
}

std::map<std::string, long> Cluster::settled_write_counts() {
  const auto now = [this] {
    auto counts = write_counts();
    std::erase_if(counts, [](const auto& entry) { return entry.first.ends_with(" events"); });
    return counts;
  };
  auto counts = now();
  eventually("the API server's counts are up to date", [&]() -> std::string {
    std::this_thread::sleep_for(200ms);
    const auto before = std::exchange(counts, now());
    return counts == before ? "" : "they grow";
  });
  return counts;
}

json docker_config(const json& secret) {
  if (secret.value("type", "") != "kubernetes.io/dockerconfigjson") return {};
  const auto text =
      icrps::icr::base64_decode(secret["data"].value(".dockerconfigjson", std::string()));
  if (!text) return {};
  auto value = json::parse(*text, nullptr, false);
  return value.is_discarded() ? json() : value;
}

std::set<std::string> hosts_of(const json& secret) {
  std::set<std::string> hosts;
  const auto config = docker_config(secret);
  if (!config.contains("auths")) return hosts;
  for (const auto& [host, entry] : config["auths"].items()) hosts.insert(host);
  return hosts;
}

std::string password_of(const json& secret) {
  std::string password;
  const auto config = docker_config(secret);
  if (!config.contains("auths")) return {};
  for (const auto& [host, entry] : config["auths"].items()) {
    const std::string found = entry.value("password", "");
    const std::string auth = entry.value("auth", "");
    if (auth != icrps::icr::base64_encode("iamapikey:" + found)) return {};
    if (entry.value("username", "") != "iamapikey") return {};
    if (!password.empty() && password != found) return {};
    password = found;
  }
  return password;
}

std::string uid_of(const json& object) {
  return object["metadata"]["uid"];
}

}  // namespace itest
