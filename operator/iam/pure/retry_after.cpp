#include "iam/pure/retry_after.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "icr/text.hpp"

namespace icrps::iam {
namespace {

using std::chrono::seconds;

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<unsigned> month(std::string_view name) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto found = std::find(kMonths.begin(), kMonths.end(), name);
  if (found == kMonths.end()) return std::nullopt;
  return static_cast<unsigned>(found - kMonths.begin()) + 1;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT", the only form that servers may still write.
std::optional<std::chrono::sys_seconds> http_date(std::string_view text) {
  constexpr std::string_view kShape = "Sun, 06 Nov 1994 08:49:37 GMT";
  if (text.size() != kShape.size() || text[3] != ',' || !text.ends_with(" GMT")) {
    return std::nullopt;
  }
  const auto day = number(text.substr(5, 2));
  const auto named_month = month(text.substr(8, 3));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (!day || !named_month || !year || !hour || !minute || !second) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*named_month), std::chrono::day(*day));
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         seconds(*second);
}

}  // namespace

std::optional<std::chrono::milliseconds> retry_after_of(const http::ResponseHead& head) {
  const auto header = head.header("retry-after");
  if (!header) return std::nullopt;
  const auto text = icr::trim(*header);
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), icr::is_digit);
  if (digits) {
    const auto value = number(text);
    return value ? std::min(seconds(*value), kLongestRetryAfter) : kLongestRetryAfter;
  }
  const auto then = http_date(text);
  const auto now = http_date(icr::trim(head.header("date").value_or("")));
  if (!then || !now) return std::nullopt;
  return std::clamp<seconds>(*then - *now, seconds(0), kLongestRetryAfter);
}

}  // namespace icrps::iam
