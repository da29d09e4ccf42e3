#include "iam/pure/claims.hpp"

#include "iam/pure/json_scalars.hpp"
#include "icr/jwt.hpp"

namespace icrps::iam {

std::optional<std::string> account_in_token(const SecretString& token) {
  const auto claims = icr::jwt_payload(token);
  if (!claims) return std::nullopt;
  std::string account;
  const bool json = read_scalars(*claims, {.leaf = [&](std::string_view path, Scalar&& value) {
    const auto* found = text_of(value);
    if (path == "account/bss" && found != nullptr) {
      account = found->reveal();
    }
  }});
  if (!json || account.empty()) return std::nullopt;
  return account;
}

}  // namespace icrps::iam
