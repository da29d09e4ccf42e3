// A clock that stands still until a test moves it.
#pragma once

#include <chrono>

#include "runtime/clock.hpp"

namespace icrps::test {

class FakeClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override { return wall_; }

  void advance(std::chrono::nanoseconds by) {
    now_ += by;
    wall_ += std::chrono::duration_cast<std::chrono::system_clock::duration>(by);
  }
  /// Somebody sets the wall clock, or the machine was paused and its other clock with it.
  void set_wall(std::chrono::nanoseconds by) {
    wall_ += std::chrono::duration_cast<std::chrono::system_clock::duration>(by);
  }

 private:
  Instant now_{std::chrono::hours(1)};
  std::chrono::system_clock::time_point wall_{std::chrono::seconds(1'795'414'844)};
};

/// What FakeClock says before anybody moved it.
inline constexpr const char* kFakeNow = "2026-11-23T06:20:44Z";

}  // namespace icrps::test
