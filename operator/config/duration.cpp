#include "config/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <fmt/format.h>

namespace icrps::config {
namespace {

constexpr std::size_t kMostDigits = 9;  // so many hours still fit into the seconds of 64 bits

struct Unit {
  char letter;
  std::chrono::seconds length;
};
constexpr std::array kUnits{Unit{'h', std::chrono::hours(1)}, Unit{'m', std::chrono::minutes(1)},
                            Unit{'s', std::chrono::seconds(1)}};

}  // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::chrono::seconds total{0};
  const auto* unit = kUnits.begin();
  while (!text.empty()) {
    const std::size_t digits = text.find_first_not_of("0123456789");
    if (digits == std::string_view::npos || digits == 0 || digits > kMostDigits) {
      return std::nullopt;
    }
    unit = std::find_if(unit, kUnits.end(),
                        [&](const Unit& each) { return each.letter == text[digits]; });
    if (unit == kUnits.end()) return std::nullopt;
    std::int64_t number = 0;
    const auto written = text.substr(0, digits);
    std::from_chars(written.data(), written.data() + written.size(), number);
    total += number * unit->length;
    ++unit;
    text.remove_prefix(digits + 1);
  }
  return total;
}

std::string format_duration(std::chrono::seconds duration) {
  std::string text;
  for (const Unit& unit : kUnits) {
    if (duration < unit.length) continue;
    text += fmt::format("{}{}", duration / unit.length, unit.letter);
    duration %= unit.length;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace icrps::config
