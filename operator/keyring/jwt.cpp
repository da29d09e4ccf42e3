#include "keyring/jwt.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "keyring/go_base64.hpp"

namespace icrps::keyring {

std::optional<std::chrono::system_clock::time_point> jwt_expiry(const SecretString& token) {
  const auto& text = token.reveal();
  const auto first = text.find('.');
  const auto last = text.rfind('.');
  if (first == std::string::npos || last == first || text.find('.', first + 1) != last) return {};
  auto payload = text.substr(first + 1, last - first - 1);
  std::replace(payload.begin(), payload.end(), '-', '+');
  std::replace(payload.begin(), payload.end(), '_', '/');
  const SecretString standard(std::move(payload));
  const auto bytes = go_base64_decode(standard.reveal(), Padding::kNone);
  if (!bytes) return {};
  const auto claims = nlohmann::json::parse(bytes->reveal(), nullptr, false);
  if (!claims.is_object() || !claims.contains("exp") || !claims["exp"].is_number()) return {};
  constexpr double kLatest = 9e9;  // seconds; the year 2255
  const auto exp = claims["exp"].get<double>();
  if (!(exp >= 0 && exp < kLatest)) return {};
  return std::chrono::system_clock::time_point(
      std::chrono::seconds(static_cast<std::int64_t>(exp)));
}

}  // namespace icrps::keyring
