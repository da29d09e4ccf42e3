#include "credentials/pure/delays.hpp"

#include <algorithm>

namespace icrps::credentials {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr double kEarliest = 0.5;  // of the lifetime
constexpr double kLatest = 0.8;    // as IBM's own SDK does
constexpr auto kProveAgain = 1h;
constexpr double kProveAgainSpread = 0.1;
constexpr auto kLongestRetryAfter = 10min;
constexpr auto kMargin = 1min;
constexpr int kMarginOfShort = 10;  // a tenth
constexpr auto kEndOfLife = 10min;
constexpr int kEndOfShortLife = 6;  // a sixth

const BackoffPolicy kUnknown{1s, 2.0, 5min, 0.5};
const BackoffPolicy kRefused{15s, 2.0, 30min, 0.2};

milliseconds share(milliseconds of, double part) {
  return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(of.count()) * part));
}

}  // namespace

milliseconds after_success(const std::optional<std::chrono::seconds>& lifetime,
                           const Random& random) {
  if (!lifetime) return share(kProveAgain, 1 - kProveAgainSpread * random());
  return share(*lifetime, kEarliest + (kLatest - kEarliest) * random());
}

milliseconds after_failure(const iam::Refusal& refusal, unsigned failures, const Random& random) {
  const bool known = refusal.kind != iam::Refusal::Kind::kUnknown;
  const auto delay = backoff_delay(known ? kRefused : kUnknown, failures, random);
  const auto asked = refusal.retry_after.value_or(milliseconds(0));
  return std::max(delay, std::min(asked, milliseconds(kLongestRetryAfter)));
}

milliseconds end_of_life(milliseconds life) {
  return std::clamp<milliseconds>(life / kEndOfShortLife, 0ms, kEndOfLife);
}

milliseconds unusable_before_expiry(milliseconds left) {
  return std::clamp<milliseconds>(left / kMarginOfShort, 0ms, kMargin);
}

}  // namespace icrps::credentials
