// `icr-pull-secrets version`.
#pragma once

#include "cli/command.hpp"

namespace icrps::cli {

[[nodiscard]] Command version_command();

}  // namespace icrps::cli
