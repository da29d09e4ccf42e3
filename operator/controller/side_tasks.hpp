// Threads for what nobody waits for: Events, and what is recorded. Each is a request that takes as
// long as somebody's admission webhook does, so no worker and no credential does it by itself.
// TaskLines has the rules.
//
// Thread safety: run() may be called from any thread, and never waits for a task. The threads are
// made when there is something to do for the first time.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "controller/pure/task_lines.hpp"
#include "runtime/clock.hpp"

namespace icrps::controller {

/// Of the namespaces that take part; as many of the operator's own.
inline constexpr std::size_t kSideThreads = 4;

class SideTasks {
 public:
  /// `clock` outlives it, and so does what its tasks need.
  SideTasks(std::size_t threads, const Clock& clock)
      : count_(threads), clock_(clock), lines_(threads) {}
  /// What waits has a second; then what is being done is asked to stop, and the rest forgotten.
  ~SideTasks();
  SideTasks(const SideTasks&) = delete;
  SideTasks& operator=(const SideTasks&) = delete;

  /// The task gets a token that ends it. False: too much waits; it is not done.
  bool run(const std::string& key, TaskLines::Task task);

 private:
  void work(const std::stop_token& stop);

  const std::size_t count_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  // guarded by mutex_
  TaskLines lines_;
  std::vector<std::jthread> threads_;
};

}  // namespace icrps::controller
