#include "cli/setup.hpp"

#include <cstdlib>
#include <fmt/core.h>

namespace icrps::cli {

std::optional<std::string> environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

tl::expected<config::Cluster, config::ConfigError> find_cluster(const CommonOptions& options) {
  if (!options.kubeconfig_file.empty()) return config::load_kubeconfig(options.kubeconfig_file);
  const auto file = config::kubeconfig_path(environment);
  if (!file) return tl::unexpected(file.error());
  if (*file) return config::load_kubeconfig(**file);
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

void complain(const std::string& message) {
  fmt::print(stderr, "icr-pull-secrets: {}\n", message);
}

}  // namespace icrps::cli
