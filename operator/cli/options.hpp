// Options that many commands have.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace icrps::cli {

/// Which cluster.
struct ClusterOptions {
  std::string kubeconfig_file;  ///< empty: KUBECONFIG, else ~/.kube/config, else the pod's account
  std::string context;          ///< of the kubeconfig; empty: the current one
};

struct CommonOptions : ClusterOptions {
  std::string config_file;
  std::string own_namespace;  ///< empty: from the kubeconfig's context or the pod
};

/// --kubeconfig and --context, as kubectl has them.
[[nodiscard]] std::vector<Option> cluster_options(ClusterOptions& options);

/// Those of the operator's own commands, and then `more`. They are parsed into `options`.
[[nodiscard]] std::vector<Option> with_common(CommonOptions& options, std::vector<Option> more);

/// -A,--all-namespaces, for commands that look at all of them unless they are told otherwise, too.
[[nodiscard]] Option all_namespaces_option(bool& all);

/// -o,--output table|json.
[[nodiscard]] Option output_option(std::string& output);

}  // namespace icrps::cli
