#include "controller/event_reporter.hpp"

#include <algorithm>
#include <utility>

#include "runtime/backoff.hpp"
#include "runtime/pause.hpp"

namespace icrps::controller {
namespace {

using namespace std::chrono_literals;

// Goal: an API server that is back is told within a minute, and one that is not sees one attempt a
// minute.
constexpr BackoffPolicy kPause{.first = 200ms, .factor = 2.0, .cap = 60s, .jitter = 0};

}  // namespace

void EventReporter::report(const Subject& subject, const plan::Problem& problem, unsigned count) {
  tell(subject, problem);
  deliver({subject, problem, count, clock_.wall()});
}

void EventReporter::tell(const Subject& subject, const plan::Problem& problem) const {
  if (!problem.note) metrics_.problem(problem.reason);
  const Log::Fields fields{{"kind", subject.kind},
                           {"namespace", subject.ns},
                           {"name", subject.name},
                           {"reason", problem.reason},
                           {"detail", problem.message}};
  if (problem.note) {
    log_.info("note", fields);
  } else {
    log_.warn("problem", fields);
  }
}

void EventReporter::deliver(Entry entry) {
  if (aside_ == nullptr) return attempt(std::move(entry), {});
  const auto ns = entry.subject.ns;
  const auto reason = entry.problem.reason;
  const bool taken = aside_->run(
      ns, [this, entry = std::move(entry)](const std::stop_token& stop) { attempt(entry, stop); });
  if (taken) return;
  log_.warn("event not written", {{"namespace", ns},
                                  {"reason", reason},
                                  {"error", "too many"},
                                  {"detail", "Events that wait to be written"}});
}

void EventReporter::attempt(Entry entry, const std::stop_token& stop) {
  const bool over = send(entry, stop);
  {
    const std::lock_guard lock(mutex_);
    failures_ = over ? 0 : failures_ + 1;
  }
  if (!over) keep(std::move(entry));
}

bool EventReporter::send(const Entry& entry, const std::stop_token& stop) {
  using Kind = kube::ApiError::Kind;
  const auto& [subject, problem, times, at, attempts] = entry;
  auto count = times;
  auto reply = client_.create({"events", subject.ns, {}}, event_body(subject, problem, at), stop);
  if (!reply && reply.error().kind == Kind::kAlreadyExists) {
    // Told by an earlier run of the program: a problem is still the same, a note is of another
    // time.
    if (count == 1 && !problem.note) return true;
    count = std::max(count, 2U);
    reply = client_.patch({"events", subject.ns, event_name(subject, problem)},
                          kube::Client::PatchType::kMerge, event_patch(count, at), stop);
  }
  if (reply || reply.error().kind == Kind::kTerminating) return true;
  const auto kind = reply.error().kind;
  const bool later = kind == Kind::kServer || kind == Kind::kNoAnswer || kind == Kind::kThrottled;
  if (attempts == 0 || !later) {
    log_.warn("event not written", {{"namespace", subject.ns},
                                    {"reason", problem.reason},
                                    {"error", kube::to_string(kind)},
                                    {"detail", reply.error().message},
                                    {"tried_again", later}});
  }
  return !later;
}

void EventReporter::keep(Entry entry) {
  if (++entry.attempts >= kMostAttempts) return;
  {
    const std::lock_guard lock(mutex_);
    unsent_.push_back(std::move(entry));
    if (unsent_.size() > kMostUnsent) unsent_.pop_front();
  }
  kept_.notify_all();
}

/// The oldest that waits, when there is one; nothing: `stop` came.
std::optional<EventReporter::Entry> EventReporter::next(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (!kept_.wait(lock, stop, [this] { return !unsent_.empty(); })) return std::nullopt;
  auto entry = std::move(unsent_.front());
  unsent_.pop_front();
  return entry;
}

std::chrono::milliseconds EventReporter::pause() {
  const std::lock_guard lock(mutex_);
  return backoff_delay(kPause, std::max(failures_, 1U), [] { return 0.5; });
}

void EventReporter::run(const std::stop_token& stop) {
  while (auto entry = next(stop)) {
    if (!pause_for(pause(), stop)) return;
    deliver(std::move(*entry));
  }
}

}  // namespace icrps::controller
