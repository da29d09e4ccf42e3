// `icr-pull-secrets login` and `logout`: at many registries at once, for docker and podman.
#pragma once

#include "cli/command.hpp"

namespace icrps::cli {

[[nodiscard]] Command login_command();
[[nodiscard]] Command logout_command();

}  // namespace icrps::cli
