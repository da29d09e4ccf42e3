#include "controller/rescuer.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "controller/bodies.hpp"
#include "controller/collections.hpp"
#include "controller/views.hpp"
#include "plan/names.hpp"

namespace icrps::controller {
namespace {

using namespace std::chrono_literals;
using ErrorKind = kube::ApiError::Kind;
using Remedy = plan::Verdict::Remedy;

// What is known of a pod for longer may be true no more.
constexpr auto kOld = 10s;

std::chrono::milliseconds retry_after(const kube::ApiError& error) {
  return error.retry_after.value_or(0ms);
}

bool is_gone(const kube::ApiError& error) {
  switch (error.kind) {
    case ErrorKind::kNotFound:
    case ErrorKind::kConflict:  // another pod of the same name
    case ErrorKind::kAlreadyExists:
    case ErrorKind::kTerminating:
    case ErrorKind::kCanceled:
      return true;
    default:
      return false;
  }
}

bool may_pass(const kube::ApiError& error) {
  return error.kind == ErrorKind::kThrottled || error.kind == ErrorKind::kServer ||
         error.kind == ErrorKind::kNoAnswer;
}

plan::Problem problem_of(std::string_view reason, std::string message, bool note = false) {
  plan::Problem problem;
  problem.reason = std::string(reason);
  problem.message = std::move(message);
  problem.note = note;
  return problem;
}

Subject subject_of(const Treatment& treatment) {
  return {"Pod", treatment.ns, treatment.pod, treatment.uid};
}

plan::Problem rescued(const plan::Verdict& verdict) {
  return problem_of(plan::kPodRescued,
                    fmt::format("this pod could not pull {}, because it was created before Secret "
                                "{} was attached to its service account. It was evicted, and its "
                                "controller makes a new one, which has the Secret.",
                                verdict.image, verdict.secret),
                    true);
}

plan::Problem needs_restart(const plan::Verdict& verdict) {
  return problem_of(
      plan::kPodNeedsRestart,
      fmt::format("this pod can't pull {}, because it was created before Secret {} was attached to "
                  "its service account. It belongs to no controller that would make it anew: "
                  "delete it and create it again.",
                  verdict.image, verdict.secret));
}

}  // namespace

void Rescuer::attached(const std::string& ns) {
  {
    const std::lock_guard lock(mutex_);
    schedule_.attached(ns, environment_.clock.now());
    news_ = true;
  }
  wake_.notify_one();
}

void Rescuer::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (step(stop)) continue;
    std::unique_lock lock(mutex_);
    const auto news = [this] { return news_; };
    if (const auto due = schedule_.next_due()) {
      const auto look = environment_.clock.now() + kLongestNap;
      wake_.wait_until(lock, stop, std::min<Clock::Instant>(*due, look), news);
    } else {
      wake_.wait(lock, stop, news);
    }
    news_ = false;
  }
}

bool Rescuer::step(const std::stop_token& stop) {
  std::optional<RescueSchedule::Task> task;
  {
    const std::lock_guard lock(mutex_);
    task = schedule_.pop(environment_.clock.now());
  }
  if (!task) return false;
  if (const auto* due = std::get_if<Look>(&*task)) {
    look(*due, stop);
  } else {
    treat(std::get<Treatment>(*task), stop);
  }
  return true;
}

void Rescuer::look(const Look& look, const std::stop_token& stop) {
  refused_.erase(look.ns);
  const auto known = environment_.known(look.ns);
  if (!known || known->references.empty()) return;  // nothing that a new pod would get
  const auto pods = list(look.ns, {}, stop);
  if (!pods) return look_failed(look, pods.error());
  environment_.metrics.rescue_look("done");
  auto found = treatments(look.ns, *pods, known->references);
  environment_.log.info(
      "looked for pods that were too early",
      {{"namespace", look.ns}, {"pending", pods->size()}, {"found", found.size()}});
  const std::lock_guard lock(mutex_);
  schedule_.found(look.ns, std::move(found), environment_.clock.now());
}

void Rescuer::look_failed(const Look& look, const kube::ApiError& error) {
  if (error.kind == ErrorKind::kForbidden) {
    environment_.metrics.rescue_look("forbidden");
    return report_refusal(look.ns, error);
  }
  if (is_gone(error)) return environment_.metrics.rescue_look("gone");
  if (may_pass(error)) {
    const std::lock_guard lock(mutex_);
    const auto now = environment_.clock.now();
    if (schedule_.retry(look, now, retry_after(error), environment_.random)) return;
  }
  environment_.metrics.rescue_look("failed");
  environment_.log.warn(
      "not looked for pods that were too early",
      {{"namespace", look.ns}, {"error", kube::to_string(error.kind)}, {"detail", error.message}});
}

