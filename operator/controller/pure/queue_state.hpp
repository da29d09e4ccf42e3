// The work queue's rules, without threads: time comes in as an argument. Pure.
//
// After client-go's work queue, with three lanes. The promises:
//   - a key is never given to two workers at once;
//   - a key added while it waits is done once; added while it is being done, it is done once more;
//   - a key that is new again and again is given out 50 times at once and then every 50 ms, so that
//     one namespace can't keep the API server busy by being edited without end;
//   - new keys go before bulk work (a roll-out to every namespace), within a lane first come, first
//     served; and while news is written, bulk work is held to its share (NewsHold). News is a new
//     key that has something to write, four times at once and then every 30 s for each key: who
//     edits his namespace without end is no news;
//   - bulk work has a quarter of the workers, whatever there is of news, and its turn within a
//     second where there are too few workers for that; all but a few have it in quiet;
//   - keys that hold their worker for much longer than others (SlowKeys) have a quarter of the
//     workers at most, and one at least;
//   - a key that was not known to be slow and holds its worker for much longer than usual is one of
//     the workers' no more: a spare one takes its place, as long as there are any.
// docs/decisions/0012-queue-lanes.md has the reasons.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "controller/pure/lanes.hpp"
#include "controller/pure/news_hold.hpp"
#include "controller/pure/slow_keys.hpp"
#include "controller/pure/token_bucket.hpp"
#include "runtime/backoff.hpp"
#include "runtime/clock.hpp"

namespace icrps::controller {

enum class Priority { kBulk, kNew };

struct WorkItem {
  std::string key;
  Clock::Instant since;  ///< when the oldest event that is not dealt with came
};

class QueueState {
 public:
  using Instant = Clock::Instant;

  /// `workers` + `spare` threads call pop().
  explicit QueueState(std::size_t workers = 16, std::size_t spare = 0);

  /// A key that waits out its backoff after one or two failures is tried at once, because the news
  /// may be the cure; after more it waits on, so that a storm of news can't defeat the backoff.
  void add(const std::string& key, Priority priority, Instant now);
  /// Not before `due`; an earlier addition takes its place: a key is a question about the present,
  /// not a message.
  void add_later(const std::string& key, Instant due);

  /// A key that is due, or nothing.
  std::optional<WorkItem> pop(Instant now);
  /// When pop() may have something: the past or now when it has; nothing when only an event can
  /// change that. After a pop() that had nothing it is never due.
  [[nodiscard]] std::optional<Instant> next_due(Instant now) const;

  /// The worker has something to write for the key, in a namespace that takes part.
  void writes(const std::string& key, Instant now);
  /// The worker is through with it and nothing is left to do.
  void done(const std::string& key, Instant now);
  /// The worker is through with it and it must be tried again after a growing delay of at least
  /// `at_least`. `firm`: no news shortens it, because the API server asked for it. Returns the
  /// delay.
  std::chrono::milliseconds retry(const std::string& key, Instant now,
                                  std::chrono::milliseconds at_least, const Random& random,
                                  bool firm = false);
  /// What waits out a backoff that nobody asked for is bulk work now: its cause is gone.
  void end_backoffs(Instant now);

  /// Nobody gets anything before `until`: the API server asked for a pause.
  void pause_until(Instant until);

  [[nodiscard]] std::size_t waiting() const { return lanes_.waiting(); }
  /// Since when the oldest key waits that pop() may give out; nothing: there is none, or a pause.
  /// Of each lane the key that is next counts as its oldest.
  [[nodiscard]] std::optional<Instant> oldest_due(Instant now);
  /// When pop() last gave something.
  [[nodiscard]] Instant handed_out() const { return handed_out_; }
  [[nodiscard]] unsigned failures(const std::string& key) const;

 private:
  struct Entry {
    std::optional<Lanes::Ticket> ticket;  // it waits in a lane
    std::optional<Instant> due;           // of the delayed addition, if any
    bool firm = false;                    // news must wait until then
    unsigned failures = 0;
    /// Where it waits, was handed out from, or goes when it is due.
    Lane lane = Lane::kBulk;
    Instant since{};  // of what waits or is being done

    bool processing = false;
    Instant begun{};
    std::optional<Instant> writing;  // since when
    bool news = false;               // what it writes is
    bool dirty = false;              // added while processing
    Lane dirty_lane = Lane::kBulk;
    Instant dirty_since{};  // of what came meanwhile
  };

  [[nodiscard]] Lane lane_of(const std::string& key, Priority priority, Instant now) const;
  void enqueue(const std::string& key, Entry& entry, Lane lane, Instant since);
  void soil(Entry& entry, Lane lane, Instant since);
  void release_due(Instant now);
  void postpone(const std::string& key, Entry& entry, Lane lane, Instant due);
  WorkItem hand_out(const std::string& key, Entry& entry, Instant now);
  void leave(const std::string& key, Entry& entry, Instant now);
  void finish(const std::string& key, Entry& entry, Instant now);

  /// Whose turn it is.
  [[nodiscard]] std::optional<Lane> next_lane(Instant now) const;
  /// By its share of the workers.
  [[nodiscard]] bool may_hand_out(Lane lane, Instant now) const;
  /// When the lane, which has no worker, goes before all others. Of an empty one never.
  [[nodiscard]] std::optional<Instant> overdue_at(Lane lane) const;
  using Counts = std::array<std::size_t, kLanes>;
  /// Of each lane those that have a worker; one whose place a spare one has taken has none.
  [[nodiscard]] Counts engaged(Instant now) const;
  /// From when on a spare one takes the place of a worker that began then.
  [[nodiscard]] Instant relief_at(Instant begun) const;
  /// When the next place is taken; nothing: none will be.
  [[nodiscard]] std::optional<Instant> next_relief(Instant now) const;
  /// Workers that new keys leave to the others.
  [[nodiscard]] std::size_t owed(const Counts& engaged) const;

  const std::size_t workers_;
  const std::size_t spare_;
  std::unordered_map<std::string, Entry> entries_;
  Lanes lanes_;
  Counts in_flight_{};
  // Which lane they are from, by when they began; without slow ones, which have their share.
  std::multimap<Instant, Lane> may_be_relieved_;
  std::array<Instant, kLanes> last_{};  // handed out
  std::multimap<Instant, std::string> later_;
  std::optional<Instant> paused_until_;
  Instant handed_out_{};
  NewsHold hold_;
  SlowKeys slow_;
  TokenBuckets pace_;  // of new keys
  TokenBuckets news_;
};

}  // namespace icrps::controller
