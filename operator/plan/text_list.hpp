// Comma lists as annotations have them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace icrps::plan {

/// The entries without surrounding blanks; empty ones are kept, so that the caller can object.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

/// As above without the empty ones: what a person wrote, with a comma too many.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);

[[nodiscard]] std::string join(const std::vector<std::string>& words, std::string_view separator);

}  // namespace icrps::plan
