#include "cli/doctor/looking.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace icrps::cli {
namespace {

using Kind = kube::ApiError::Kind;

constexpr std::string_view kOurObjects =
    "labelSelector=app.kubernetes.io%2Fname%3Dicr-pull-secrets";

}  // namespace

void Looking::remember(const std::string& what, const kube::ApiError& error) {
  Blind blind{what, error.message};
  if (std::find(blind_.begin(), blind_.end(), blind) == blind_.end()) {
    blind_.push_back(std::move(blind));
  }
}

std::optional<std::string> Looking::text(const kube::Path& path, const std::string& what) {
  const auto target = path.target();
  if (const auto found = seen_.find(target); found != seen_.end()) return found->second;
  auto reply = client_.get_text(path);
  if (!reply && reply.error().kind != Kind::kNotFound) remember(what, reply.error());
  auto& seen = seen_[target];
  if (reply) seen = std::move(*reply);
  return seen;
}

tl::expected<diagnosis::PodView, std::string> Looking::pod(const std::string& ns,
                                                           const std::string& name) {
  const auto reply = client_.get_text({.resource = "pods", .ns = ns, .name = name});
  if (!reply) return tl::unexpected(reply.error().message);
  auto pod = diagnosis::read_pod(*reply);
  if (!pod) return tl::unexpected(std::string("the API server's answer is no pod"));
  return std::move(*pod);
}

tl::expected<std::vector<diagnosis::PodView>, std::string> Looking::pods(const std::string& ns) {
  const auto reply = client_.get_text({.resource = "pods", .ns = ns, .name = {}});
  if (!reply) return tl::unexpected(reply.error().message);
  return diagnosis::read_pods(*reply);
}

std::string Looking::pull_failure(const diagnosis::PodView& pod, const std::string& image) {
  const auto query = "fieldSelector=involvedObject.name%3D" + pod.name;
  const auto events = text({.resource = "events", .ns = pod.ns, .name = {}, .query = query},
                           "events in namespace " + pod.ns);
  return events ? diagnosis::pull_failure(*events, pod.name, image) : std::string();
}

std::string Looking::platform(const std::string& node) {
  if (node.empty()) return {};
  const auto found = text({.resource = "nodes", .ns = {}, .name = node}, "nodes");
  return found ? diagnosis::platform_of_node(*found) : std::string();
}

std::optional<plan::NamespaceFacts> Looking::ns(const std::string& name) {
  const auto found = text({.resource = "namespaces", .ns = {}, .name = name}, "namespace " + name);
  return found ? diagnosis::read_namespace(*found) : std::nullopt;
}

std::optional<std::vector<std::string>> Looking::account_secrets(const std::string& ns,
                                                                 const std::string& name) {
  const auto found = text({.resource = "serviceaccounts", .ns = ns, .name = name},
                          "service accounts in namespace " + ns);
  if (!found) return std::nullopt;
  return diagnosis::pull_secrets_of(*found);
}

diagnosis::OperatorState Looking::operator_state() {
  const auto found = text({.resource = "deployments",
                           .ns = operator_namespace_,
                           .name = {},
                           .subresource = {},
                           .group = "apps/v1",
                           .query = kOurObjects},
                          "Deployments in namespace " + operator_namespace_);
  const auto ready = found ? diagnosis::any_ready(*found) : std::nullopt;
  if (!ready) return diagnosis::OperatorState::kUnknown;
  return *ready ? diagnosis::OperatorState::kRuns : diagnosis::OperatorState::kStopped;
}

std::optional<config::Config> Looking::config() {
  const auto found =
      text({.resource = "configmaps", .ns = operator_namespace_, .name = {}, .query = kOurObjects},
           "the operator's configuration (ConfigMaps in namespace " + operator_namespace_ + ")");
  const auto yaml = found ? diagnosis::config_text(*found) : std::string();
  if (yaml.empty()) return std::nullopt;
  auto config = config::parse_config(yaml, "config.yaml");
  if (!config) return std::nullopt;  // the operator says so itself
  return std::move(*config);
}

Looking::SecretSight Looking::secret(const std::string& ns, const std::string& name) {
  const auto key = ns + "/" + name;
  if (const auto found = secrets_.find(key); found != secrets_.end()) return found->second;
  auto reply = client_.get({.resource = "secrets", .ns = ns, .name = name});
  SecretSight sight;
  if (reply) {
    sight.object = std::move(*reply);
  } else if (reply.error().kind != Kind::kNotFound) {
    sight.known = false;
    sight.why = reply.error().message;
    remember("Secret " + key, reply.error());
  }
  return secrets_.emplace(key, std::move(sight)).first->second;
}

}  // namespace icrps::cli
