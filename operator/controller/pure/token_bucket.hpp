// So many at once, and then one at a time. Pure: time comes in as an argument.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <unordered_map>

#include "runtime/clock.hpp"

namespace icrps::controller {

/// `at_once` tokens fit into the bucket, and one drips into it `every` so often.
struct Rate {
  unsigned at_once = 1;
  Clock::Instant::duration every{};
};

class TokenBucket {
 public:
  using Instant = Clock::Instant;

  /// When there is a token: the past or now, or when to come back.
  [[nodiscard]] Instant ready(const Rate& rate) const {
    return full_at_ - rate.every * (rate.at_once - 1);
  }
  /// False: there is none.
  bool take(const Rate& rate, Instant now) {
    if (ready(rate) > now) return false;
    full_at_ = std::max(full_at_, now) + rate.every;
    return true;
  }
  /// It is as if nothing had ever been taken.
  [[nodiscard]] bool is_full(Instant now) const { return full_at_ <= now; }

 private:
  Instant full_at_{};
};

/// One bucket for each key; full ones cost no memory for long. Keys are told apart by their hash:
/// two that share one share a bucket.
class TokenBuckets {
 public:
  using Instant = Clock::Instant;

  explicit TokenBuckets(Rate rate) : rate_(rate) {}

  [[nodiscard]] Instant ready(const std::string& key) const {
    const auto bucket = buckets_.find(std::hash<std::string>()(key));
    return bucket == buckets_.end() ? Instant{} : bucket->second.ready(rate_);
  }
  bool take(const std::string& key, Instant now) {
    sweep(now);
    return buckets_[std::hash<std::string>()(key)].take(rate_, now);
  }
  [[nodiscard]] std::size_t size() const { return buckets_.size(); }

 private:
  void sweep(Instant now) {
    if (now < sweep_at_) return;
    std::erase_if(buckets_, [&](const auto& one) { return one.second.is_full(now); });
    sweep_at_ = now + std::chrono::seconds(10);
  }

  const Rate rate_;
  std::unordered_map<std::size_t, TokenBucket> buckets_;
  Instant sweep_at_{};  // when they are looked through next
};

}  // namespace icrps::controller
