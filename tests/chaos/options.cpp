#include "options.hpp"

#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>

namespace chaos {
namespace {

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  if (text == nullptr || *text == '\0') return otherwise;
  const std::string digits = text;
  constexpr std::size_t kMostDigits = 18;
  if (digits.find_first_not_of("0123456789") != std::string::npos || digits.size() > kMostDigits) {
    throw std::runtime_error(std::string(name) + ": not a number: " + digits);
  }
  return std::stoull(digits);
}

}  // namespace

Options options_of_run(std::chrono::seconds default_time) {
  constexpr std::uint64_t kSeeds = 1'000'000;
  return {
      std::chrono::seconds(number("CHAOS_TIME", static_cast<std::uint64_t>(default_time.count()))),
      number("CHAOS_SEED", std::random_device{}() % kSeeds)};
}

}  // namespace chaos
