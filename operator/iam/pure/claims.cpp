#include "iam/pure/claims.hpp"

#include <algorithm>

#include "iam/pure/json_scalars.hpp"
#include "icr/base64.hpp"

namespace icrps::iam {

std::optional<std::string> account_in_token(const SecretString& token) {
  const std::string& text = token.reveal();
  const std::size_t first = text.find('.');
  const std::size_t second = first == std::string::npos ? first : text.find('.', first + 1);
  if (second == std::string::npos) return std::nullopt;
  // base64url without padding (RFC 7515) to the ordinary kind.
  std::string payload = text.substr(first + 1, second - first - 1);
  std::replace(payload.begin(), payload.end(), '-', '+');
  std::replace(payload.begin(), payload.end(), '_', '/');
  constexpr std::size_t kGroup = 4;
  payload.resize((payload.size() + kGroup - 1) / kGroup * kGroup, '=');
  const auto claims = icr::base64_decode(payload);
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