std::vector<Treatment> Rescuer::treatments(const std::string& ns, const Pods& pods,
                                           const plan::References& references) const {
  std::vector<Treatment> found;
  for (const auto& pod : pods) {
    auto verdict = plan::judge(pod, references);
    if (verdict.remedy == Remedy::kLeaveAlone) {
      environment_.log.debug("pod left alone",
                             {{"namespace", ns}, {"pod", pod.name}, {"reason", verdict.why}});
      continue;
    }
    found.push_back({ns, pod.name, pod.uid, std::move(verdict), 0, environment_.clock.now()});
  }
  return found;
}

tl::expected<Rescuer::Pods, kube::ApiError> Rescuer::list(const std::string& ns,
                                                          const std::string& name,
                                                          const std::stop_token& stop) {
  Pods pods;
  const auto done = environment_.client.list(
      pending_pods(ns, name),
      [&](kube::Object&& object) {
        // What it lacks can't be told of a list that was not kept.
        if (!object.unwieldy) pods.push_back(pod_facts(std::move(object)));
      },
      stop);
  if (!done) return tl::unexpected(done.error());
  return pods;
}

void Rescuer::treat(const Treatment& treatment, const std::stop_token& stop) {
  if (treatment.verdict.remedy == Remedy::kTellOwner) {
    environment_.metrics.rescue_pod("told");
    return report_on_pod(treatment, needs_restart(treatment.verdict));
  }
  if (is_old(treatment)) {
    const auto needed = still_needed(treatment, stop);
    if (!needed) return not_evicted(treatment, needed.error());
    if (!*needed) return environment_.metrics.rescue_pod("gone");
  }
  evict(treatment);
}

bool Rescuer::is_old(const Treatment& treatment) const {
  return treatment.failures > 0 || environment_.clock.now() - treatment.begun > kOld;
}

tl::expected<bool, kube::ApiError> Rescuer::still_needed(const Treatment& treatment,
                                                         const std::stop_token& stop) {
  const auto known = environment_.known(treatment.ns);
  if (!known) return false;
  const auto pods = list(treatment.ns, treatment.pod, stop);
  if (!pods) return tl::unexpected(pods.error());
  for (const auto& pod : *pods) {
    if (pod.uid == treatment.uid) {
      return plan::judge(pod, known->references).remedy == Remedy::kEvict;
    }
  }
  return false;
}

void Rescuer::evict(const Treatment& treatment) {
  const auto reply = environment_.client.create({"pods", treatment.ns, treatment.pod, "eviction"},
                                                eviction_body(subject_of(treatment)));
  if (!reply) return not_evicted(treatment, reply.error());
  environment_.metrics.rescue_pod("evicted");
  report_on_pod(treatment, rescued(treatment.verdict));
}

void Rescuer::not_evicted(const Treatment& treatment, const kube::ApiError& error) {
  if (is_gone(error)) return environment_.metrics.rescue_pod("gone");
  if (error.kind == ErrorKind::kForbidden) {
    environment_.metrics.rescue_pod("forbidden");
    return report_refusal(treatment.ns, error);
  }
  if (may_pass(error)) {
    const std::lock_guard lock(mutex_);
    const auto now = environment_.clock.now();
    if (schedule_.retry(treatment, now, retry_after(error), environment_.random)) return;
  }
  give_up(treatment, error);
}

void Rescuer::give_up(const Treatment& treatment, const kube::ApiError& error) {
  environment_.metrics.rescue_pod("given_up");
  report_on_pod(
      treatment,
      problem_of(
          plan::kPodNotRescued,
          fmt::format("this pod can't pull {}, because it was created before Secret {} was "
                      "attached to its service account, and the API server did not let it "
                      "be evicted: {} Delete it when that does no harm; its controller makes "
                      "a new one, which has the Secret.",
                      treatment.verdict.image, treatment.verdict.secret, error.message)));
}

void Rescuer::report_on_pod(const Treatment& treatment, const plan::Problem& problem) {
  environment_.reporter.report(subject_of(treatment), problem);
}

/// Once for all pods of a look.
void Rescuer::report_refusal(const std::string& ns, const kube::ApiError& error) {
  const auto known = environment_.known(ns);
  if (!known || !refused_.insert(ns).second) return;
  environment_.reporter.report(
      {"Namespace", ns, ns, known->uid},
      problem_of(plan::kForbidden,
                 fmt::format("pods that were created before their service account was served can't "
                             "be rescued: {}. The operator's ClusterRole must allow to list pods "
                             "and to create pods/eviction (value rescue.enabled of the chart).",
                             error.message)));
}

}  // namespace icrps::controller
