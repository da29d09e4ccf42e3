// Randomness that can be repeated: seeded for property tests, scripted for delays.
#pragma once

#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "runtime/backoff.hpp"

namespace icrps::test {

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(engine_);
  }
  bool once_in(std::size_t times) { return below(times) == 0; }
  template <class List>
  auto pick(const List& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937 engine_;
};

/// Always the same number. 0 gives the longest delay of a backoff, almost 1 the shortest.
inline Random always(double number) {
  return [number] { return number; };
}

/// These numbers, and then the last one for ever.
inline Random scripted(std::vector<double> numbers) {
  // Shared: a std::function is copied, and all copies read one script.
  auto next = std::make_shared<std::size_t>(0);
  return [numbers = std::move(numbers), next] {
    return numbers.at(*next + 1 < numbers.size() ? (*next)++ : numbers.size() - 1);
  };
}

}  // namespace icrps::test
