// Another program, run to its end: no shell, a time limit, a bound on what it prints.
//
// It gets a process group of its own, which is killed as a whole when it takes too long or prints
// too much; its standard error is ours; of our open files it inherits nothing else.
// Thread safety: may be called from any thread at once; blocks the caller.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "runtime/secret_string.hpp"

namespace icrps {

struct ChildOrder {
  std::string command;  ///< a path, or a name that is looked up in PATH
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  ///< "NAME=VALUE"; all of it
  /// It reads our standard input, and is the terminal's foreground as long as it runs. Otherwise it
  /// reads /dev/null.
  bool at_terminal = false;
  std::chrono::milliseconds time_limit{60'000};
  std::size_t most_output = std::size_t{256} * 1024;
};

struct ChildEnd {
  enum class Kind {
    kExited,      ///< `code` is its exit code
    kSignal,      ///< `code` is the signal that ended it
    kNotFound,    ///< there is no such program
    kNotStarted,  ///< `code` is an errno
    kTooLong,     ///< killed at the time limit
    kTooMuch,     ///< killed because it printed more than allowed
  };
  Kind kind = Kind::kExited;
  int code = 0;
  SecretString output;  ///< what it printed; empty unless it exited
};

[[nodiscard]] ChildEnd run_child(const ChildOrder& order);

/// Whether our standard input is a terminal.
[[nodiscard]] bool at_terminal();

/// Our environment, as "NAME=VALUE".
[[nodiscard]] std::vector<std::string> own_environment();

}  // namespace icrps
