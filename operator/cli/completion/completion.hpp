// `icr-pull-secrets completion` and `manual`: print what is made of the table of commands.
#pragma once

#include "cli/command.hpp"

namespace icrps::cli {

[[nodiscard]] Command completion_command();
[[nodiscard]] Command manual_command();

}  // namespace icrps::cli
