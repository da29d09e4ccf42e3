// Who writes against us: an object that somebody changes back each time it is written. It is
// written again, for what we write is right; but each time later, and people are told. Pure: time
// comes in as an argument.
//
// A turn is the same write once more: what was written before was undone by somebody. A few are
// free, for people make mistakes and drift is repaired at once. From then on each turn that comes
// within kQuick of our write doubles the pause before the next, up to kLongestPause; one that comes
// later halves it. Whoever undoes it every half a minute is not met with pauses, but is told of.
//
// Memory: one entry for each object that was written in the last 2 * kMemory.
// Thread safety: none; the owner locks.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "plan/wish.hpp"
#include "runtime/clock.hpp"

namespace icrps::controller {

class Feuds {
 public:
  using Instant = Clock::Instant;
  using Duration = std::chrono::nanoseconds;
  /// So many same writes are free and nobody's business.
  static constexpr unsigned kFree = 4;
  static constexpr std::chrono::seconds kQuick{5};
  static constexpr std::chrono::seconds kFirstPause{1};
  static constexpr std::chrono::minutes kLongestPause{5};
  /// What was left in peace for so long is forgotten.
  static constexpr std::chrono::minutes kMemory{10};

  struct Turn {
    Duration wait{};     ///< not before; 0: now
    unsigned times = 0;  ///< that the same was written before, in this feud
    /// It is one, and nobody was told yet: whoever asks finds out who it is and calls tell().
    bool worth_telling = false;
  };

  /// Before a write. `object`: "Secret icr-default"; `goal`: what it is to become, hashed.
  Turn turn(const std::string& ns, const std::string& object, std::size_t goal, Instant now);
  /// It was written.
  void wrote(const std::string& ns, const std::string& object, std::size_t goal, Instant now);
  /// It was written, and is not what was written: an admission policy changes it. Again would be
  /// the same, so that the pause is the longest at once.
  void rewritten(const std::string& ns, const std::string& object, std::size_t goal, Instant now);
  /// It is what people are told as long as the feud lasts.
  void tell(const std::string& ns, const std::string& object, plan::Problem problem);

  /// What is told of the feuds that go on in this namespace.
  [[nodiscard]] std::vector<plan::Problem> going_on(const std::string& ns, Instant now) const;

  [[nodiscard]] std::size_t size() const { return recent_.size() + older_.size(); }

 private:
  struct Entry {
    std::string object;
    std::size_t goal = 0;
    unsigned times = 0;
    Instant written{};
    Instant noticed{};  ///< that it was undone; not before `written` means: not yet
    Duration pause{};
    plan::Problem told{};  ///< without a reason: nothing was
  };
  using Entries = std::unordered_map<std::string, std::vector<Entry>>;  // by namespace

  Entry* find(const std::string& ns, const std::string& object, Instant now);
  void forget_old(Instant now);
  [[nodiscard]] static bool lasts(const Entry& entry, Instant now);

  // Two generations: what is touched moves to the recent one, and the older one goes as a whole.
  Entries recent_;
  Entries older_;
  Instant turned_{};
};

}  // namespace icrps::controller
