// Threads that do one kind of work: always one more than are busy, up to a bound, so that there is
// somebody to take what comes next, and no stack of one whom nobody needs.
//
// Thread safety: busy() and free() are for the crew's own threads.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace icrps::controller {

class Crew {
 public:
  /// Runs until the stop request; `member` counts from 0.
  using Work = std::function<void(Crew&, const std::stop_token&, std::size_t member)>;

  /// `most` members at most. `stop` is what they get; after it there are no new ones.
  Crew(std::size_t most, std::stop_token stop, Work work);
  ~Crew() { join(); }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// A member has something to do, and is through with it.
  void busy();
  void free();
  /// Waits until all have ended, those as well that come meanwhile. For the owner.
  void join();

  [[nodiscard]] std::size_t size() const;

 private:
  void enlist();  // mutex_ is held

  const std::size_t most_;
  const std::stop_token stop_;
  const Work work_;
  mutable std::mutex mutex_;
  // guarded by mutex_
  std::vector<std::jthread> members_;
  std::size_t free_ = 0;
};

}  // namespace icrps::controller
