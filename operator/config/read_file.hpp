// Bounded reading of files that people name. Private to operator/config.
#pragma once

#include <cstddef>
#include <string>

#include <tl/expected.hpp>

#include "config/config.hpp"

namespace icrps::config {

inline constexpr std::size_t kLargestFile = std::size_t{1024} * 1024;

/// The whole content; more than kLargestFile is refused without being read.
[[nodiscard]] tl::expected<std::string, ConfigError> read_file(const std::string& file);

/// "file:line: message", or "file: message" for a line below 1.
[[nodiscard]] ConfigError error_at(const std::string& file, int line, const std::string& message);

}  // namespace icrps::config
