// `icr-pull-secrets verify`: proves each credential of the configuration, as the operator would.
#pragma once

#include "cli/command.hpp"

namespace icrps::cli {

/// Prints a table of credentials and hosts. 0: all of them work; kNotGood: one does not, or could
/// not be asked.
[[nodiscard]] Command verify_command();

}  // namespace icrps::cli
