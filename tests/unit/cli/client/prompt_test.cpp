// A terminal that a person types a key into must be as before, however the program ends.
#include "cli/client/prompt.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <catch2/catch.hpp>

#include "runtime/descriptor.hpp"

namespace prompt_test {

namespace {

using icrps::Descriptor;

constexpr std::array kEnding{SIGTERM, SIGINT, SIGHUP, SIGQUIT};
constexpr int kTyped = 0;
constexpr int kOther = 1;
constexpr int kNothing = 2;

/// A process with a terminal of its own, that asks for the key "secret".
class Asking {
 public:
  Asking() {
    int master = -1;
    int slave = -1;
    REQUIRE(::openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
    master_ = Descriptor(master);
    slave_ = Descriptor(slave);  // stays open, so that the terminal keeps its settings
    child_ = ::fork();
    if (child_ == 0) ask();
    REQUIRE(child_ > 0);
  }
  ~Asking() {
    if (child_ > 0) end();
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  Asking(Asking&&) = delete;
  Asking& operator=(Asking&&) = delete;

  [[nodiscard]] bool echoes() const {
    termios now{};
    ::tcgetattr(slave_.get(), &now);
    return (now.c_lflag & ECHO) != 0 && (now.c_lflag & ICANON) != 0 && (now.c_lflag & ISIG) != 0;
  }
  /// Whether it asks, before long.
  [[nodiscard]] bool asks() const {
    for (int i = 0; i < 1000; ++i) {
      if (!echoes()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  void type(const std::string& text) const {
    CHECK(::write(master_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void tell(int number) const { ::kill(child_, number); }
  int status() {
    int status = 0;
    ::waitpid(std::exchange(child_, -1), &status, 0);
    return status;
  }

 private:
  [[noreturn]] void ask() const {
    for (const int number : kEnding) std::signal(number, SIG_DFL);  // the test library's go
    ::setsid();
    ::ioctl(slave_.get(), TIOCSCTTY, 0);
    const auto key = icrps::cli::ask_on_terminal("API key: ", "there is no terminal");
    ::_exit(!key ? kNothing : key->reveal() == "secret" ? kTyped : kOther);
  }
  void end() {
    ::kill(child_, SIGKILL);
    static_cast<void>(status());
  }

  Descriptor master_;
  Descriptor slave_;
  pid_t child_ = -1;
};

}  // namespace

TEST_CASE("a key is typed unseen, and then the terminal is as before", "[cli][prompt]") {
  Asking asking;
  REQUIRE(asking.asks());
  asking.type("wrong\x15secrets\x7f\r");
  const int status = asking.status();
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == kTyped));
  CHECK(asking.echoes());
}

TEST_CASE("Ctrl-C while a key is asked for ends it", "[cli][prompt]") {
  Asking asking;
  REQUIRE(asking.asks());
  asking.type("sec\x03");
  const int status = asking.status();
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == kNothing));
  CHECK(asking.echoes());
}

TEST_CASE("who is ended by a signal while asking leaves the terminal as before", "[cli][prompt]") {
  for (const int number : kEnding) {
    INFO(number);
    Asking asking;
    REQUIRE(asking.asks());
    asking.type("sec");
    asking.tell(number);
    const int status = asking.status();
    INFO(status);
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == number));
    CHECK(asking.echoes());
  }
}

}  // namespace prompt_test
