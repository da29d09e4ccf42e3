// Asks a person for a credential, without showing it.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "runtime/secret_string.hpp"

namespace icrps::cli {

/// On the terminal, whatever the standard input is. `unless`: the error when there is none.
/// Called before any thread is started.
[[nodiscard]] tl::expected<SecretString, std::string> ask_on_terminal(const std::string& question,
                                                                      const std::string& unless);

}  // namespace icrps::cli
