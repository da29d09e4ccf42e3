// `icr-pull-secrets cleanup`: removes everything that the operator wrote.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/options.hpp"

namespace icrps::cli {

struct CleanupOptions : CommonOptions {
  std::vector<std::string> only;  ///< namespaces; empty: all, and the operator's own objects
  bool all_namespaces = false;
  std::string stop_deployment;  ///< in the operator's namespace; empty: none
  std::string if_stopped;       ///< nothing is done while this Deployment is to run pods
  std::string helm_record;      ///< nothing is done unless Helm's record says uninstalling
  std::string timeout = "10m";  ///< as Kubernetes writes durations
  bool dry_run = false;
};

[[nodiscard]] Command cleanup_command();

/// 0: the cluster was listed again, and nothing is left; kNotGood: something is, and a table says
/// what. May be ended and begun again at any moment.
int cleanup(const CleanupOptions& options);

}  // namespace icrps::cli
