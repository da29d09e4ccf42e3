#include "cli/cleanup/sweep.hpp"

#include <thread>

namespace icrps::cli {
namespace {

using namespace std::chrono_literals;
using controller::Outcome;

constexpr auto kProgressPeriod = 5s;
constexpr unsigned kSweepAttempts = 6;  // in one sweep; the next one begins with new lists
constexpr auto kThrottlePause = 1s;

}  // namespace

Sweep::Sweep(kube::Client& client, controller::Stores& stores, std::vector<plan::CopyName> copies,
             plan::Rules rules, const Patience& patience, const Log& log)
    : patience_(patience),
      applier_(client, stores),
      reconciler_(stores, none_, std::move(rules), applier_, log, {{}, {}, std::move(copies)}),
      queue_(patience.clock, patience.random) {}

void Sweep::run(const std::vector<std::string>& namespaces, unsigned workers,
                const Progress& progress) {
  open_ = namespaces.size();
  for (const auto& ns : namespaces) queue_.add(ns, controller::Priority::kNew);
  std::stop_source stop;
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < workers; ++i) {
    threads.emplace_back([this, token = stop.get_token()] { work(token); });
  }
  wait(namespaces.size(), progress);
  stop.request_stop();
}

void Sweep::wait(std::size_t all, const Progress& progress) {
  std::unique_lock lock(mutex_);
  while (open_ > 0 && !patience_.over()) {
    const auto next = std::min(patience_.end, patience_.clock.now() + kProgressPeriod);
    if (!wake_.wait_until(lock, next, [this] { return open_ == 0; })) progress(all - open_, all);
  }
}

void Sweep::work(const std::stop_token& stop) {
  while (const auto item = queue_.get(stop)) {
    const auto result = reconciler_.reconcile(item->key, stop);
    writes_ += result.writes.size();
    settle(item->key, result.outcome);
  }
}

void Sweep::settle(const std::string& ns, const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kDone:
    case Outcome::Kind::kGone:
      return finish(ns, std::nullopt);
    case Outcome::Kind::kForbidden:
      return finish(ns, Trouble{outcome.message, false});
    case Outcome::Kind::kThrottled:
      queue_.pause_for(std::max<std::chrono::milliseconds>(outcome.after, kThrottlePause));
      break;
    case Outcome::Kind::kAgain:
    case Outcome::Kind::kPaused:
    case Outcome::Kind::kRetry:
      break;
  }
  if (!try_again(ns, outcome)) finish(ns, Trouble{outcome.message, true});
}

/// Not more than a few times: what does not pass is for the next sweep.
bool Sweep::try_again(const std::string& ns, const Outcome& outcome) {
  {
    const std::lock_guard lock(mutex_);
    if (++failures_[ns] >= kSweepAttempts) return false;
  }
  queue_.retry(ns, outcome.after, outcome.after > 0ms);
  return true;
}

void Sweep::finish(const std::string& ns, const std::optional<Trouble>& trouble) {
  queue_.done(ns);
  {
    const std::lock_guard lock(mutex_);
    --open_;
    if (trouble) trouble_[ns] = *trouble;
  }
  wake_.notify_all();
}

}  // namespace icrps::cli
