// UTF-8, as the standard has it. Pure.
#pragma once

#include <cstddef>
#include <string_view>

namespace icrps {

/// Length of the valid UTF-8 sequence that `text` starts with, or 0. No overlong forms, no
/// surrogates, nothing above U+10FFFF.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

}  // namespace icrps
