// What becomes of a reconcile: when the namespace is looked at again, what the metrics show, and
// what people are told.
// Thread safety: all methods may be called from any thread; calls for one namespace come one after
// the other.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "controller/event_reporter.hpp"
#include "controller/problem_ledger.hpp"
#include "controller/pure/throttle_witness.hpp"
#include "controller/reconciler.hpp"
#include "controller/rollout.hpp"
#include "controller/state_tally.hpp"
#include "controller/work_queue.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace icrps::controller {

class Settlement {
 public:
  struct Environment {
    const Clock& clock;
    const Log& log;
    Metrics& metrics;
    WorkQueue& queue;
    EventReporter& reporter;
    Rollout& rollout;
    bool tells_success = false;  ///< `events.success` of the configuration
    /// Something that concerns all namespaces, told in the operator's own.
    std::function<void(const plan::Problem&)> tell_all;
    /// Pods that are made from now on get more than those before.
    std::function<void(const std::string& ns)> attached;
    /// A namespace that may use the credential asks for these hosts.
    std::function<void(const std::string& credential, const icr::Hosts& hosts)> asked;
  };

  /// Everything passed by reference outlives it.
  explicit Settlement(Environment environment)
      : environment_(std::move(environment)), tally_(environment_.metrics) {}

  /// `on_step` is called before each request.
  void settle(const WorkItem& item, const Reconciled& result, const std::function<void()>& on_step);

 private:
  void report_everywhere(const Outcome& outcome);
  void report_success(const std::string& ns, const Reconciled& result);
  void report_problems(const std::string& ns, const Reconciled& result,
                       const std::function<void()>& on_step);
  void done(const WorkItem& item, const Reconciled& result);
  void throttled(const std::string& ns, const Outcome& outcome);
  void forget(const std::string& ns);

  const Environment environment_;
  StateTally tally_;
  std::mutex mutex_;
  // guarded by mutex_
  ProblemLedger ledger_;
  ThrottleWitness witness_;
};

}  // namespace icrps::controller
