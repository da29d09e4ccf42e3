#include "controller/pure/task_lines.hpp"

#include <algorithm>

namespace icrps::controller {

bool TaskLines::put(const std::string& key, Task task, Clock::Instant now) {
  if (waiting_ >= kMost) return false;
  auto& line = lines_[key];
  if (line.tasks.size() >= kMostOfAKey) return false;
  line.tasks.push_back(std::move(task));
  ++waiting_;
  if (!line.busy && line.tasks.size() == 1) give_turn(key, line, now);
  return true;
}

void TaskLines::give_turn(const std::string& key, Line& line, Clock::Instant now) {
  line.slow = slowness_.is_slow(key, now);
  (line.slow ? slow_ : quick_).push_back(key);
}

std::deque<std::string>* TaskLines::next() {
  const auto share = std::max<std::size_t>(1, threads_ / 2);
  const bool slow_may = !slow_.empty() && slow_busy_ < share;
  const bool slow_first = slow_may && slow_busy_ == 0 && threads_ > 1;
  if (slow_first || (slow_may && quick_.empty())) return &slow_;
  return quick_.empty() ? nullptr : &quick_;
}

std::optional<TaskLines::Item> TaskLines::take() {
  auto* const turns = next();
  if (turns == nullptr) return std::nullopt;
  auto key = std::move(turns->front());
  turns->pop_front();
  auto& line = lines_.at(key);
  Item item{std::move(key), std::move(line.tasks.front())};
  line.tasks.pop_front();
  line.busy = true;
  if (line.slow) ++slow_busy_;
  --waiting_;
  return item;
}

void TaskLines::done(const std::string& key, Clock::Instant::duration took, Clock::Instant now) {
  slowness_.took(key, took, now);
  auto& line = lines_.at(key);
  line.busy = false;
  if (line.slow) --slow_busy_;
  if (line.tasks.empty()) {
    lines_.erase(key);
  } else {
    give_turn(key, line, now);
  }
}

}  // namespace icrps::controller
