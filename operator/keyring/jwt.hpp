// When a token ends, by its own words. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "runtime/secret_string.hpp"

namespace icrps::keyring {

/// The claim `exp` of a JSON Web Token (RFC 7519), whose signature nobody checks here; nothing for
/// what is no such token.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> jwt_expiry(
    const SecretString& token);

}  // namespace icrps::keyring
