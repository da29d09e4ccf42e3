// Randomness that a seed repeats, whatever the standard library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace chaos {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  /// 0 … count - 1
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  /// From … to, both included.
  long between(long from, long to) {
    return from + static_cast<long>(below(static_cast<std::size_t>(to - from + 1)));
  }
  bool one_in(std::size_t count) { return below(count) == 0; }

  template <class T>
  const T& pick(const std::vector<T>& all) {
    return all[below(all.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace chaos
