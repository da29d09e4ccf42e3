// From the command line to the parts that every subcommand needs.
#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "cli/options.hpp"
#include "config/config.hpp"
#include "config/kubeconfig.hpp"
#include "runtime/log.hpp"

namespace icrps::cli {

/// Of this process; nothing when it is unset or empty.
[[nodiscard]] std::optional<std::string> environment(const std::string& name);

/// As a person reaches it: the kubeconfig that --kubeconfig or KUBECONFIG names, else
/// ~/.kube/config, else the pod's service account.
[[nodiscard]] tl::expected<config::Cluster, config::ConfigError> find_cluster(
    const ClusterOptions& options);
/// As a program that serves by itself reaches it: nothing at home, and no login of a person.
[[nodiscard]] tl::expected<config::Cluster, config::ConfigError> find_service_cluster(
    const ClusterOptions& options);

/// --namespace, else the pod's or the context's, else "default".
[[nodiscard]] std::string own_namespace(const CommonOptions& options,
                                        const config::Cluster& cluster);

[[nodiscard]] LogLevel log_level(const config::Config& config);
/// `terminal`: stderr is one.
[[nodiscard]] Log::Format log_format(const config::Config& config, bool terminal);

/// Whether a command is told to look at all namespaces and at some only, which it says on stderr.
[[nodiscard]] bool contradicts(bool all_namespaces, const std::vector<std::string>& only);

/// Prints "icr-pull-secrets: <message>" to stderr.
void complain(const std::string& message);

}  // namespace icrps::cli
