// While news is being written, bulk work is held to its share: for how long. Pure.
//
// A new namespace would otherwise wait for its answers in a crowd of requests that nobody waits
// for. Three bounds keep that from being used against bulk work: a hold outlasts the write that
// caused it by a moment only; a slow write holds for little more than a second; and however much
// news there is, bulk work is held half of the time, and ten seconds in a row at most.
#pragma once

#include <algorithm>
#include <chrono>

#include "runtime/clock.hpp"

namespace icrps::controller {

class NewsHold {
 public:
  using Instant = Clock::Instant;
  /// The service account of a new namespace appears about so long after it.
  static constexpr std::chrono::milliseconds kAfter{250};
  static constexpr std::chrono::seconds kLongestWrite{1};
  static constexpr std::chrono::seconds kInARow{10};

  /// News is being written from now on.
  void begins(Instant now) { hold_until(now + kAfter, now); }
  /// What began then has ended.
  void ends(Instant begun, Instant now) {
    hold_until(std::min(begun + kLongestWrite, now) + kAfter, now);
  }
  [[nodiscard]] bool holds(Instant now) const { return now < until_; }
  /// When it holds no more, unless there is more news.
  [[nodiscard]] Instant free_at() const { return until_; }

 private:
  /// A budget of time, as TokenBucket has one of tokens: what is held is paid for by as much time
  /// that is not, and half a row is credit.
  void hold_until(Instant end, Instant now) {
    const auto from = std::max(until_, now);
    const auto debt = std::max(paid_off_, now) - now;
    const auto held = std::min(end - from, (kInARow - debt) / 2);
    if (held <= Instant::duration(0)) return;
    until_ = from + held;
    paid_off_ = now + debt + held * 2;
  }

  Instant until_{};
  Instant paid_off_{};  // as if nothing had ever been held
};

}  // namespace icrps::controller
