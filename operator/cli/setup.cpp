#include "cli/setup.hpp"

#include <cstdlib>
#include <fmt/core.h>
#include <unistd.h>

namespace icrps::cli {

std::optional<std::string> environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

namespace {

/// Where kubectl looks last; empty: it is not there.
std::string file_at_home() {
  const auto home = environment("HOME");
  if (!home) return {};
  auto file = *home + "/.kube/config";
  return ::access(file.c_str(), F_OK) == 0 ? file : std::string();
}

}  // namespace

tl::expected<config::Cluster, config::ConfigError> find_cluster(const ClusterOptions& options) {
  const auto& chosen = options.context;
  if (!options.kubeconfig_file.empty()) {
    return config::load_kubeconfig(options.kubeconfig_file, chosen);
  }
  const auto files = config::kubeconfig_paths(environment);
  if (!files.empty()) return config::load_kubeconfigs(files, chosen);
  if (const auto file = file_at_home(); !file.empty()) {
    return config::load_kubeconfig(file, chosen);
  }
  if (!chosen.empty()) {
    return tl::unexpected(
        config::ConfigError{"--context " + chosen +
                            ": there is no kubeconfig; accepted: --kubeconfig FILE, or "
                            "KUBECONFIG"});
  }
  return config::in_cluster(environment);
}

tl::expected<config::Cluster, config::ConfigError> find_service_cluster(
    const ClusterOptions& options) {
  if (!options.kubeconfig_file.empty() || !config::kubeconfig_paths(environment).empty()) {
    auto cluster = find_cluster(options);
    if (!cluster) return cluster;
    if (auto refused = config::personal_login(*cluster)) return tl::unexpected(*refused);
    return cluster;
  }
  return config::in_cluster(environment);
}

std::string own_namespace(const CommonOptions& options, const config::Cluster& cluster) {
  if (!options.own_namespace.empty()) return options.own_namespace;
  return cluster.ns.empty() ? "default" : cluster.ns;
}

LogLevel log_level(const config::Config& config) {
  switch (config.log_level) {
    case config::LogLevel::kDebug:
      return LogLevel::kDebug;
    case config::LogLevel::kWarn:
      return LogLevel::kWarn;
    case config::LogLevel::kError:
      return LogLevel::kError;
    case config::LogLevel::kInfo:
      break;
  }
  return LogLevel::kInfo;
}

Log::Format log_format(const config::Config& config, bool terminal) {
  const bool text = config.log_format == config::LogFormat::kText ||
                    (config.log_format == config::LogFormat::kAuto && terminal);
  return text ? Log::Format::kText : Log::Format::kJson;
}

bool contradicts(bool all_namespaces, const std::vector<std::string>& only) {
  if (!all_namespaces || only.empty()) return false;
  complain("-A is for all namespaces and --only for some; accepted: one of the two");
  return true;
}

void complain(const std::string& message) {
  fmt::print(stderr, "icr-pull-secrets: {}\n", message);
}

}  // namespace icrps::cli
