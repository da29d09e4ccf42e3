#include "controller/work_queue.hpp"

#include <algorithm>

namespace icrps::controller {

void WorkQueue::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

void WorkQueue::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
}

void WorkQueue::add(const std::string& key, Priority priority) {
  {
    const std::lock_guard lock(mutex_);
    if (!open_) return;
    state_.add(key, priority, clock_.now());
    ++changes_;
  }
  wake_.notify_one();
}

void WorkQueue::add_after(const std::string& key, std::chrono::milliseconds delay) {
  {
    const std::lock_guard lock(mutex_);
    if (!open_) return;
    state_.add_later(key, clock_.now() + delay);
    ++changes_;
  }
  wake_.notify_one();
}

std::optional<WorkItem> WorkQueue::get(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (auto item = state_.pop(clock_.now())) return item;
    const auto seen = changes_;
    const auto news = [&] { return changes_ != seen; };
    const auto now = clock_.now();
    if (const auto due = state_.next_due(now)) {
      wake_.wait_until(lock, stop, std::min<Clock::Instant>(*due, now + kLongestNap), news);
    } else {
      wake_.wait(lock, stop, news);
    }
  }
  return std::nullopt;
}

void WorkQueue::done(const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    state_.done(key, clock_.now());
    ++changes_;
  }
  wake_.notify_one();
}

void WorkQueue::writes(const std::string& key) {
  const std::lock_guard lock(mutex_);
  state_.writes(key, clock_.now());
}

void WorkQueue::end_backoffs() {
  {
    const std::lock_guard lock(mutex_);
    state_.end_backoffs(clock_.now());
    ++changes_;
  }
  wake_.notify_all();
}

std::chrono::milliseconds WorkQueue::retry(const std::string& key,
                                           std::chrono::milliseconds at_least, bool firm) {
  std::chrono::milliseconds delay{};
  {
    const std::lock_guard lock(mutex_);
    delay = state_.retry(key, clock_.now(), at_least, random_, firm);
    ++changes_;
  }
  wake_.notify_one();
  return delay;
}

void WorkQueue::pause_for(std::chrono::milliseconds time) {
  const std::lock_guard lock(mutex_);
  state_.pause_until(clock_.now() + time);
}

std::size_t WorkQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return state_.waiting();
}

QueueFacts WorkQueue::facts() {
  const std::lock_guard lock(mutex_);
  return {state_.oldest_due(clock_.now()), state_.handed_out()};
}

}  // namespace icrps::controller
