// Child processes.
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "harness/eventually.hpp"

namespace itest {

class Process {
 public:
  struct Options {
    std::vector<std::string> command;      ///< found on the PATH
    std::vector<std::string> environment;  ///< "NAME=value", besides that of the test
    std::string out;                       ///< file for its standard output
    std::string err;                       ///< and for its standard error
  };

  /// Whatever could lead to a cluster is taken out of its environment.
  explicit Process(const Options& options);
  /// Kills it.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  void signal(int number) const;
  /// The exit code, 128 and more for a signal; nothing: still running after `limit`.
  std::optional<int> wait(Milliseconds limit);
  /// Whether its end left its memory behind, by the kernel's word.
  [[nodiscard]] bool dumped() const { return dumped_; }

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
  bool dumped_ = false;
};

struct Finished {
  int exit_code = -1;
  std::string out;
  std::string err;
};

/// Runs a command to its end.
Finished run_command(const std::vector<std::string>& command,
                     const std::vector<std::string>& environment = {});

/// The same, and throws std::runtime_error with its standard error unless it succeeds.
std::string must_run(const std::vector<std::string>& command,
                     const std::vector<std::string>& environment = {});

/// A folder for the files of this run of the tests, gone with it.
[[nodiscard]] const std::string& scratch();
/// A new file there with this text. Returns its path.
std::string scratch_file(const std::string& name, const std::string& text);
[[nodiscard]] std::string read_text(const std::string& file);
/// Replaced by a rename, as the kubelet does.
void write_text(const std::string& file, const std::string& text);

/// Throws when there is no such variable.
[[nodiscard]] std::string environment(const char* name);

}  // namespace itest
