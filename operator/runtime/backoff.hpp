// Growing, jittered delays. Pure: randomness is a parameter.
#pragma once

#include <chrono>
#include <functional>

namespace icrps {

/// Uniform in [0, 1).
using Random = std::function<double()>;

/// A Random over the system's entropy. Not for secrets. Thread safe.
[[nodiscard]] Random system_random();

struct BackoffPolicy {
  std::chrono::milliseconds first;
  double factor;
  std::chrono::milliseconds cap;
  /// Share of the delay that is random: 0.5 spreads it over [50 %, 100 %], so that callers that
  /// failed together do not come back together.
  double jitter;
};

/// The delay after the `failures`-th failure in a row, counted from 1.
[[nodiscard]] std::chrono::milliseconds backoff_delay(const BackoffPolicy& policy,
                                                      unsigned failures, const Random& random);

}  // namespace icrps
