// QueueState for threads: workers wait here.
// Thread safety: all methods may be called from any thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/liveness.hpp"
#include "controller/pure/queue_state.hpp"

namespace icrps::controller {

class WorkQueue {
 public:
  /// `clock` outlives the queue and is BootClock's time, as the condition variable asks it.
  WorkQueue(const Clock& clock, Random random, std::size_t workers = 16)
      : clock_(clock), random_(std::move(random)), state_(workers) {}

  void add(const std::string& key, Priority priority);
  void add_after(const std::string& key, std::chrono::milliseconds delay);
  /// Waits for a key that is due. Nothing when `stop` was requested.
  std::optional<WorkItem> get(const std::stop_token& stop);
  /// See QueueState::writes().
  void writes(const std::string& key);
  void done(const std::string& key);
  std::chrono::milliseconds retry(const std::string& key, std::chrono::milliseconds at_least,
                                  bool firm = false);
  void end_backoffs();
  void pause_for(std::chrono::milliseconds time);
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] QueueFacts facts();

 private:
  const Clock& clock_;
  const Random random_;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  // guarded by mutex_
  QueueState state_;
  unsigned long changes_ = 0;
};

}  // namespace icrps::controller
