// Whether this process is one that only a new one can help. Pure.
//
// It is asked by the kubelet, which restarts the container. So nothing counts here that a restart
// does not cure: an API server, an IAM or a registry that is down, slow or says no. Each thread's
// steps have ends of their own, whatever others do; what is judged is whether they keep them, and
// whether the work that is there gets done. docs/health.md is the reference page.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "kube/pulse.hpp"
#include "runtime/clock.hpp"

namespace icrps::controller {

struct WatchFacts {
  std::string name;  ///< "secrets metadata.name=icr-default"
  kube::Pulse::Facts pulse;
};

/// Of the queue, while it is worked on.
struct QueueFacts {
  /// Since when the oldest key waits that could be handed out: neither in its backoff nor in a
  /// pause that the API server asked for.
  std::optional<Clock::Instant> oldest_due;
  Clock::Instant handed_out{};  ///< the last key; before the first, the moment work could begin
};

/// Of the election of a leader.
struct ElectionFacts {
  Clock::Instant last_step{};  ///< its thread has gone on
  std::chrono::seconds lease{};
  kube::AnswerStreak requests;  ///< about the lease
};

struct LivenessFacts {
  Clock::Instant now{};
  std::vector<WatchFacts> watches;
  kube::AnswerStreak requests;  ///< those that are neither a watch's nor about the lease
  std::optional<QueueFacts> queue;
  /// By worker: since when it is at one step of a namespace; nothing: it waits for one.
  std::vector<std::optional<Clock::Instant>> workers;
  std::optional<ElectionFacts> election;
};

/// How old the answer may be that shows that the API server is there, where watches may be without
/// a sign for so long.
[[nodiscard]] std::chrono::seconds recently(std::chrono::seconds limit);

/// A request came to its end; `code` as kube::RequestObserver has it. One that was cancelled, or
/// whose answer was too large, tells nothing. Answers that are further apart than `longest_gap` are
/// no streak: nobody knows what the API server would have said in between.
void count(kube::AnswerStreak& streak, std::string_view code, Clock::Instant now,
           std::chrono::seconds longest_gap = std::chrono::hours(24));

/// Why a new process is needed, for people; empty: it is not.
[[nodiscard]] std::vector<std::string> reasons_to_restart(const LivenessFacts& facts,
                                                          const config::Liveness& limits);

}  // namespace icrps::controller
