// Which keys hold a worker for much longer than others do. Pure.
//
// Behind each namespace stand admission webhooks that somebody else runs. One that takes ten
// seconds for the Secrets of 48 namespaces would have every worker in its hands, all the time. So
// whoever was slow lately gets some of the workers only (QueueState), until it is quick again.
//
// Slow is a matter of comparison: where the API server is slow for everybody, nobody is.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <unordered_map>

#include "runtime/clock.hpp"

namespace icrps::controller {

class SlowKeys {
 public:
  using Instant = Clock::Instant;
  using Duration = Instant::duration;
  static constexpr std::chrono::seconds kSlow{1};
  static constexpr int kTimesTypical = 8;
  static constexpr std::chrono::minutes kRemembered{10};

  /// A worker had the key for so long, and wrote something.
  void took(const std::string& key, Duration time, Instant now) {
    const auto hash = std::hash<std::string>()(key);
    const bool was_slow = is_slow(key, now);
    sweep(now);
    if (time >= kSlow && time >= typical_ * kTimesTypical) {
      slow_until_[hash] = now + kRemembered;
    } else {
      slow_until_.erase(hash);
    }
    // Those that are known to be slow say nothing about the others.
    if (!was_slow) learn(time);
  }
  [[nodiscard]] bool is_slow(const std::string& key, Instant now) const {
    const auto found = slow_until_.find(std::hash<std::string>()(key));
    return found != slow_until_.end() && now < found->second;
  }
  [[nodiscard]] Duration typical() const { return typical_; }

 private:
  /// Towards the median, by a little each time: a crowd of slow ones doesn't make slow usual.
  void learn(Duration time) {
    constexpr int kPart = 32;
    const auto step = typical_ / kPart;
    typical_ = std::clamp<Duration>(time > typical_ ? typical_ + step : typical_ - step,
                                    std::chrono::milliseconds(1), std::chrono::minutes(1));
  }
  void sweep(Instant now) {
    if (now < sweep_at_) return;
    std::erase_if(slow_until_, [&](const auto& one) { return one.second <= now; });
    sweep_at_ = now + kRemembered;
  }

  Duration typical_ = std::chrono::milliseconds(10);
  std::unordered_map<std::size_t, Instant> slow_until_;  // by the hash of the key
  Instant sweep_at_{};
};

}  // namespace icrps::controller
