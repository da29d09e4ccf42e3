// Base64 as Go's encoding/base64 reads it. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "runtime/secret_string.hpp"

namespace icrps::keyring {

/// StdEncoding, or RawStdEncoding (without padding): line ends mean nothing, wherever they are, and
/// neither do bits that are left over.
enum class Padding { kNeeded, kNone };
[[nodiscard]] std::optional<SecretString> go_base64_decode(std::string_view text, Padding padding);

}  // namespace icrps::keyring
