// A stop token that ends what is asked when the time is over.
#pragma once

#include <chrono>
#include <stop_token>
#include <thread>

#include "runtime/pause.hpp"

namespace icrps::cli {

class TimeLimit {
 public:
  explicit TimeLimit(std::chrono::milliseconds time)
      : watch_([this, time](const std::stop_token& ended) {
          if (pause_for(time, ended)) stop_.request_stop();
        }) {}

  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::jthread watch_;  // the last: it uses the other
};

}  // namespace icrps::cli
