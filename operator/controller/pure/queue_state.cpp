#include "controller/pure/queue_state.hpp"

#include <algorithm>

namespace icrps::controller {
namespace {

using namespace std::chrono_literals;

// Goal: a conflict with another writer is settled within milliseconds; a namespace that keeps
// failing costs the API server at most 2 requests a minute.
constexpr BackoffPolicy kQueueBackoff{.first = 10ms, .factor = 2.0, .cap = 60s, .jitter = 0.5};
constexpr unsigned kForgivenFailures = 2;

// Nobody notices 50 ms, and one namespace can't cause more than 20 reconciles a second for long.
constexpr Rate kPace{.at_once = 50, .every = 50ms};
// A new namespace writes twice, before and after its service account appears.
constexpr Rate kNews{.at_once = 4, .every = 30s};
// Where there are too few workers for a share, a lane has its turn so often.
constexpr auto kTurn = 1s;

// What an API server rarely takes, and a newcomer hardly notices.
constexpr auto kHeldUp = 250ms;

// With fewer workers the shares of lanes are turns.
constexpr std::size_t kForShares = 4;

constexpr std::size_t quarter(std::size_t workers) {
  return std::max<std::size_t>(1, workers / 4);
}
/// Workers that are there for new keys only, whatever holds all the others.
constexpr std::size_t reserve(std::size_t workers) {
  return workers < kForShares ? 0 : std::max<std::size_t>(1, workers / 16);
}

}  // namespace

QueueState::QueueState(std::size_t workers, std::size_t spare)
    : workers_(workers), spare_(spare), pace_(kPace), news_(kNews) {}

void QueueState::add(const std::string& key, Priority priority, Instant now) {
  Entry& entry = entries_[key];
  const auto lane = lane_of(key, priority, now);
  if (entry.processing) return soil(entry, lane, now);
  if (entry.due && (entry.firm || entry.failures > kForgivenFailures)) return;
  if (!entry.ticket && entry.failures == 0) entry.since = now;
  enqueue(key, entry, lane, now);
}

void QueueState::add_later(const std::string& key, Instant due) {
  Entry& entry = entries_[key];
  if (entry.ticket || (entry.due && *entry.due <= due)) return;
  postpone(key, entry, entry.processing ? entry.lane : Lane::kBulk, due);
}

Lane QueueState::lane_of(const std::string& key, Priority priority, Instant now) const {
  if (slow_.is_slow(key, now)) return Lane::kSlow;
  return priority == Priority::kNew ? Lane::kNew : Lane::kBulk;
}

void QueueState::enqueue(const std::string& key, Entry& entry, Lane lane, Instant since) {
  entry.due.reset();  // what is left in later_ is skipped when it comes up
  if (!entry.ticket) {
    entry.lane = lane;
    entry.ticket = lanes_.put(key, lane, since);
  } else if (entry.lane == Lane::kBulk && lane == Lane::kNew) {
    entry.lane = lane;
    lanes_.move(*entry.ticket, lane);
  }
}

/// Something came while the key was being worked on.
void QueueState::soil(Entry& entry, Lane lane, Instant since) {
  if (!entry.dirty) entry.dirty_since = since;
  if (!entry.dirty || lane == Lane::kNew) entry.dirty_lane = lane;
  entry.dirty = true;
}

void QueueState::postpone(const std::string& key, Entry& entry, Lane lane, Instant due) {
  if (!entry.processing) entry.lane = lane;
  entry.due = due;  // an older addition in later_ with another time is skipped when it comes up
  later_.emplace(due, key);
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
      soil(entry, Lane::kBulk, due);
    } else {
      if (entry.failures == 0) entry.since = due;
      enqueue(key, entry, entry.lane, due);
    }
  }
}

QueueState::Instant QueueState::relief_at(Instant begun) const {
  return begun + std::max<Instant::duration>(kHeldUp, slow_.typical() * SlowKeys::kTimesTypical);
}

QueueState::Counts QueueState::engaged(Instant now) const {
  auto counts = in_flight_;
  std::size_t relieved = 0;
  for (const auto& [begun, lane] : may_be_relieved_) {
    if (relieved++ == spare_ || relief_at(begun) > now) break;
    --counts[index_of(lane)];
  }
  return counts;
}

