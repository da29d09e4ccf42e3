#include "icr/jwt.hpp"

#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

#include "icr/base64.hpp"

namespace icrps::icr {
namespace {

// A date that a clock can hold; from there on it is a mistake.
constexpr double kLastSecond = 9e9;

/// RFC 4648 section 5, without padding.
std::optional<std::string> base64url_decode(std::string_view text) {
  constexpr std::size_t kGroup = 4;
  std::string standard(text);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  while (standard.size() % kGroup != 0) standard += '=';
  return base64_decode(standard);
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> jwt_expiry(std::string_view token) {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto text = base64url_decode(token.substr(first + 1, second - first - 1));
  if (!text) return std::nullopt;
  const auto claims = nlohmann::json::parse(*text, nullptr, false);
  if (!claims.is_object()) return std::nullopt;
  const auto at = claims.find("exp");
  if (at == claims.end() || !at->is_number()) return std::nullopt;
  const auto seconds = at->get<double>();
  if (!(seconds > 0 && seconds < kLastSecond)) return std::nullopt;
  return std::chrono::system_clock::time_point(
      std::chrono::seconds(static_cast<std::chrono::seconds::rep>(seconds)));
}

}  // namespace icrps::icr
