// Which of the tasks that nobody waits for is done next. Pure: time comes in as an argument.
//
// Each task has a key, a namespace mostly. The promises:
//   - of one key one task at a time, in the order in which they came;
//   - keys take turns: one with many tasks holds up no other;
//   - keys that are slow (SlowKeys) have half of the threads at most, and one at least where there
//     are two;
//   - what waits is bounded, of each key and of all.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>

#include "controller/pure/slow_keys.hpp"
#include "runtime/clock.hpp"

namespace icrps::controller {

class TaskLines {
 public:
  using Task = std::function<void(const std::stop_token&)>;
  struct Item {
    std::string key;
    Task task;
  };
  static constexpr std::size_t kMostOfAKey = 32;
  static constexpr std::size_t kMost = 20'000;

  explicit TaskLines(std::size_t threads) : threads_(threads) {}

  /// False: too many wait; the task is not taken.
  bool put(const std::string& key, Task task, Clock::Instant now);
  /// A task whose turn it is; done() follows.
  std::optional<Item> take();
  void done(const std::string& key, Clock::Instant::duration took, Clock::Instant now);

  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  /// Nothing waits and nothing is being done.
  [[nodiscard]] bool idle() const { return lines_.empty(); }

 private:
  struct Line {
    std::deque<Task> tasks;
    bool busy = false;
    bool slow = false;  // as of when it got its turn
  };

  void give_turn(const std::string& key, Line& line, Clock::Instant now);
  [[nodiscard]] std::deque<std::string>* next();

  const std::size_t threads_;
  std::unordered_map<std::string, Line> lines_;  // those with tasks, waiting or being done
  std::deque<std::string> quick_;                // whose turn it is
  std::deque<std::string> slow_;
  std::size_t slow_busy_ = 0;
  std::size_t waiting_ = 0;
  SlowKeys slowness_;
};

}  // namespace icrps::controller
