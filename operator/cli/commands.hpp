// The table of all commands.
#pragma once

#include <vector>

#include "cli/command.hpp"

namespace icrps::cli {

/// In the order in which people are told of them. Each call makes a table with answers of its own.
[[nodiscard]] std::vector<Command> commands();

}  // namespace icrps::cli
