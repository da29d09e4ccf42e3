// When a credential is made anew. Pure: told what happened, says what is due.
//
// There are two inputs to make it from: the newest that the source holds, and the last that was
// proved, mostly the same. The newest is tried until it is proved; meanwhile what is in force is
// renewed with the proved one, so that a slip in a source ends nothing.
//
// What is due is taken exactly once; it is due again when it is told what came of it. So nothing
// here can be due at once twice without a question in between.
#pragma once

#include <chrono>
#include <optional>

#include "credentials/pure/delays.hpp"
#include "runtime/clock.hpp"

namespace icrps::credentials {

/// Which input a login is made from.
enum class From { kNewest, kProved };

class Schedule {
 public:
  using Instant = Clock::Instant;
  using WallTime = std::chrono::system_clock::time_point;

  /// The source holds another value: it is tried at once, whatever came of the one before.
  void source_changed(Instant now);
  /// The source holds nothing that can be tried.
  void source_unusable();
  /// A login could not be made, or is not handed out. `at_the_latest`: when the next try must come,
  /// however long the pause would be.
  void failed(From from, const iam::Refusal& refusal, Instant now, const Random& random,
              std::optional<std::chrono::milliseconds> at_the_latest = std::nullopt);
  /// A login from this input is in force. `renew_in`: when the next one is made; absent: never.
  /// `renew_at`: the same by the wall clock, for what really ends then.
  void handed_out(From from, std::optional<std::chrono::milliseconds> renew_in, Instant now,
                  std::optional<WallTime> renew_at = std::nullopt);
  /// What the wall clock says. It knows of time that the other one has missed (a virtual machine
  /// that was paused); so a renewal is due when either says so, once.
  void wall_is(WallTime wall, Instant now);
  /// It is tried at once, whatever the pause.
  void try_now(From from, Instant now) { at(from).due = now; }
  /// As when it was never taken: the try was broken off.
  void broken_off(From from, Instant now);

  /// Nothing is due while it is not known which hosts namespaces ask for.
  void hold(bool held) { held_ = held; }

  [[nodiscard]] bool due(Instant now) const;
  /// Which input is to be made a login of now. Whoever takes it tries.
  [[nodiscard]] std::optional<From> take_due(Instant now);
  /// When something is due, if nothing is told before.
  [[nodiscard]] std::optional<Instant> next() const;
  /// How often in a row it failed, from this input.
  [[nodiscard]] unsigned failures(From from) const { return at(from).failures; }

 private:
  struct Track {
    std::optional<Instant> due{};
    unsigned failures = 0;
  };
  [[nodiscard]] const Track& at(From from) const {
    return from == From::kNewest ? newest_ : proved_;
  }
  [[nodiscard]] Track& at(From from) { return from == From::kNewest ? newest_ : proved_; }

  Track newest_;
  Track proved_;
  std::optional<WallTime> renew_at_;  // of the renewal that is due next, until it is taken
  bool held_ = false;
};

}  // namespace icrps::credentials
