#include "controller/liveness.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "config/duration.hpp"

namespace icrps::controller {
namespace {

using namespace std::chrono_literals;
using config::format_duration;
using Instant = Clock::Instant;
using TroubleKind = kube::WatchTrouble::Kind;

// A leader's process ends by itself well before, one that stands by looks more often.
constexpr auto kElectionSlack = 10s;

/// So long nothing is handed out, however slow the API server is, only when nobody hands out.
std::chrono::seconds standstill(std::chrono::seconds limit) {
  return std::min<std::chrono::seconds>(1min, limit / 2);
}

/// It has answered all the time, while the watch could have been begun again.
bool has_answered(const kube::AnswerStreak& streak, Instant now, std::chrono::seconds limit) {
  return streak.since && now - *streak.since > limit && now - streak.last <= recently(limit);
}

bool answers_others(const LivenessFacts& facts, const WatchFacts& asker,
                    std::chrono::seconds limit) {
  if (has_answered(facts.requests, facts.now, limit)) return true;
  if (facts.election && has_answered(facts.election->requests, facts.now, limit)) return true;
  return std::any_of(facts.watches.begin(), facts.watches.end(), [&](const WatchFacts& other) {
    return &other != &asker && has_answered(other.pulse.answers, facts.now, limit);
  });
}

/// An answer that says no would be given to a new process, too.
bool was_refused(const kube::Pulse::Facts& pulse) {
  return pulse.trouble && *pulse.trouble != TroubleKind::kSilent &&
         *pulse.trouble != TroubleKind::kBroken;
}

std::optional<std::string> judge(const LivenessFacts& facts, const WatchFacts& watch,
                                 std::chrono::seconds limit) {
  const auto& pulse = watch.pulse;
  if (facts.now - pulse.goes_on_by > limit) {
    return fmt::format("the watch of {} hangs: its thread should have gone on more than {} ago",
                       watch.name, format_duration(limit));
  }
  const bool apart = pulse.apart_since && facts.now - *pulse.apart_since > limit;
  if (apart && !was_refused(pulse) && answers_others(facts, watch, limit)) {
    return fmt::format(
        "the watch of {} has brought neither event nor bookmark for more than {} and can't be "
        "begun again, although the API server answers other requests",
        watch.name, format_duration(limit));
  }
  return std::nullopt;
}

/// Of a queue whose workers are all busy nothing is expected; they are judged by themselves.
std::optional<std::string> judge_queue(const LivenessFacts& facts, std::chrono::seconds limit) {
  if (!facts.queue || !facts.queue->oldest_due) return std::nullopt;
  const bool idle = std::any_of(facts.workers.begin(), facts.workers.end(),
                                [](const auto& since) { return !since.has_value(); });
  const bool still = facts.now - facts.queue->handed_out > standstill(limit);
  if (!idle || !still || facts.now - *facts.queue->oldest_due <= limit) return std::nullopt;
  return fmt::format(
      "the queue stands still: a namespace has waited for more than {}, a worker is free, and "
      "nothing was handed out for {}",
      format_duration(limit),
      format_duration(
          std::chrono::duration_cast<std::chrono::seconds>(facts.now - facts.queue->handed_out)));
}

}  // namespace

// Bookmarks come about once a minute. Well below the limit, so that a server that went down just
// now is not said to be there.
std::chrono::seconds recently(std::chrono::seconds limit) {
  return std::min<std::chrono::seconds>(2min, limit / 4);
}

void count(kube::AnswerStreak& streak, std::string_view code, Instant now,
           std::chrono::seconds longest_gap) {
  if (code == "canceled" || code == "too_large") return;
  if (streak.since && now - streak.last > longest_gap) streak.missed();
  const bool answered = !code.empty() && code.front() >= '0' && code.front() <= '9';
  if (answered) {
    streak.answered(now);
  } else {
    streak.missed();
  }
}

std::vector<std::string> reasons_to_restart(const LivenessFacts& facts,
                                            const config::Liveness& limits) {
  std::vector<std::string> reasons;
  for (const auto& watch : facts.watches) {
    if (auto reason = judge(facts, watch, limits.watch)) reasons.push_back(std::move(*reason));
  }
  if (auto reason = judge_queue(facts, limits.queue)) reasons.push_back(std::move(*reason));
  for (std::size_t i = 0; i < facts.workers.size(); ++i) {
    const auto& since = facts.workers[i];
    if (!since || facts.now - *since <= limits.worker) continue;
    reasons.push_back(
        fmt::format("worker {} is stuck: at one change in a namespace for more than {}", i,
                    format_duration(limits.worker)));
  }
  if (const auto& election = facts.election) {
    const auto limit = election->lease + kElectionSlack;
    if (facts.now - election->last_step > limit) {
      reasons.push_back(
          fmt::format("the election of a leader hangs: its thread has not gone on for more than {}",
                      format_duration(limit)));
    }
  }
  return reasons;
}

}  // namespace icrps::controller
