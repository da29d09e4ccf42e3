// `icr-pull-secrets cf`: images of the registry in Cloud Foundry.
#pragma once

#include "cli/command.hpp"

namespace icrps::cli {

/// env, manifest, push and rotate.
[[nodiscard]] Command cf_command();

}  // namespace icrps::cli
