#include "runtime/backoff.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <random>

namespace icrps {

Random system_random() {
  struct State {
    std::mutex mutex;
    std::mt19937_64 engine{std::random_device{}()};
  };
  // Shared because a std::function must be copyable and all copies draw from one engine.
  auto state = std::make_shared<State>();
  return [state] {
    const std::lock_guard lock(state->mutex);
    return std::uniform_real_distribution<double>(0.0, 1.0)(state->engine);
  };
}

std::chrono::milliseconds backoff_delay(const BackoffPolicy& policy, unsigned failures,
                                        const Random& random) {
  const double cap = static_cast<double>(policy.cap.count());
  const double exponent = failures > 0 ? static_cast<double>(failures - 1) : 0.0;
  const double full =
      std::min(cap, static_cast<double>(policy.first.count()) * std::pow(policy.factor, exponent));
  const double delay = full * (1.0 - policy.jitter * random());
  return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(delay));
}

}  // namespace icrps
