// Time as a parameter. Everything that waits or measures takes a Clock, so that tests can step it.
// Thread safety: implementations may be called from any thread.
#pragma once

#include <chrono>

namespace icrps {

class Clock {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  virtual ~Clock() = default;
  /// Monotonic: for deadlines, backoff and latencies.
  [[nodiscard]] virtual Instant now() const = 0;
  /// Civil: for time stamps in objects and logs.
  [[nodiscard]] virtual std::chrono::system_clock::time_point wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override {
    return std::chrono::system_clock::now();
  }
};

}  // namespace icrps
