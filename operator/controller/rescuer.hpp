// Rescue of pods that were too early: some time after something was attached in a namespace it
// looks there once, has pods evicted that wait for an image which a new pod could pull, and tells
// whose pods nobody would make anew. plan/rescue.hpp has the rules, RescueSchedule the times.
//
// Requests: one list of the namespace's pending pods; then one for each eviction, and one more
// before an eviction that did not come at once, because the pod may have helped itself meanwhile.
//
// Thread safety: attached() may be called from any thread and never waits for a request; run() and
// step() are one thread's.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "controller/event_reporter.hpp"
#include "controller/rescue_schedule.hpp"
#include "kube/client.hpp"
#include "plan/rescue.hpp"
#include "runtime/backoff.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace icrps::controller {

class Rescuer {
 public:
  /// A namespace as it is known now.
  struct Known {
    std::string uid;
    plan::References references;
  };
  struct Environment {
    kube::Client& client;
    EventReporter& reporter;
    const Clock& clock;
    const Log& log;
    Metrics& metrics;
    Random random;
    /// Nothing: there is no such namespace.
    std::function<std::optional<Known>(const std::string& ns)> known;
  };

  /// Everything passed by reference outlives the rescuer. `after`: from an attachment to the look.
  Rescuer(std::chrono::milliseconds after, Environment environment)
      : environment_(std::move(environment)), schedule_(after) {}

  /// A reference was attached in `ns`.
  void attached(const std::string& ns);

  /// Until `stop`. A list ends at once, an eviction in flight is finished.
  void run(const std::stop_token& stop);

  /// Does one thing that is due. False: nothing is.
  bool step(const std::stop_token& stop);

 private:
  using Pods = std::vector<plan::PodFacts>;

  void look(const Look& look, const std::stop_token& stop);
  void look_failed(const Look& look, const kube::ApiError& error);
  [[nodiscard]] std::vector<Treatment> treatments(const std::string& ns, const Pods& pods,
                                                  const plan::References& references) const;
  [[nodiscard]] tl::expected<Pods, kube::ApiError> list(const std::string& ns,
                                                        const std::string& name,
                                                        const std::stop_token& stop);

  void treat(const Treatment& treatment, const std::stop_token& stop);
  [[nodiscard]] bool is_old(const Treatment& treatment) const;
  [[nodiscard]] tl::expected<bool, kube::ApiError> still_needed(const Treatment& treatment,
                                                                const std::stop_token& stop);
  void evict(const Treatment& treatment);
  void not_evicted(const Treatment& treatment, const kube::ApiError& error);
  void give_up(const Treatment& treatment, const kube::ApiError& error);
  void report_on_pod(const Treatment& treatment, const plan::Problem& problem);
  void report_refusal(const std::string& ns, const kube::ApiError& error);

  const Environment environment_;

  std::mutex mutex_;
  std::condition_variable_any wake_;
  // guarded by mutex_
  RescueSchedule schedule_;
  bool news_ = false;

  std::set<std::string> refused_;  // namespaces whose owners know since the last look; run()'s
};

}  // namespace icrps::controller
