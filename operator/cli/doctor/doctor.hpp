// `icr-pull-secrets doctor`: why does it not pull?
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/options.hpp"

namespace icrps::cli {

struct DoctorOptions : ClusterOptions {
  std::string config_file;          ///< the operator's; empty: that of its ConfigMap
  std::string ns;                   ///< -n; empty: none is given
  std::string target;               ///< "NS", "NS/POD"; with `ns` a pod's name
  std::vector<std::string> images;  ///< asked about as if the pod used them
  bool all = false;                 ///< in all namespaces
  std::string operator_namespace = "icr-pull-secrets";
  std::string ca_file;          ///< for the registries; empty: see Settings
  std::string timeout = "30s";  ///< for all that registries are asked
  std::string output = "table";
};

/// 0: every container has its image or can have it now; kNotGood: one can't;
/// kFailure: the pods could not be looked at.
int doctor(const DoctorOptions& options);

[[nodiscard]] Command doctor_command();

}  // namespace icrps::cli
