// SIGTERM, SIGINT and SIGHUP as values.
#pragma once

#include <chrono>
#include <optional>

namespace icrps {

/// Before any other thread exists (threads inherit the mask). SIGPIPE is ignored.
void block_signals();

/// Undoes it for a command that has nothing to finish: a signal ends it.
void unblock_signals();

/// Waits for SIGTERM, SIGINT or SIGHUP and returns its number; nothing: none came in `time`.
std::optional<int> wait_for_signal(std::chrono::milliseconds time);

/// Makes wait_for_signal() return SIGHUP. From any thread.
void raise_hangup();

/// From now on a further SIGTERM or SIGINT ends the process at once with exit code 1.
void exit_on_next_signal();

}  // namespace icrps
