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

/// They take the places of workers that somebody's webhook holds up.
inline constexpr std::size_t kSpareWorkers = 64;

class WorkQueue {
 public:
  /// `clock` outlives the queue and is BootClock's time, as the condition variable asks it.
  /// `workers` and `spare` as QueueState has them.
  WorkQueue(const Clock& clock, Random random, std::size_t workers = 16, std::size_t spare = 0)
      : clock_(clock), random_(std::move(random)), state_(workers, spare) {}

  /// From now on, and until open(), nothing that is added is remembered: who stands by would
  /// remember every namespace that ever was, and looks at all when it begins to work.
  void close();
  void open();

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
  bool open_ = true;
  unsigned long changes_ = 0;
};

}  // namespace icrps::controller
