#include "controller/queue_state.hpp"

#include <algorithm>

namespace icrps::controller {
namespace {

using namespace std::chrono_literals;

// Goal: a conflict with another writer is settled within milliseconds; a namespace that keeps
// failing costs the API server at most 2 requests a minute.
constexpr BackoffPolicy kBackoff{.first = 10ms, .factor = 2.0, .cap = 60s, .jitter = 0.5};

constexpr unsigned kForgivenFailures = 2;

// With 16 requests in flight a busy API server takes 40 ms for each. Nobody waits for bulk work,
// and with one at a time it still writes some hundred namespaces a second (docs/benchmarks.md).
constexpr std::size_t kBulkBesideNews = 1;
constexpr auto kNewsTime = 1s;

// Nobody notices 50 ms, and one namespace can't cause more than 20 reconciles a second for long.
constexpr unsigned kAtOnce = 50;
constexpr auto kPace = 50ms;
constexpr auto kSweepTime = 10s;
// As many events come with a new namespace and its accounts. Whoever causes more holds nobody up.
constexpr unsigned kOfNewcomer = 5;

}  // namespace

void QueueState::add(const std::string& key, Priority priority, Instant now) {
  Entry& entry = entries_[key];
  // What is told of a key that is being worked on is the echo of that work, most likely.
  if (priority == Priority::kNew && !entry.processing && is_newcomer(key, now)) news_ = now;
  if (entry.processing) {
    if (!entry.dirty) entry.dirty_since = now;
    entry.dirty = true;
    entry.priority = std::max(entry.priority, priority);
    return;
  }
  if (entry.due && (entry.firm || entry.failures > kForgivenFailures)) return;
  if (!entry.queued && entry.failures == 0) entry.since = now;
  enqueue(key, entry, priority, now);
}

bool QueueState::is_newcomer(const std::string& key, Instant now) const {
  const auto spent = spent_.find(std::hash<std::string>()(key));
  return spent == spent_.end() || spent->second < now + kPace * kOfNewcomer;
}

void QueueState::add_later(const std::string& key, Instant due) {
  Entry& entry = entries_[key];
  if (entry.queued || (entry.due && *entry.due <= due)) return;
  entry.due = due;  // an older addition in later_ with another time is skipped when it comes up
  later_.emplace(due, key);
}

void QueueState::enqueue(const std::string& key, Entry& entry, Priority priority, Instant since) {
  entry.due.reset();
  if (entry.queued && entry.priority >= priority) return;
  // A key that moves up stays in the bulk lane too; pop_from() skips it there.
  if (!entry.queued) {
    ++waiting_;
    entry.queued_since = since;
  } else {
    --bulk_waiting_;
  }
  if (priority == Priority::kBulk) ++bulk_waiting_;
  entry.queued = true;
  entry.priority = priority;
  (priority == Priority::kNew ? fresh_ : bulk_).push_back(key);
}

void QueueState::release_due(Instant now) {
  while (!later_.empty() && later_.begin()->first <= now) {
    const auto [due, key] = *later_.begin();
    later_.erase(later_.begin());
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.due != due) continue;
    Entry& entry = found->second;
    entry.due.reset();
    if (entry.processing) {
      if (!entry.dirty) entry.dirty_since = due;
      entry.dirty = true;
    } else {
      if (entry.failures == 0) entry.since = due;
      enqueue(key, entry, Priority::kNew, due);
    }
  }
}

std::optional<WorkItem> QueueState::pop(Instant now) {
  release_due(now);
  if (paused_until_ && now < *paused_until_) return std::nullopt;
  paused_until_.reset();
  if (auto item = pop_from(fresh_, Priority::kNew, now)) return item;
  if (now < bulk_free()) return std::nullopt;
  return pop_from(bulk_, Priority::kBulk, now);
}

QueueState::Instant QueueState::bulk_free() const {
  return news_ && bulk_in_flight_ >= kBulkBesideNews ? *news_ + kNewsTime : Instant{};
}

