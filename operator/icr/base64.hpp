// Standard base64 with padding (RFC 4648 section 4), strict. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace icrps::icr {

[[nodiscard]] std::string base64_encode(std::string_view bytes);

/// Nothing when `text` is not canonical padded base64.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace icrps::icr
