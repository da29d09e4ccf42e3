// SIGTERM, SIGINT and SIGHUP as values.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>

namespace icrps {

/// Before any other thread exists (threads inherit the mask). SIGPIPE is ignored.
void block_signals();

/// Undoes it for a command that has nothing to finish: a signal ends it.
void unblock_signals();

/// Notices SIGTERM, SIGINT and SIGHUP, whatever the program is busy with. One in a process, after
/// block_signals().
class Signals {
 public:
  /// After the first SIGTERM or SIGINT, a second one ends the process at once with exit code 1, and
  /// so does the end of `patience`.
  explicit Signals(std::chrono::milliseconds patience);

  /// Returns the number of the signal; nothing: none came in `time`. SIGTERM and SIGINT come first,
  /// and stay.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds time) const;
  /// Is stopped by the first SIGTERM or SIGINT.
  [[nodiscard]] std::stop_token end() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with a thread that lasts as long as the process
};

/// Sends this process SIGHUP. From any thread.
void raise_hangup();

/// From now on a further SIGTERM or SIGINT ends the process at once with exit code 1.
void exit_on_next_signal();

}  // namespace icrps
