#include "cli/run/farewell.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "runtime/pause.hpp"

namespace icrps::cli {
namespace {

using namespace std::chrono_literals;

// A write that is under way takes milliseconds; a webhook may make it take this long.
constexpr auto kForAnswers = 4s;
// From then on: for threads to see that nobody answers any more.
constexpr auto kForThreads = 2s;

/// False: `done` came first.
bool wait_until_told(const std::stop_token& told, const std::stop_token& done) {
  std::mutex mutex;
  std::condition_variable_any changed;
  const std::stop_callback wake(told, [&] {
    const std::lock_guard lock(mutex);
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  return changed.wait(lock, done, [&] { return told.stop_requested(); });
}

}  // namespace

Farewell::Farewell(std::stop_token told, Steps steps, const Log& log)
    : told_(std::move(told)),
      steps_(std::move(steps)),
      log_(log),
      thread_([this](const std::stop_token& done) { run(done); }) {}

void Farewell::run(const std::stop_token& done) const {
  if (!wait_until_told(told_, done) || !pause_for(kForAnswers, done)) return;
  log_.info("not waited for answers any longer");
  steps_.give_up_answers();
  if (!pause_for(kForThreads, done)) return;
  log_.warn("something hangs; giving the lease back and ending without it");
  steps_.give_back_lease();
}

}  // namespace icrps::cli
