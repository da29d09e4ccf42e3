// Columns for people. Pure.
#pragma once

#include <string>
#include <vector>

namespace icrps::cli {

using Row = std::vector<std::string>;

/// Columns as wide as their widest cell, two blanks between them, no blanks at the ends of lines.
[[nodiscard]] std::string format_table(const std::vector<Row>& rows);

/// "12s", "7m", "3h", "2d": one unit, rounded down, as kubectl does.
[[nodiscard]] std::string short_duration(long long seconds);

}  // namespace icrps::cli
