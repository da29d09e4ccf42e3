// `icr-pull-secrets rotate`: asks the running operator to rotate a service ID's key now.
#pragma once

#include "cli/command.hpp"

namespace icrps::cli {

/// Leaves the request on the credential's state Secret and returns; `status` shows how it goes on.
[[nodiscard]] Command rotate_command();

}  // namespace icrps::cli
