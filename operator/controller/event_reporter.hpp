// Kubernetes Events for people, in the namespace concerned.
// Thread safety: all methods may be called from any thread.
#pragma once

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
  /// back. A failure is logged only: an Event is never worth holding up the work.
  void report(const Subject& subject, const plan::Problem& problem, unsigned count = 1);

 private:
  kube::Client& client_;
  const Clock& clock_;
  const Log& log_;
  Metrics& metrics_;
};

}  // namespace icrps::controller
