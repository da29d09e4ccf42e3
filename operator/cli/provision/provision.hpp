// `icr-pull-secrets provision`, `deprovision` and `policies`: who may pull and
// push what, at IBM.
#pragma once

#include "cli/command.hpp"

namespace icrps::cli {

/// Service ID (or trusted profile), policies, API key and Secret, made where
/// they are missing, and proved by a pull.
[[nodiscard]] Command provision_command();
/// Takes away what `provision` made for a NAME.
[[nodiscard]] Command deprovision_command();
/// Shows who may pull and push what.
[[nodiscard]] Command policies_command();

}  // namespace icrps::cli
