// Reads what may be a credential, however it comes: a file, a pipe, a process substitution.
#pragma once

#include <cstddef>
#include <string>

#include <tl/expected.hpp>

#include "runtime/secret_string.hpp"

namespace icrps::cli {

/// To its end; `name` is for messages. More than `most` bytes is an error.
[[nodiscard]] tl::expected<SecretString, std::string> read_secret(int descriptor,
                                                                  const std::string& name,
                                                                  std::size_t most);
[[nodiscard]] tl::expected<SecretString, std::string> read_secret_file(const std::string& file,
                                                                       std::size_t most);

}  // namespace icrps::cli
