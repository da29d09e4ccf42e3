// `icr-pull-secrets run`: the operator.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "cli/options.hpp"

namespace icrps::cli {

struct RunOptions : CommonOptions {
  std::string listen = "127.0.0.1:8080";
  std::string config_map;  ///< in the own namespace, where config_file comes from; or empty
};

[[nodiscard]] Command run_command();

/// Returns the exit code. The termination signals are blocked and the HTTP library is initialised.
int run(const RunOptions& options);

}  // namespace icrps::cli
