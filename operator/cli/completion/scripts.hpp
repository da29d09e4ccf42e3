// Completion for shells, and the man page, of the table of commands. Pure.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace icrps::cli {

[[nodiscard]] std::string bash_completion(const std::vector<Command>& commands);
[[nodiscard]] std::string zsh_completion(const std::vector<Command>& commands);
[[nodiscard]] std::string fish_completion(const std::vector<Command>& commands);

/// icr-pull-secrets(1), in roff.
[[nodiscard]] std::string manual_page(const std::vector<Command>& commands,
                                      const std::string& version);

}  // namespace icrps::cli
