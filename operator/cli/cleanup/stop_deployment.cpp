#include "cli/cleanup/stop_deployment.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/setup.hpp"

namespace icrps::cli {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Complaint = tl::unexpected<std::string>;
using Kind = kube::ApiError::Kind;

constexpr auto kLook = 500ms;

struct Scale {
  int replicas = 0;
  std::string selector;  ///< of the pods
};

tl::expected<Scale, kube::ApiError> decode_scale(const std::string& text) {
  const auto object = json::parse(text, nullptr, false);
  const auto part = [&](const char* name) {
    return object.is_object() ? object.value(name, json::object()) : json::object();
  };
  const auto replicas = part("spec").value("replicas", json(0));
  const auto selector = part("status").value("selector", json());
  // Without a selector every pod of the namespace would be waited for.
  if (!replicas.is_number_integer() || !selector.is_string() ||
      selector.get_ref<const std::string&>().empty()) {
    return tl::unexpected(kube::ApiError{Kind::kInvalid, 0, "an unreadable Scale", std::nullopt});
  }
  return Scale{replicas.get<int>(), selector.get<std::string>()};
}

class Stopper {
 public:
  Stopper(Session& session, const std::string& name, const Patience& patience)
      : session_(session),
        path_{"deployments", session.own_namespace, name, "scale", "apps/v1"},
        name_(name),
        patience_(patience) {}

  tl::expected<int, std::string> replicas() {
    const auto scale = persist(patience_, [&] { return read(); });
    if (scale) return scale->replicas;
    if (scale.error().kind == Kind::kNotFound) return 0;
    return Complaint(scale.error().message);
  }

  tl::expected<void, std::string> stop() {
    const auto scale = persist(patience_, [&] { return read(); });
    if (!scale && scale.error().kind == Kind::kNotFound) {
      complain(fmt::format("there is no Deployment {} in namespace {}: nothing to stop", name_,
                           session_.own_namespace));
      return {};
    }
    if (!scale) return Complaint(scale.error().message);
    if (scale->replicas != 0) {
      complain(fmt::format("scaling Deployment {} to 0", name_));
      const auto reply = persist(patience_, [&] {
        return session_.client.patch(path_, kube::Client::PatchType::kMerge,
                                     json({{"spec", {{"replicas", 0}}}}).dump());
      });
      if (!reply) return Complaint(reply.error().message);
    }
    return wait_for_end_of(scale->selector);
  }

 private:
  tl::expected<Scale, kube::ApiError> read() {
    const auto text = session_.client.get_text(path_);
    if (!text) return tl::unexpected(text.error());
    return decode_scale(*text);
  }

  /// Pods that have ended may stay as objects.
  tl::expected<std::size_t, kube::ApiError> count(const std::string& selector) {
    kube::Collection pods{"pods", "pods", session_.own_namespace,
                          "status.phase!=Failed,status.phase!=Succeeded", true};
    pods.label_selector = selector;
    std::size_t found = 0;
    const auto listed = session_.client.list(pods, [&](kube::Object&& /*pod*/) { ++found; });
    if (!listed) return tl::unexpected(listed.error());
    return found;
  }

  tl::expected<void, std::string> wait_for_end_of(const std::string& selector) {
    while (true) {
      const auto running = persist(patience_, [&] { return count(selector); });
      if (!running) return Complaint("pods: " + running.error().message);
      if (*running == 0) return {};
      if (patience_.over()) {
        return Complaint(fmt::format("Deployment {} still has {} pods", name_, *running));
      }
      std::this_thread::sleep_for(kLook);
    }
  }

  Session& session_;
  const kube::Path path_;
  const std::string& name_;
  const Patience& patience_;
};

}  // namespace

tl::expected<int, std::string> replicas_of(Session& session, const std::string& name,
                                           const Patience& patience) {
  return Stopper(session, name, patience).replicas();
}

tl::expected<void, std::string> stop_deployment(Session& session, const std::string& name,
                                                const Patience& patience) {
  return Stopper(session, name, patience).stop();
}

}  // namespace icrps::cli
