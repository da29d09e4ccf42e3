#include "runtime/signals.hpp"

#include <csignal>
#include <pthread.h>
#include <thread>
#include <unistd.h>

namespace icrps {
namespace {

sigset_t termination_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void block_termination_signals() {
  const sigset_t set = termination_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int wait_for_termination() {
  const sigset_t set = termination_signals();
  int signal = 0;
  sigwait(&set, &signal);
  return signal;
}

void exit_on_next_signal() {
  std::thread([] {
    wait_for_termination();
    ::_exit(1);  // no destructors: the person who sends a second signal wants out now
  }).detach();
}

}  // namespace icrps
