// How long a command goes on trying, and how it waits in between.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include <tl/expected.hpp>

#include "kube/client.hpp"
#include "runtime/backoff.hpp"
#include "runtime/clock.hpp"

namespace icrps::cli {

struct Patience {
  const Clock& clock;
  Random random;
  Clock::Instant end;  ///< nothing is begun after it

  [[nodiscard]] bool over() const { return clock.now() >= end; }

  /// Sleeps after the `failures`-th failure in a row: growing, at least as long as was asked for,
  /// and not beyond the end.
  void wait(unsigned failures, std::chrono::milliseconds at_least = {}) const {
    using namespace std::chrono_literals;
    constexpr BackoffPolicy kPolicy{500ms, 2.0, 8s, 0.3};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock.now());
    const auto delay = std::max(at_least, backoff_delay(kPolicy, failures, random));
    if (left > 0ms) std::this_thread::sleep_for(std::min(delay, left));
  }
};

/// Whether the same request may be answered otherwise a moment later.
[[nodiscard]] inline bool may_pass(const kube::ApiError& error) {
  using Kind = kube::ApiError::Kind;
  return error.kind == Kind::kThrottled || error.kind == Kind::kServer ||
         error.kind == Kind::kNoAnswer || error.kind == Kind::kConflict;
}

/// Calls `request`, which returns a tl::expected with an ApiError, until it succeeds, is refused
/// for good, or patience is over.
template <class Request>
auto persist(const Patience& patience, const Request& request) {
  for (unsigned failures = 1;; ++failures) {
    auto reply = request();
    if (reply || !may_pass(reply.error()) || patience.over()) return reply;
    patience.wait(failures, reply.error().retry_after.value_or(std::chrono::milliseconds(0)));
  }
}

}  // namespace icrps::cli
