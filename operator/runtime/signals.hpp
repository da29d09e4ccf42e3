// SIGTERM and SIGINT as values.
#pragma once

namespace icrps {

/// Before any other thread exists (threads inherit the mask). SIGPIPE is ignored.
void block_termination_signals();

/// Waits for SIGTERM or SIGINT and returns its number.
int wait_for_termination();

/// From now on a further SIGTERM or SIGINT ends the process at once with exit code 1.
void exit_on_next_signal();

}  // namespace icrps
