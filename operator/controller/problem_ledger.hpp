// Which problems of which namespace were reported already, so that each is reported once while it
// lasts, and again when it comes back. Pure; one entry per namespace that has a problem.
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

class ProblemLedger {
 public:
  struct Due {
    plan::Problem problem;
    unsigned count;  ///< how often it was reported, this time included
  };
  struct News {
    std::vector<Due> report;
    std::optional<std::chrono::milliseconds> look_again;  ///< a patient one becomes due then
  };

  /// `problems` is all that is wrong with `ns` now.
  News update(const std::string& ns, const std::vector<plan::Problem>& problems,
              Clock::Instant now);
  void forget(const std::string& ns) { entries_.erase(ns); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    plan::Problem problem;
    Clock::Instant since;
    bool present = true;
    bool reported = false;  // since it came last
    unsigned count = 0;
  };

  std::unordered_map<std::string, std::vector<Entry>> entries_;
};

}  // namespace icrps::controller
