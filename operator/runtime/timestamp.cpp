#include "runtime/timestamp.hpp"

#include <array>
#include <ctime>
#include <fmt/format.h>

namespace icrps {
namespace {

std::string civil(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return text.data();
}

}  // namespace

std::string rfc3339(std::chrono::system_clock::time_point time) {
  return civil(time) + "Z";
}

std::string rfc3339_micro(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch());
  const auto micros = since - std::chrono::floor<std::chrono::seconds>(since);
  return fmt::format("{}.{:06}Z", civil(time), micros.count());
}

}  // namespace icrps
