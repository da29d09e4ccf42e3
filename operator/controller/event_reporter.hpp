// Kubernetes Events for people, in the namespace concerned.
// Thread safety: all methods may be called from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>

#include "controller/bodies.hpp"
#include "controller/side_tasks.hpp"
#include "kube/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace icrps::controller {

class EventReporter {
 public:
  /// `aside` writes the Events; null: report() does, and takes as long as that takes. Everything
  /// else outlives the reporter, and the reporter outlives `aside`.
  EventReporter(kube::Client& client, const Clock& clock, const Log& log, Metrics& metrics,
                SideTasks* aside = nullptr)
      : client_(client), clock_(clock), log_(log), metrics_(metrics), aside_(aside) {}

  /// Writes a log line and counts it at once, and an Event when its turn comes. `count` > 1: it was
  /// reported before and came back. What could not be written is left to run(): an Event is never
  /// worth holding up the work.
  void report(const Subject& subject, const plan::Problem& problem, unsigned count = 1);

  /// Until `stop`: has tried again what could not be written because the API server gave no answer,
  /// or none that means anything. In vain for kMostAttempts, and it is given up.
  void run(const std::stop_token& stop);

  /// More are not kept; the oldest goes.
  static constexpr std::size_t kMostUnsent = 256;
  static constexpr unsigned kMostAttempts = 20;  ///< about a quarter of an hour

 private:
  using Time = std::chrono::system_clock::time_point;
  struct Entry {
    Subject subject;
    plan::Problem problem;
    unsigned count = 1;
    Time at{};
    unsigned attempts = 0;
  };

  void tell(const Subject& subject, const plan::Problem& problem) const;
  void deliver(Entry entry);
  void attempt(Entry entry, const std::stop_token& stop);
  /// False: it is worth another attempt.
  bool send(const Entry& entry, const std::stop_token& stop);
  void keep(Entry entry);
  std::optional<Entry> next(const std::stop_token& stop);
  [[nodiscard]] std::chrono::milliseconds pause();

  kube::Client& client_;
  const Clock& clock_;
  const Log& log_;
  Metrics& metrics_;
  SideTasks* const aside_;
  std::mutex mutex_;
  std::condition_variable_any kept_;
  // guarded by mutex_
  std::deque<Entry> unsent_;
  unsigned failures_ = 0;  // in a row
};

}  // namespace icrps::controller
