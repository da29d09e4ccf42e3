// `icr-pull-secrets cf rotate`: gives apps that run already another key.
#pragma once

#include <string>
#include <vector>

#include "cli/client/options.hpp"
#include "cli/command.hpp"

namespace icrps::cli {

[[nodiscard]] Command cf_rotate_command();

}  // namespace icrps::cli
