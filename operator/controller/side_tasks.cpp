#include "controller/side_tasks.hpp"

#include <chrono>
#include <utility>

namespace icrps::controller {
namespace {

constexpr std::chrono::seconds kLastWords{1};

}  // namespace

SideTasks::~SideTasks() {
  {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, kLastWords, [this] { return lines_.idle(); });
  }
  for (auto& thread : threads_) thread.request_stop();
}

bool SideTasks::run(const std::string& key, TaskLines::Task task) {
  const std::lock_guard lock(mutex_);
  if (!lines_.put(key, std::move(task), clock_.now())) return false;
  while (threads_.size() < count_) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
  wake_.notify_one();
  return true;
}

void SideTasks::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  std::optional<TaskLines::Item> item;
  const auto has_one = [&] {
    if (!stop.stop_requested()) item = lines_.take();
    return item.has_value();
  };
  while (wake_.wait(lock, stop, has_one)) {
    lock.unlock();
    const auto begun = clock_.now();
    item->task(stop);
    item->task = nullptr;  // what it holds is freed without the lock
    lock.lock();
    const auto now = clock_.now();
    lines_.done(std::exchange(item, {})->key, now - begun, now);
    wake_.notify_all();  // of this key there may be more; or it was the last of all
  }
}

}  // namespace icrps::controller
