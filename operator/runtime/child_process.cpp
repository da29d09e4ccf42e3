#include "runtime/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/descriptor.hpp"

namespace icrps {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// What posix_spawn is told; its functions fail only without memory, and then the spawn does.
class Spawn {
 public:
  Spawn(int output, bool at_terminal) {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawnattr_init(&attributes_);
    if (at_terminal) {
      // Before it reads: who is not the foreground is stopped by reading.
      ::posix_spawn_file_actions_addtcsetpgrp_np(&files_, STDIN_FILENO);
    } else {
      ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    }
    ::posix_spawn_file_actions_adddup2(&files_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);
    sigset_t none;
    ::sigemptyset(&none);
    sigset_t all;
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Spawn() {
    ::posix_spawn_file_actions_destroy(&files_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  /// An errno.
  int start(pid_t& pid, const ChildOrder& order) {
    std::vector<std::string> words{order.command};
    words.insert(words.end(), order.arguments.begin(), order.arguments.end());
    auto environment = order.environment;
    return ::posix_spawnp(&pid, order.command.c_str(), &files_, &attributes_,
                          pointers(words).data(), pointers(environment).data());
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    result.reserve(texts.size() + 1);
    for (auto& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
  }

  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

/// Gives the terminal back to us. Who is in the background may only with SIGTTOU blocked.
void take_terminal() {
  sigset_t set;
  sigset_t before;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTTOU);
  ::pthread_sigmask(SIG_BLOCK, &set, &before);
  ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

enum class Reading { kMore, kEnd, kTooMuch };

Reading read_some(int fd, std::string& output, std::size_t most) {
  std::array<char, 16384> buffer{};
  const auto got = ::read(fd, buffer.data(), buffer.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN ? Reading::kMore : Reading::kEnd;
  if (got == 0) return Reading::kEnd;
  if (output.size() + static_cast<std::size_t>(got) > most) return Reading::kTooMuch;
  output.append(buffer.data(), static_cast<std::size_t>(got));
  ::explicit_bzero(buffer.data(), buffer.size());
  return Reading::kMore;
}

/// Reads until it has ended; why it must be killed, or nothing. A grandchild that keeps the pipe
/// open after that is not waited for.
std::optional<ChildEnd::Kind> read_to_end(int pipe, int process, const ChildOrder& order,
                                          std::string& output) {
  const auto deadline = steady_clock::now() + order.time_limit;
  bool open = true;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left <= milliseconds::zero()) return ChildEnd::Kind::kTooLong;
    std::array<pollfd, 2> wait{{{process, POLLIN, 0}, {open ? pipe : -1, POLLIN, 0}}};
    const int ready = ::poll(wait.data(), wait.size(), static_cast<int>(left.count()));
    if (ready <= 0) continue;
    if (wait[1].revents == 0) return std::nullopt;  // it ended, and the pipe is empty
    const auto reading = read_some(pipe, output, order.most_output);
    if (reading == Reading::kTooMuch) return ChildEnd::Kind::kTooMuch;
    open = reading == Reading::kMore;
  }
}

ChildEnd end_of(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) return {ChildEnd::Kind::kSignal, WTERMSIG(status), {}};
  return {ChildEnd::Kind::kExited, WEXITSTATUS(status), {}};
}

ChildEnd finish(pid_t pid, int pipe, const ChildOrder& order) {
  // glibc 2.36 declares pidfd_open() without C linkage.
  const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  std::string output;
  output.reserve(order.most_output);  // so that no copy of a credential is left by growing
  const auto killed = !process.open() ? std::optional(ChildEnd::Kind::kNotStarted)
                                      : read_to_end(pipe, process.get(), order, output);
  SecretString text(std::move(output));
  if (killed) ::kill(-pid, SIGKILL);
  auto end = end_of(pid);
  if (killed) return {*killed, 0, {}};
  if (end.kind == ChildEnd::Kind::kExited) end.output = std::move(text);
  return end;
}

}  // namespace

ChildEnd run_child(const ChildOrder& order) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {ChildEnd::Kind::kNotStarted, errno, {}};
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  const bool in_front = order.at_terminal && at_terminal();
  pid_t pid = 0;
  const int error = Spawn(writing.get(), in_front).start(pid, order);
  writing = Descriptor();  // only the child has it now
  if (error == ENOENT) return {ChildEnd::Kind::kNotFound, error, {}};
  if (error != 0) return {ChildEnd::Kind::kNotStarted, error, {}};
  auto end = finish(pid, reading.get(), order);
  if (in_front) take_terminal();
  return end;
}

bool at_terminal() {
  return ::isatty(STDIN_FILENO) == 1;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    result.emplace_back(*entry);
  }
  return result;
}

}  // namespace icrps
