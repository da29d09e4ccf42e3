#include "runtime/signals.hpp"

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <unistd.h>
#include <utility>

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

struct Signals::State {
  std::stop_source end;
  std::mutex mutex;
  std::condition_variable came;
  // guarded by mutex
  int ended_by = 0;
  bool hangup = false;

  void listen(std::chrono::milliseconds patience);
  void tell(int signal);
};

void Signals::State::tell(int signal) {
  {
    const std::lock_guard lock(mutex);
    if (signal == SIGHUP) {
      hangup = true;
    } else {
      ended_by = signal;
    }
  }
  came.notify_all();
}

void Signals::State::listen(std::chrono::milliseconds patience) {
  const sigset_t all = all_signals();
  int signal = SIGHUP;
  while (signal == SIGHUP) {
    if (sigwait(&all, &signal) == 0) tell(signal);
  }
  end.request_stop();
  const sigset_t last = set_of({SIGTERM, SIGINT});
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timespec limit{seconds.count(), std::chrono::nanoseconds(patience - seconds).count()};
  sigtimedwait(&last, nullptr, &limit);
  ::_exit(1);  // no destructors: one of them may be what hangs
}

Signals::Signals(std::chrono::milliseconds patience) : state_(std::make_shared<State>()) {
  std::thread([state = state_, patience] { state->listen(patience); }).detach();
}

std::optional<int> Signals::wait(std::chrono::milliseconds time) const {
  std::unique_lock lock(state_->mutex);
  state_->came.wait_for(lock, time, [this] { return state_->ended_by != 0 || state_->hangup; });
  if (state_->ended_by != 0) return state_->ended_by;
  if (std::exchange(state_->hangup, false)) return SIGHUP;
  return std::nullopt;
}

std::stop_token Signals::end() const {
  return state_->end.get_token();
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
