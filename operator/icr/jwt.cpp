#include "icr/jwt.hpp"

#include <string_view>

#include <nlohmann/json.hpp>

#include "icr/base64.hpp"

namespace icrps::icr {
namespace {

// A date that a clock can hold; from there on it is a mistake.
constexpr double kLastSecond = 9e9;

}  // namespace

std::optional<std::string> jwt_payload(const SecretString& token) {
  const std::string_view text = token.reveal();
  const auto first = text.find('.');
  const auto last = text.rfind('.');
  if (first == last || text.find('.', first + 1) != last) return std::nullopt;
  return base64url_decode(text.substr(first + 1, last - first - 1));
}

std::optional<std::chrono::system_clock::time_point> jwt_expiry(const SecretString& token) {
  const auto payload = jwt_payload(token);
  if (!payload) return std::nullopt;
  const auto claims = nlohmann::json::parse(*payload, nullptr, false);
  if (!claims.is_object()) return std::nullopt;
  const auto at = claims.find("exp");
  if (at == claims.end() || !at->is_number()) return std::nullopt;
  const auto seconds = at->get<double>();
  if (!(seconds > 0 && seconds < kLastSecond)) return std::nullopt;
  return std::chrono::system_clock::time_point(
      std::chrono::seconds(static_cast<std::chrono::seconds::rep>(seconds)));
}

}  // namespace icrps::icr