std::optional<QueueState::Instant> QueueState::next_relief(Instant now) const {
  std::size_t relieved = 0;
  for (const auto& [begun, lane] : may_be_relieved_) {
    if (relieved++ == spare_) break;
    if (const auto at = relief_at(begun); at > now) return at;
  }
  return std::nullopt;
}

std::size_t QueueState::owed(const Counts& engaged) const {
  const auto lacks = [&](Lane lane, std::size_t share) {
    const auto has = engaged[index_of(lane)];
    return std::min(lanes_.waiting(lane), share > has ? share - has : 0);
  };
  return workers_ < kForShares ? 0 : lacks(Lane::kBulk, quarter(workers_)) + lacks(Lane::kSlow, 1);
}

bool QueueState::may_hand_out(Lane lane, Instant now) const {
  if (lanes_.waiting(lane) == 0) return false;
  const auto has = engaged(now);
  const auto bulk = has[index_of(Lane::kBulk)];
  const auto slow = has[index_of(Lane::kSlow)];
  const auto busy = bulk + slow + has[index_of(Lane::kNew)];
  const auto free = workers_ > busy ? workers_ - busy : 0;
  // Without spare ones whoever asks is a worker.
  if (free == 0 && spare_ > 0) return false;
  const bool leaves_reserve = bulk + slow < workers_ - reserve(workers_);
  switch (lane) {
    case Lane::kNew: {
      const auto others = owed(has);
      return others == 0 || free > others;
    }
    case Lane::kBulk:
      return leaves_reserve && (bulk < quarter(workers_) || !hold_.holds(now));
    case Lane::kSlow:
      return leaves_reserve && slow < quarter(workers_);
  }
  return false;
}

std::optional<QueueState::Instant> QueueState::overdue_at(Lane lane) const {
  const auto* const front = lanes_.front(lane);
  const bool has_one = in_flight_[index_of(lane)] > 0;
  if (workers_ >= kForShares || front == nullptr || has_one) return std::nullopt;
  return std::max(front->since, last_[index_of(lane)]) + kTurn;
}

std::optional<Lane> QueueState::next_lane(Instant now) const {
  for (const auto lane : {Lane::kBulk, Lane::kSlow}) {
    const auto overdue = overdue_at(lane);
    if (overdue && *overdue <= now && may_hand_out(lane, now)) return lane;
  }
  if (may_hand_out(Lane::kNew, now)) return Lane::kNew;
  const bool slow_has_none = in_flight_[index_of(Lane::kSlow)] == 0;
  if (slow_has_none && may_hand_out(Lane::kSlow, now)) return Lane::kSlow;
  if (may_hand_out(Lane::kBulk, now)) return Lane::kBulk;
  if (may_hand_out(Lane::kSlow, now)) return Lane::kSlow;
  return std::nullopt;
}

std::optional<WorkItem> QueueState::pop(Instant now) {
  release_due(now);
  if (paused_until_ && now < *paused_until_) return std::nullopt;
  paused_until_.reset();
  while (const auto lane = next_lane(now)) {
    const auto waiting = lanes_.take(*lane);
    Entry& entry = entries_.at(waiting.key);
    entry.ticket.reset();
    if (*lane == Lane::kNew && !pace_.take(waiting.key, now)) {
      postpone(waiting.key, entry, Lane::kNew, pace_.ready(waiting.key));
      continue;
    }
    return hand_out(waiting.key, entry, now);
  }
  return std::nullopt;
}

WorkItem QueueState::hand_out(const std::string& key, Entry& entry, Instant now) {
  entry.processing = true;
  entry.begun = now;
  ++in_flight_[index_of(entry.lane)];
  if (entry.lane != Lane::kSlow) may_be_relieved_.emplace(now, entry.lane);
  last_[index_of(entry.lane)] = now;
  handed_out_ = now;
  return {key, entry.since};
}

