// When work may begin: what must be known for it, what is waited for, and for how long.
//
// Without the namespaces nobody can be served. All else is waited for, but not for ever: one
// missing right, one list that can't be read or one issuer that is silent keeps those waiting who
// depend on it, and nobody else.
//
// Thread safety: all methods may be called from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "runtime/clock.hpp"

namespace icrps::controller {

class StartGate {
 public:
  /// Once the namespaces are known, so long for the other lists.
  static constexpr std::chrono::seconds kListPatience{20};
  /// Once the lists are there, or given up, so long for the credentials.
  static constexpr std::chrono::seconds kSourcePatience{15};

  /// Each may be called from any thread.
  struct Parts {
    std::function<bool()> namespaces;
    std::function<std::vector<std::string>()> not_listed;   ///< of all lists, by name
    std::function<std::vector<std::string>()> not_settled;  ///< of all sources
  };

  /// `clock` outlives the gate and is steady time as the condition variable knows it.
  StartGate(const Clock& clock, Parts parts) : clock_(clock), parts_(std::move(parts)) {}

  /// Something may be known that was not.
  void check();
  /// Until work may begin; false: `stop` came first.
  bool wait(const std::stop_token& stop);
  [[nodiscard]] bool open() const;

  /// What is not known yet and is waited for; empty: nothing. For a process that stands by the
  /// lists are enough.
  [[nodiscard]] std::vector<std::string> awaited(bool leading) const;
  /// What is not known though work has begun.
  [[nodiscard]] std::vector<std::string> missing() const;

 private:
  [[nodiscard]] bool lists_given_up() const;

  const Clock& clock_;
  const Parts parts_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  // guarded by mutex_
  unsigned long checks_ = 0;
  bool open_ = false;
  std::optional<Clock::Instant> namespaces_since_;  // they are known
};

}  // namespace icrps::controller
