// What is done, by the clock, when the program was told to end and something holds it up: first
// nothing waits for an answer any more, then the lease is given back whatever still hangs. Signals
// ends the process when even that was not enough.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

#include "runtime/log.hpp"

namespace icrps::cli {

/// From SIGTERM to the end of the process. Kubernetes gives a pod 30 s, a drained node may give
/// less.
inline constexpr std::chrono::milliseconds kLongestEnd{9'500};

class Farewell {
 public:
  struct Steps {
    std::function<void()> give_up_answers;
    std::function<void()> give_back_lease;
  };

  /// `told`: when the program is told to end. `log` and what the steps need outlive this.
  Farewell(std::stop_token told, Steps steps, const Log& log);
  // It ended by itself: what was not done is not done any more.
  ~Farewell() = default;
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;

 private:
  void run(const std::stop_token& done) const;

  const std::stop_token told_;
  const Steps steps_;
  const Log& log_;
  std::jthread thread_;
};

}  // namespace icrps::cli
