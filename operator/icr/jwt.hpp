// What a JSON web token says of itself (RFC 7519). Nobody checks its signature here: who takes the
// token does. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "runtime/secret_string.hpp"

namespace icrps::icr {

/// The part in the middle, decoded, which is no credential by itself; nothing when the text is not
/// three parts in base64.
[[nodiscard]] std::optional<std::string> jwt_payload(const SecretString& token);

/// When it ends (`exp`); nothing when it does not say, or is no JSON web token.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> jwt_expiry(
    const SecretString& token);

}  // namespace icrps::icr
