// A stop token that ends what is asked when the time is over.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace icrps::cli {

class TimeLimit {
 public:
  explicit TimeLimit(std::chrono::milliseconds time)
      : watch_([this, time](const std::stop_token& ended) {
          std::unique_lock lock(mutex_);
          woken_.wait_for(lock, ended, time, [] { return false; });
          if (!ended.stop_requested()) stop_.request_stop();
        }) {}

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

 private:
  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::stop_source stop_;
  std::jthread watch_;  // the last: it uses the others
};

}  // namespace icrps::cli