QueueState::Instant QueueState::turn_of(const std::string& key, Instant now) {
  if (now >= sweep_at_) {
    std::erase_if(spent_, [&](const auto& one) { return one.second <= now; });
    sweep_at_ = now + kSweepTime;
  }
  auto& spent = spent_.try_emplace(std::hash<std::string>()(key), now).first->second;
  const auto turn = spent - kPace * (kAtOnce - 1);
  if (turn <= now) spent = std::max(spent, now) + kPace;
  return turn;
}

QueueState::Entry* QueueState::front_of(std::deque<std::string>& lane, Priority priority) {
  while (!lane.empty()) {
    const auto found = entries_.find(lane.front());
    const bool in_lane =
        found != entries_.end() && found->second.queued && found->second.priority == priority;
    if (in_lane) return &found->second;
    lane.pop_front();
  }
  return nullptr;
}

std::optional<QueueState::Instant> QueueState::oldest_due(Instant now) {
  release_due(now);
  if (paused_until_ && now < *paused_until_) return std::nullopt;
  std::optional<Instant> oldest;
  for (const auto* entry : {front_of(fresh_, Priority::kNew), front_of(bulk_, Priority::kBulk)}) {
    if (entry == nullptr) continue;
    oldest = oldest ? std::min(*oldest, entry->queued_since) : entry->queued_since;
  }
  return oldest;
}

std::optional<WorkItem> QueueState::pop_from(std::deque<std::string>& lane, Priority priority,
                                             Instant now) {
  while (const auto front = front_of(lane, priority)) {
    Entry& entry = *front;
    const std::string key = std::move(lane.front());
    lane.pop_front();
    entry.queued = false;
    --waiting_;
    if (priority == Priority::kNew) {
      if (const auto turn = turn_of(key, now); turn > now) {
        entry.due = turn;
        later_.emplace(turn, key);
        continue;
      }
    }
    entry.processing = true;
    handed_out_ = now;
    if (priority == Priority::kBulk) {
      --bulk_waiting_;
      ++bulk_in_flight_;
      entry.bulk_in_flight = true;
    }
    return WorkItem{key, entry.since};
  }
  return std::nullopt;
}

std::optional<QueueState::Instant> QueueState::next_due() const {
  std::optional<Instant> due;
  if (!later_.empty()) due = later_.begin()->first;
  if (waiting_ > 0) {
    const auto free = waiting_ > bulk_waiting_ ? Instant{} : bulk_free();
    due = due ? std::min(*due, free) : free;
  }
  if (due && paused_until_) due = std::max(*due, *paused_until_);
  return due;
}

void QueueState::leave(Entry& entry) {
  entry.processing = false;
  if (entry.bulk_in_flight) --bulk_in_flight_;
  entry.bulk_in_flight = false;
}

void QueueState::finish(const std::string& key, Entry& entry) {
  leave(entry);
  if (entry.dirty) {
    entry.dirty = false;
    enqueue(key, entry, entry.priority, entry.dirty_since);
  } else if (!entry.due) {
    entries_.erase(key);  // the queue remembers only what is not in order
  }
}

void QueueState::done(const std::string& key) {
  Entry& entry = entries_[key];
  entry.failures = 0;
  entry.firm = false;
  entry.since = entry.dirty_since;
  finish(key, entry);
}

std::chrono::milliseconds QueueState::retry(const std::string& key, Instant now,
                                            std::chrono::milliseconds at_least,
                                            const Random& random, bool firm) {
  Entry& entry = entries_[key];
  ++entry.failures;
  entry.firm = firm;
  if (entry.dirty && entry.failures <= kForgivenFailures && at_least == 0ms) {
    finish(key, entry);
    return 0ms;
  }
  const auto delay = std::max(at_least, backoff_delay(kBackoff, entry.failures, random));
  leave(entry);
  entry.dirty = false;
  entry.due = now + delay;
  later_.emplace(*entry.due, key);
  return delay;
}

void QueueState::pause_until(Instant until) {
  paused_until_ = paused_until_ ? std::max(*paused_until_, until) : until;
}

unsigned QueueState::failures(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? 0 : found->second.failures;
}

}  // namespace icrps::controller
