#include "controller/settlement.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::controller {
namespace {

using namespace std::chrono_literals;

// Somebody must change a role or a policy first, and the retry notices it then.
constexpr auto kForbiddenPause = 30s;
// Without Retry-After.
constexpr auto kThrottlePause = 1s;
constexpr auto kLongestThrottle = 60s;

}  // namespace

void Settlement::settle(const WorkItem& item, const Reconciled& result,
                        const std::function<void()>& on_step) {
  using Kind = Outcome::Kind;
  const auto& ns = item.key;
  auto& queue = environment_.queue;
  auto& metrics = environment_.metrics;
  if (result.attached) environment_.attached(ns);
  for (const auto& outcome : result.everywhere) report_everywhere(outcome);
  if (result.exists) {
    tally_.set(ns, result.state);
    environment_.rollout.seen(ns, result.copies);
    for (const auto& [credential, hosts] : result.hosts) environment_.asked(credential, hosts);
    report_problems(ns, result, on_step);
  } else {
    forget(ns);
  }
  switch (result.outcome.kind) {
    case Kind::kDone:
      return done(item, result);
    case Kind::kGone:
      metrics.reconciled("gone");
      return queue.done(ns);
    case Kind::kAgain:
      metrics.reconciled("stale");
      queue.retry(ns, 0ms);
      return;
    case Kind::kRetry:
      metrics.reconciled("retry");
      queue.retry(ns, result.outcome.after, result.outcome.after > 0ms);
      return;
    case Kind::kThrottled:
      metrics.reconciled("throttled");
      return throttled(ns, result.outcome);
    case Kind::kPaused:
      metrics.reconciled("paused");
      queue.done(ns);
      queue.add_after(ns, result.outcome.after);
      return;
    case Kind::kForbidden:
      metrics.reconciled("forbidden");
      queue.retry(ns, kForbiddenPause);
      return;
  }
}

void Settlement::done(const WorkItem& item, const Reconciled& result) {
  environment_.metrics.reconciled(result.writes.empty() ? "unchanged" : "done");
  if (!result.writes.empty()) {
    environment_.metrics.event_to_done(environment_.clock.now() - item.since);
    report_success(item.key, result);
  }
  environment_.queue.done(item.key);
}

/// Everybody waits for the API server itself; for what stands behind one namespace only that
/// namespace does.
void Settlement::throttled(const std::string& ns, const Outcome& outcome) {
  const auto asked =
      outcome.after > 0ms ? outcome.after : std::chrono::milliseconds(kThrottlePause);
  const auto pause = std::min(asked, std::chrono::milliseconds(kLongestThrottle));
  bool everybody = outcome.refuser == kube::Refuser::kServer;
  if (outcome.refuser == kube::Refuser::kUnknown) {
    const std::lock_guard lock(mutex_);
    everybody = witness_.told(ns, environment_.clock.now());
  }
  if (everybody) environment_.queue.pause_for(pause);
  environment_.queue.retry(ns, pause, !everybody);
}

void Settlement::report_everywhere(const Outcome& outcome) {
  if (outcome.everywhere == Everywhere::kEnds) {
    environment_.log.info("what was refused everywhere succeeds again");
    environment_.queue.end_backoffs();
  }
  if (outcome.everywhere != Everywhere::kBegins) return;
  plan::Problem problem;
  problem.reason = std::string(plan::kRefusedEverywhere);
  problem.message = fmt::format(
      "the API server refused the operator's last requests to {} in {} namespaces, and let none "
      "through: {}. Check the operator's RBAC and the cluster's admission policies; a few are "
      "tried "
      "each second, and all as soon as one succeeds.",
      outcome.what, RefusalGate::kMany, outcome.message);
  problem.key = outcome.what + ": " + outcome.cause;
  environment_.tell_all(problem);
}

void Settlement::report_success(const std::string& ns, const Reconciled& result) {
  if (!environment_.tells_success) return;
  std::string revisions;
  for (const auto& copy : result.copies) {
    if (copy.revision.empty()) continue;
    revisions += fmt::format("; {} is at revision {}", copy.secret, copy.revision);
  }
  plan::Problem note;
  note.reason = std::string(plan::kPullSecretsWritten);
  note.message = plan::join(result.writes, ", ") + revisions;
  note.note = true;
  environment_.reporter.report({"Namespace", ns, ns, result.uid}, note);
}

void Settlement::report_problems(const std::string& ns, const Reconciled& result,
                                 const std::function<void()>& on_step) {
  auto said = result.problems;
  said.insert(said.end(), result.notes.begin(), result.notes.end());
  ProblemLedger::News news;
  {
    const std::lock_guard lock(mutex_);
    news = ledger_.update(ns, said, environment_.clock.now());
  }
  for (const auto& due : news.report) {
    on_step();
    environment_.reporter.report({"Namespace", ns, ns, result.uid}, due.problem, due.count);
  }
  if (news.look_again) environment_.queue.add_after(ns, *news.look_again);
}

void Settlement::forget(const std::string& ns) {
  tally_.forget(ns);
  environment_.rollout.forget(ns);
  const std::lock_guard lock(mutex_);
  ledger_.forget(ns);
}

}  // namespace icrps::controller
