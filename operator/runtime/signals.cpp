#include "runtime/signals.hpp"

#include <csignal>
#include <pthread.h>
#include <thread>
#include <unistd.h>

namespace icrps {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

sigset_t all_signals() {
  return set_of({SIGTERM, SIGINT, SIGHUP});
}

}  // namespace

void block_signals() {
  const sigset_t set = all_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void unblock_signals() {
  const sigset_t set = all_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::optional<int> wait_for_signal(std::chrono::milliseconds time) {
  const sigset_t set = all_signals();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  const timespec limit{seconds.count(), std::chrono::nanoseconds(time - seconds).count()};
  const int signal = sigtimedwait(&set, nullptr, &limit);
  return signal > 0 ? std::optional(signal) : std::nullopt;
}

void raise_hangup() {
  ::kill(::getpid(), SIGHUP);
}

void exit_on_next_signal() {
  std::thread([] {
    const sigset_t set = set_of({SIGTERM, SIGINT});
    int signal = 0;
    sigwait(&set, &signal);
    ::_exit(1);  // no destructors: the person who sends a second signal wants out now
  }).detach();
}

}  // namespace icrps
