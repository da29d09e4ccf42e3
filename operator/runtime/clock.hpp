// Time as a parameter. Everything that waits or measures takes a Clock, so that tests can step it.
// Thread safety: implementations may be called from any thread.
#pragma once

#include <chrono>
#include <ctime>

namespace icrps {

/// CLOCK_BOOTTIME: never set, and unlike std::chrono::steady_clock it goes on while the machine
/// sleeps. A wait until one of its moments may end late by as long as the machine slept: who waits
/// for long naps.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;  // NOLINT(readability-identifier-naming): the standard's

  static time_point now() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
  }
};

/// The longest wait without a look at the clock.
inline constexpr std::chrono::minutes kLongestNap{1};

class Clock {
 public:
  using Instant = BootClock::time_point;

  virtual ~Clock() = default;
  /// Monotonic: for deadlines, backoff and latencies.
  [[nodiscard]] virtual Instant now() const = 0;
  /// Civil: for time stamps in objects and logs.
  [[nodiscard]] virtual std::chrono::system_clock::time_point wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return BootClock::now(); }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override {
    return std::chrono::system_clock::now();
  }
};

}  // namespace icrps