std::optional<QueueState::Instant> QueueState::next_due(Instant now) const {
  std::optional<Instant> due;
  const auto consider = [&](std::optional<Instant> other) {
    if (other) due = due ? std::min(*due, *other) : *other;
  };
  if (!later_.empty()) consider(later_.begin()->first);
  if (next_lane(now)) consider(now);
  if (lanes_.waiting(Lane::kBulk) > 0 && hold_.holds(now)) consider(hold_.free_at());
  if (lanes_.waiting() > 0) consider(next_relief(now));
  for (const auto lane : {Lane::kBulk, Lane::kSlow}) {
    // Once it is overdue only the end of other work helps it.
    if (const auto at = overdue_at(lane); at && *at > now) consider(at);
  }
  if (due && paused_until_) due = std::max(*due, *paused_until_);
  return due;
}

std::optional<QueueState::Instant> QueueState::oldest_due(Instant now) {
  release_due(now);
  if (paused_until_ && now < *paused_until_) return std::nullopt;
  std::optional<Instant> oldest;
  for (const auto lane : {Lane::kNew, Lane::kBulk, Lane::kSlow}) {
    if (!may_hand_out(lane, now)) continue;
    const auto since = lanes_.front(lane)->since;
    oldest = oldest ? std::min(*oldest, since) : since;
  }
  return oldest;
}

void QueueState::writes(const std::string& key, Instant now) {
  Entry& entry = entries_[key];
  if (!entry.processing || entry.writing) return;
  entry.writing = now;
  if (entry.lane != Lane::kNew || !news_.take(key, now)) return;
  entry.news = true;
  hold_.begins(now);
}

void QueueState::leave(const std::string& key, Entry& entry, Instant now) {
  entry.processing = false;
  --in_flight_[index_of(entry.lane)];
  const auto [first, last] = may_be_relieved_.equal_range(entry.begun);
  const auto own =
      std::find_if(first, last, [&](const auto& one) { return one.second == entry.lane; });
  if (own != last) may_be_relieved_.erase(own);
  if (entry.news) hold_.ends(*entry.writing, now);
  if (entry.writing) slow_.took(key, now - entry.begun, now);
  entry.news = false;
  entry.writing.reset();
}

void QueueState::finish(const std::string& key, Entry& entry, Instant now) {
  leave(key, entry, now);
  if (entry.dirty) {
    entry.dirty = false;
    const bool slow = slow_.is_slow(key, now);
    enqueue(key, entry, slow ? Lane::kSlow : entry.dirty_lane, entry.dirty_since);
  } else if (!entry.due) {
    entries_.erase(key);  // the queue remembers only what is not in order
  } else {
    entry.lane = Lane::kBulk;
  }
}

void QueueState::done(const std::string& key, Instant now) {
  Entry& entry = entries_[key];
  entry.failures = 0;
  entry.firm = false;
  entry.since = entry.dirty_since;
  finish(key, entry, now);
}

std::chrono::milliseconds QueueState::retry(const std::string& key, Instant now,
                                            std::chrono::milliseconds at_least,
                                            const Random& random, bool firm) {
  Entry& entry = entries_[key];
  ++entry.failures;
  entry.firm = firm;
  if (entry.dirty && entry.failures <= kForgivenFailures && at_least == 0ms) {
    finish(key, entry, now);
    return 0ms;
  }
  const auto delay = std::max(at_least, backoff_delay(kQueueBackoff, entry.failures, random));
  const auto lane = entry.lane;
  leave(key, entry, now);
  entry.dirty = false;
  // What fails again and again is nobody's news.
  const bool again = entry.failures > kForgivenFailures && lane == Lane::kNew;
  const bool slow = slow_.is_slow(key, now);
  postpone(key, entry, slow ? Lane::kSlow : again ? Lane::kBulk : lane, now + delay);
  return delay;
}

void QueueState::end_backoffs(Instant now) {
  for (auto& [key, entry] : entries_) {
    if (!entry.due || entry.firm || entry.failures == 0 || entry.processing) continue;
    enqueue(key, entry, lane_of(key, Priority::kBulk, now), now);
  }
}

void QueueState::pause_until(Instant until) {
  paused_until_ = paused_until_ ? std::max(*paused_until_, until) : until;
}

unsigned QueueState::failures(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? 0 : found->second.failures;
}

}  // namespace icrps::controller
