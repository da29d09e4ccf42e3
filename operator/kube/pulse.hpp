// What is known about the life of a watch: whether its thread goes on, and whether the API server
// still tells it something. The Watcher writes it, whoever judges the process reads it.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>

#include "kube/pure/watch_machine.hpp"
#include "runtime/clock.hpp"

namespace icrps::kube {

/// Since when somebody's requests to the API server have been answered, without one in between that
/// was not. Any status is an answer. A plain struct.
struct AnswerStreak {
  std::optional<Clock::Instant> since;  ///< nothing: the last one was not, or there was none
  Clock::Instant last{};                ///< of the last answer; only with `since`

  void answered(Clock::Instant now) {
    if (!since) since = now;
    last = now;
  }
  void missed() { since.reset(); }
};

/// Thread safety: all methods may be called from any thread.
class Pulse {
 public:
  using Instant = Clock::Instant;

  struct Facts {
    /// The thread does nothing that takes longer: each of its steps has an end of its own, whatever
    /// the API server does.
    Instant goes_on_by{};
    Instant
        last_sign{};  ///< the last page, start of a watch, event or bookmark; at first the start
    /// Since when the thread has been without a watch that is open, or a page; nothing: it has one.
    std::optional<Instant> apart_since;
    AnswerStreak answers;
    /// What came of the last attempt at a page or a watch, unless it was good.
    std::optional<WatchTrouble::Kind> trouble;
  };

  /// `clock` outlives it.
  explicit Pulse(const Clock& clock);

  /// The thread begins with something that takes no longer than this; 0: with its own work.
  void step(std::chrono::milliseconds at_most);
  /// A page is here.
  void page();
  /// An answer that is neither: the server is there. It says nothing about why there is no watch.
  void answer();
  /// The watch is open: nothing but silence need come from now on.
  void opened();
  /// Bytes of the open watch.
  void bytes();
  /// The watch is over, in whatever way.
  void ended();
  void trouble(WatchTrouble::Kind kind);

  [[nodiscard]] Facts facts() const;

 private:
  void sign(Instant now);

  const Clock& clock_;
  mutable std::mutex mutex_;
  Facts facts_;  // guarded by mutex_
};

}  // namespace icrps::kube
