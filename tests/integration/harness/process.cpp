#include "harness/process.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace itest {
namespace {

constexpr std::array<std::string_view, 3> kHidden{
    "KUBECONFIG=", "KUBERNETES_SERVICE_HOST=", "KUBERNETES_SERVICE_PORT="};

std::vector<std::string> child_environment(const std::vector<std::string>& more) {
  std::vector<std::string> result = more;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const auto name = text.substr(0, text.find('=') + 1);
    bool replaced = false;
    for (const auto& own : more) replaced = replaced || own.starts_with(name);
    for (const auto hidden : kHidden) replaced = replaced || name == hidden;
    if (!replaced) result.push_back(text);
  }
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct FileActions {
  posix_spawn_file_actions_t actions{};
  FileActions() { posix_spawn_file_actions_init(&actions); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  void redirect(int fd, const std::string& file, int flags) {
    constexpr mode_t kMode = 0600;
    posix_spawn_file_actions_addopen(&actions, fd, file.empty() ? "/dev/null" : file.c_str(), flags,
                                     kMode);
  }
};

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string unique_name(const std::string& name) {
  static std::atomic<int> number{0};
  return fmt::format("{}/{:03}-{}", scratch(), ++number, name);
}

struct Scratch {
  std::string folder;
  Scratch() {
    std::string pattern = environment("SANDBOX_DIR") + "/run/itest.XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp " + pattern);
    folder = pattern;
  }
};

}  // namespace

Process::Process(const Options& options) {
  auto arguments = options.command;
  auto environment = child_environment(options.environment);
  FileActions files;
  files.redirect(STDIN_FILENO, {}, O_RDONLY);
  files.redirect(STDOUT_FILENO, options.out, O_WRONLY | O_CREAT | O_APPEND);
  files.redirect(STDERR_FILENO, options.err, O_WRONLY | O_CREAT | O_APPEND);
  const int error = posix_spawnp(&pid_, arguments.front().c_str(), &files.actions, nullptr,
                                 pointers(arguments).data(), pointers(environment).data());
  if (error != 0) throw std::runtime_error("can't start " + arguments.front());
}

Process::~Process() {
  if (!running()) return;
  signal(SIGKILL);
  wait(10s);
}

bool Process::running() {
  return !wait(0ms);
}

void Process::signal(int number) const {
  if (!exit_code_) ::kill(pid_, number);
}

std::optional<int> Process::wait(Milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!exit_code_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      exit_code_ = code_of(status);
      dumped_ = WIFSIGNALED(status) && WCOREDUMP(status);
    } else if (std::chrono::steady_clock::now() >= end) {
      return std::nullopt;
    } else {
      std::this_thread::sleep_for(3ms);
    }
  }
  return exit_code_;
}

Finished run_command(const std::vector<std::string>& command,
                     const std::vector<std::string>& environment) {
  const auto out = unique_name("out");
  const auto err = unique_name("err");
  Process process({command, environment, out, err});
  const auto code = process.wait(2min);
  return {code.value_or(-1), read_text(out), read_text(err)};
}

std::string must_run(const std::vector<std::string>& command,
                     const std::vector<std::string>& environment) {
  auto finished = run_command(command, environment);
  if (finished.exit_code != 0) {
    throw std::runtime_error(
        fmt::format("{} ended with {}: {}", command.front(), finished.exit_code, finished.err));
  }
  return std::move(finished.out);
}

const std::string& scratch() {
  static const Scratch instance;
  return instance.folder;
}

std::string scratch_file(const std::string& name, const std::string& text) {
  const auto file = unique_name(name);
  write_text(file, text);
  return file;
}

std::string read_text(const std::string& file) {
  const std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

void write_text(const std::string& file, const std::string& text) {
  const auto partial = file + ".partial";
  {
    std::ofstream stream(partial, std::ios::binary);
    stream << text;
  }
  std::filesystem::rename(partial, file);
}

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) {
    throw std::runtime_error(fmt::format(
        "{} is not set: these tests are run by ctest, or by tests/integration/run", name));
  }
  return value;
}

}  // namespace itest
