// `icr-pull-secrets inspect`: what an auth file or a pull secret holds, and which of it the
// kubelet, docker and podman would take.
#pragma once

#include "cli/command.hpp"

namespace icrps::cli {

[[nodiscard]] Command inspect_command();

}  // namespace icrps::cli
