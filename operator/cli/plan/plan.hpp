// `icr-pull-secrets plan`: what the operator would write, and why.
#pragma once

#include "cli/command.hpp"

namespace icrps::cli {

/// Reads the cluster and prints; writes nothing. 0, also when something would change, unless the
/// options ask for kNotGood then.
[[nodiscard]] Command plan_command();

}  // namespace icrps::cli
