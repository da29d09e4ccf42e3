// Base64, strict: one text for the same bytes. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace icrps::icr {

/// The standard kind, with padding (RFC 4648 section 4).
[[nodiscard]] std::string base64_encode(std::string_view bytes);

/// Nothing when `text` is not canonical padded base64.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

/// As tokens have it: the alphabet for URLs, without padding (RFC 4648 section 5, RFC 7515).
[[nodiscard]] std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace icrps::icr
