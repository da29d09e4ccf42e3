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
#include "kube/client.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace icrps::controller {

class EventReporter {
 public:
  /// Everything outlives the reporter.
  EventReporter(kube::Client& client, const Clock& clock, const Log& log, Metrics& metrics)
      : client_(client), clock_(clock), log_(log), metrics_(metrics) {}

  /// Writes an Event and a log line and counts it. `count` > 1: it was reported before and came
  /// back. What could not be written is left to run(): an Event is never worth holding up the work.
  void report(const Subject& subject, const plan::Problem& problem, unsigned count = 1);

  /// Until `stop`: tries again what could not be written because the API server gave no answer, or
  /// none that means anything. In vain for kMostAttempts, and it is given up.
  void run(const std::stop_token& stop);

  /// More are not kept; the oldest goes.
  static constexpr std::size_t kMostUnsent = 256;
  static constexpr unsigned kMostAttempts = 20;  ///< about a quarter of an hour

 private:
  struct Entry {
    Subject subject;
    plan::Problem problem;
    unsigned count = 1;
    std::chrono::system_clock::time_point at{};
    unsigned attempts = 0;
  };

  /// False: it is worth another attempt.
  bool send(const Entry& entry, const std::stop_token& stop);
  void keep(Entry entry);
  std::optional<Entry> next(const std::stop_token& stop);

  kube::Client& client_;
  const Clock& clock_;
  const Log& log_;
  Metrics& metrics_;
  std::mutex mutex_;
  std::condition_variable_any kept_;
  std::deque<Entry> unsent_;  // guarded by mutex_
};

}  // namespace icrps::controller
