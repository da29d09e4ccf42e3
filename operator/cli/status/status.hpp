// `icr-pull-secrets status`: what the cluster itself says about each credential and its roll-out.
#pragma once

#include "cli/command.hpp"

namespace icrps::cli {

/// Writes nothing to the cluster. 0: every credential is good and in every namespace that asks for
/// it; kNotGood: one isn't.
[[nodiscard]] Command status_command();

}  // namespace icrps::cli
