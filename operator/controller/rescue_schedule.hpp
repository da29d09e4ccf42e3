// When a namespace is looked at for pods that were too early, and when such a pod is dealt with;
// without threads: time comes in as an argument. Pure.
//
// Promises:
//   - a namespace is looked at once, some time after the last of its attachments that come close
//     upon each other; it may be put off by more of them, but not for ever;
//   - treatments, of all namespaces together, keep a distance from each other;
//   - a namespace with many pods does not delay that of the others: they take turns.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "plan/rescue.hpp"
#include "runtime/backoff.hpp"
#include "runtime/clock.hpp"

namespace icrps::controller {

struct Look {
  std::string ns;
  unsigned failures = 0;
  Clock::Instant begun{};  ///< when it was due for the first time
};

/// Of one pod.
struct Treatment {
  std::string ns;
  std::string pod;
  std::string uid;
  plan::Verdict verdict;
  unsigned failures = 0;
  Clock::Instant begun{};  ///< when the pod was looked at
};

class RescueSchedule {
 public:
  using Instant = Clock::Instant;
  using Task = std::variant<Look, Treatment>;

  /// `after`: from an attachment to the look. The other times follow from it.
  explicit RescueSchedule(std::chrono::milliseconds after) : after_(after) {}

  /// A reference was attached in `ns`.
  void attached(const std::string& ns, Instant now);
  /// What was found there takes the place of what an earlier look found and was not done yet.
  void found(const std::string& ns, std::vector<Treatment> treatments, Instant now);

  /// What is due, or nothing.
  std::optional<Task> pop(Instant now);
  /// When pop() may have something; nothing when it is empty.
  [[nodiscard]] std::optional<Instant> next_due() const;

  /// Not before `at_least` has passed, and later each time. False: it was tried for long enough.
  [[nodiscard]] bool retry(Look look, Instant now, std::chrono::milliseconds at_least,
                           const Random& random);
  [[nodiscard]] bool retry(Treatment treatment, Instant now, std::chrono::milliseconds at_least,
                           const Random& random);

 private:
  struct Planned {
    Look look;
    Instant first;  // attachment
    Instant due;
  };

  void put(Planned planned);
  [[nodiscard]] std::optional<Instant> retry_at(unsigned failures, Instant begun, Instant now,
                                                std::chrono::milliseconds at_least,
                                                const Random& random) const;

  const std::chrono::milliseconds after_;
  std::map<std::string, Planned> looks_;             // by namespace
  std::set<std::pair<Instant, std::string>> order_;  // of the looks
  std::multimap<Instant, Treatment> treatments_;
  Instant next_treatment_{};
};

}  // namespace icrps::controller
