// `icr-pull-secrets token`: an access token of IAM for scripts.
#pragma once

#include "cli/command.hpp"

namespace icrps::cli {

/// Prints the token and nothing else.
[[nodiscard]] Command token_command();

}  // namespace icrps::cli
