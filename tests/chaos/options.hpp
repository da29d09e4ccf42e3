// What `make chaos` and `make soak` are told by their environment.
#pragma once

#include <chrono>
#include <cstdint>

namespace chaos {

struct Options {
  std::chrono::seconds time;
  std::uint64_t seed;
};

/// CHAOS_TIME (in seconds) and CHAOS_SEED (a random one). Throws std::runtime_error when one is not
/// a number.
[[nodiscard]] Options options_of_run(std::chrono::seconds default_time);

}  // namespace chaos
