// What stands in an access token of IAM. Nothing is verified: IAM is who judges tokens. Pure.
#pragma once

#include <optional>
#include <string>

#include "runtime/secret_string.hpp"

namespace icrps::iam {

/// The account that the token works in ("account.bss").
[[nodiscard]] std::optional<std::string> account_in_token(const SecretString& token);

}  // namespace icrps::iam
