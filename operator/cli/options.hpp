// Options that many commands have.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace icrps::cli {

struct CommonOptions {
  std::string config_file;
  std::string kubeconfig_file;  ///< empty: KUBECONFIG, else the pod's service account
  std::string context;          ///< of the kubeconfig; empty: the current one
  std::string own_namespace;    ///< empty: from the kubeconfig's context or the pod
};

/// Those of the operator's own commands, and then `more`. They are parsed into `options`.
[[nodiscard]] std::vector<Option> with_common(CommonOptions& options, std::vector<Option> more);

/// -o,--output table|json.
[[nodiscard]] Option output_option(std::string& output);

}  // namespace icrps::cli
