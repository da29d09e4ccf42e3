// Percent-encoding (RFC 3986, section 2). Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace icrps::http {

/// What one character may become: "%2B".
inline constexpr std::size_t kLongestEscape = 3;

/// Everything but letters, digits and "-._~" as %XX: right in a path, in a query and in a form.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// The same at the end of `out`, which keeps its place in memory if it has room for kLongestEscape
/// times the text.
void append_percent_encoded(std::string& out, std::string_view text);

}  // namespace icrps::http
