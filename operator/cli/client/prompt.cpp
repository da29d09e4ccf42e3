#include "cli/client/prompt.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/descriptor.hpp"

namespace icrps::cli {
namespace {

constexpr std::size_t kLongestLine = 8192;

/// Signals that end the process wait as long as this lives, and then take effect.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t ending;
    ::sigemptyset(&ending);
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) ::sigaddset(&ending, number);
    ::pthread_sigmask(SIG_BLOCK, &ending, &before_);
    arrival_ = Descriptor(::signalfd(-1, &ending, SFD_CLOEXEC));
  }
  ~HeldSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  HeldSignals(HeldSignals&&) = delete;
  HeldSignals& operator=(HeldSignals&&) = delete;

  /// Readable when one waits; not to be read, so that it stays.
  [[nodiscard]] int arrival() const { return arrival_.get(); }

 private:
  sigset_t before_{};
  Descriptor arrival_;
};

/// The terminal without echo, and with Ctrl-C as a character, so that nothing ends the process
/// while the terminal is like that.
class QuietTerminal {
 public:
  QuietTerminal() : descriptor_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (!descriptor_.open() || ::tcgetattr(descriptor_.get(), &before_) != 0) return;
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    quiet.c_cc[VMIN] = 1;
    quiet.c_cc[VTIME] = 0;
    usable_ = ::tcsetattr(descriptor_.get(), TCSAFLUSH, &quiet) == 0;
  }
  ~QuietTerminal() {
    if (usable_) {
      write("\n");
      ::tcsetattr(descriptor_.get(), TCSAFLUSH, &before_);
    }
  }
  QuietTerminal(const QuietTerminal&) = delete;
  QuietTerminal& operator=(const QuietTerminal&) = delete;
  QuietTerminal(QuietTerminal&&) = delete;
  QuietTerminal& operator=(QuietTerminal&&) = delete;

  [[nodiscard]] bool usable() const { return usable_; }
  void write(const std::string& text) const {
    static_cast<void>(!::write(descriptor_.get(), text.data(), text.size()));
  }
  /// Nothing more, or a signal: 0.
  [[nodiscard]] char next() const {
    char c = 0;
    for (;;) {
      std::array<pollfd, 2> wait{{{descriptor_.get(), POLLIN, 0}, {signals_.arrival(), POLLIN, 0}}};
      if (::poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) return 0;
      if (wait[1].revents != 0) return 0;
      if (wait[0].revents == 0) continue;
      const auto count = ::read(descriptor_.get(), &c, 1);
      if (count == 1) return c;
      if (count == 0 || errno != EINTR) return 0;
    }
  }

 private:
  HeldSignals signals_;  // the first: it goes when the terminal is as before
  Descriptor descriptor_;
  termios before_{};
  bool usable_ = false;
};

constexpr char kInterrupt = 3;
constexpr char kEnd = 4;
constexpr char kBackspace = 8;
constexpr char kKillLine = 21;
constexpr char kDelete = 127;

}  // namespace

tl::expected<SecretString, std::string> ask_on_terminal(const std::string& question,
                                                        const std::string& unless) {
  const QuietTerminal terminal;
  if (!terminal.usable()) return tl::unexpected(unless);
  terminal.write(question);
  std::string line;
  line.reserve(kLongestLine);  // it never grows: no copy is left behind
  for (;;) {
    const char c = terminal.next();
    if (c == kInterrupt || c == 0 || (c == kEnd && line.empty())) {
      return tl::unexpected<std::string>("no API key was typed");
    }
    if (c == '\n' || c == '\r' || c == kEnd) break;
    if (c == kKillLine) {
      line.clear();
    } else if (c == kBackspace || c == kDelete) {
      if (!line.empty()) line.pop_back();
    } else if (line.size() < kLongestLine) {
      line += c;
    }
  }
  return SecretString(std::move(line));
}

}  // namespace icrps::cli
