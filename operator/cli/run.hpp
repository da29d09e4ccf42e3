// `icr-pull-secrets run`: the operator.
#pragma once

#include "cli/options.hpp"

namespace icrps::cli {

/// Returns the exit code. The termination signals are blocked and the HTTP library is initialised.
int run(const RunOptions& options);

}  // namespace icrps::cli
