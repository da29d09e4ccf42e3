#include "runtime/pause.hpp"

#include <condition_variable>
#include <mutex>

namespace icrps {
namespace {

/// Only a stop wakes it: nobody else knows it.
struct Sleeper {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock<std::mutex> lock{mutex};
};

}  // namespace

bool pause_for(std::chrono::milliseconds time, const std::stop_token& stop) {
  Sleeper sleeper;
  sleeper.never.wait_for(sleeper.lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

bool pause_until(Clock::Instant moment, const std::stop_token& stop) {
  Sleeper sleeper;
  sleeper.never.wait_until(sleeper.lock, stop, moment, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace icrps
