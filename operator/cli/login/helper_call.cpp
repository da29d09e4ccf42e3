#include "cli/login/helper_call.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "authfile/json_text.hpp"
#include "icr/regions.hpp"
#include "icr/text.hpp"
#include "runtime/descriptor.hpp"

namespace icrps::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::seconds kHelperLimit{10};
constexpr std::size_t kMostOutput = 4096;

/// Without what holds credentials.
std::vector<char*> child_environment() {
  constexpr std::array<std::string_view, 4> kSecret{
      "IBMCLOUD_API_KEY=", "DOCKER_AUTH_CONFIG=", "CF_DOCKER_PASSWORD=", "ICR_API_KEY="};
  std::vector<char*> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const bool secret = std::any_of(kSecret.begin(), kSecret.end(),
                                    [&](auto name) { return text.starts_with(name); });
    if (!secret) kept.push_back(*variable);
  }
  kept.push_back(nullptr);
  return kept;
}

/// A child with a socket as its standard input and output.
class HelperProcess {
 public:
  HelperProcess(const std::string& program, const char* action) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return;
    ours_ = Descriptor(pair[0]);
    const Descriptor theirs(pair[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), STDOUT_FILENO);
    std::string name = program;
    std::string verb = action;
    std::array<char*, 3> arguments{name.data(), verb.data(), nullptr};
    auto environment = child_environment();
    error_ = ::posix_spawnp(&child_, name.c_str(), &actions, nullptr, arguments.data(),
                            environment.data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (error_ != 0) child_ = -1;
  }
  ~HelperProcess() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
  }
  HelperProcess(const HelperProcess&) = delete;
  HelperProcess& operator=(const HelperProcess&) = delete;
  HelperProcess(HelperProcess&&) = delete;
  HelperProcess& operator=(HelperProcess&&) = delete;

  [[nodiscard]] bool started() const { return child_ > 0; }
  [[nodiscard]] int error() const { return error_; }

  void say(const std::string& input) const {
    // One that has ended already tells by its exit code why.
    static_cast<void>(!::send(ours_.get(), input.data(), input.size(), MSG_NOSIGNAL));
    ::shutdown(ours_.get(), SHUT_WR);
  }

  /// What it printed; nothing: it took too long.
  std::optional<std::string> hear(SteadyClock::time_point end) const {
    std::string text;
    for (;;) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now());
      pollfd wait{ours_.get(), POLLIN, 0};
      if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) == 0) return {};
      std::array<char, 1024> part{};
      const auto count = ::recv(ours_.get(), part.data(), part.size(), 0);
      if (count <= 0) return text;
      if (text.size() < kMostOutput) text.append(part.data(), static_cast<std::size_t>(count));
    }
  }

  /// Its exit code; -1: a signal ended it, or it does not end.
  int wait(SteadyClock::time_point end) {
    int status = 0;
    while (::waitpid(child_, &status, WNOHANG) == 0) {
      if (SteadyClock::now() >= end) return -1;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t child_ = -1;
  Descriptor ours_;
  int error_ = 0;
};

tl::expected<void, std::string> call(const std::string& helper, const char* action,
                                     const std::string& input) {
  const auto program = "docker-credential-" + helper;
  const auto end = SteadyClock::now() + kHelperLimit;
  HelperProcess process(program, action);
  if (!process.started()) {
    return tl::unexpected(
        fmt::format("{} can't be started: {}", program, std::strerror(process.error())));
  }
  process.say(input);
  const auto output = process.hear(end);
  const int code = output ? process.wait(end) : -1;
  if (code == 0) return {};
  return tl::unexpected(fmt::format(
      "{} {} {}", program, action,
      code < 0 ? "did not end within 10 s"
               : fmt::format("says {}", icr::quoted(icr::trim(output.value_or("")), 200))));
}

}  // namespace

tl::expected<void, std::string> helper_store(const std::string& helper, const std::string& host,
                                             const icr::Login& login) {
  const SecretString input("{\"ServerURL\":" + authfile::json_quoted(host) +
                           ",\"Username\":" + authfile::json_quoted(login.username) +
                           ",\"Secret\":" + authfile::json_quoted(login.password.reveal()) + "}\n");
  return call(helper, "store", input.reveal());
}

tl::expected<void, std::string> helper_erase(const std::string& helper, const std::string& host) {
  return call(helper, "erase", host);
}

}  // namespace icrps::cli
