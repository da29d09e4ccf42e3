// What a JSON web token says of itself, without a proof of it (RFC 7519). Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace icrps::icr {

/// When it ends (`exp`); nothing when it does not say, or is no JSON web token.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> jwt_expiry(
    std::string_view token);

}  // namespace icrps::icr
