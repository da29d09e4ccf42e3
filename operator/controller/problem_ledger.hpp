// Which problems of which namespace were reported already, so that each is reported once while it
// lasts, and again when it comes back, and none so often that others suffer. Pure; one entry per
// namespace that has a problem.
// Thread safety: none; the owner locks.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "plan/wish.hpp"
#include "runtime/clock.hpp"

namespace icrps::controller {

/// Problems that usually pass (an account that is about to be created) are reported only when they
/// last longer than this.
inline constexpr std::chrono::seconds kPatience{30};

/// A namespace is told this much at once and then a problem a minute, whatever is done to it:
/// Events fill the store of the whole cluster, and no quota of the namespace limits them. What
/// lasts is told in the end.
inline constexpr unsigned kMostAtOnce = 15;
inline constexpr std::chrono::minutes kBetween{1};

class ProblemLedger {
 public:
  struct Due {
    plan::Problem problem;
    unsigned count;  ///< how often it was reported, this time included
  };
  struct News {
    std::vector<Due> report;
    std::optional<std::chrono::milliseconds> look_again;  ///< one that waits becomes due then
  };

  /// `problems` is all that is wrong with `ns` now, and the notes about what was done just now,
  /// which come anew each time.
  News update(const std::string& ns, const std::vector<plan::Problem>& problems,
              Clock::Instant now);
  void forget(const std::string& ns) { accounts_.erase(ns); }
  [[nodiscard]] std::size_t size() const { return accounts_.size(); }

 private:
  struct Entry {
    plan::Problem problem;
    Clock::Instant since;
    bool present = true;
    bool reported = false;  // since it came last
    unsigned count = 0;
  };

  /// What was reported of a namespace. At `paid_off` it is as if nothing had been: each report
  /// moves that on by kBetween.
  struct Account {
    std::vector<Entry> entries;
    Clock::Instant paid_off{};

    /// How long the next report must wait; 0: it may go.
    [[nodiscard]] std::chrono::nanoseconds wait(Clock::Instant now) const;
  };

  std::unordered_map<std::string, Account> accounts_;
};

}  // namespace icrps::controller
