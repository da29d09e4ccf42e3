// The work queue's rules, without threads: time comes in as an argument. Pure.
//
// After client-go's work queue. Four promises:
//   - a key is never given to two workers at once;
//   - a key added while it waits is done once; added while it is being done, it is done once more;
//   - a key that is new again and again is given out 50 times at once and then every 50 ms, so that
//     one namespace can't keep the API server busy by being edited without end;
//   - new keys go before bulk work (a roll-out to every namespace), within a class first come
//     first served; and while there is news, bulk work takes only some of the API server's time, or
//     a new namespace would wait for answers in a crowd of requests that nobody waits for.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

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

  /// A key that waits out its backoff after one or two failures is tried at once, because the news
  /// may be the cure; after more it waits on, so that a storm of news can't defeat the backoff.
  void add(const std::string& key, Priority priority, Instant now);
  /// Not before `due`; an earlier addition takes its place: a key is a question about the present,
  /// not a message.
  void add_later(const std::string& key, Instant due);

  /// A key that is due, or nothing.
  std::optional<WorkItem> pop(Instant now);
  /// When pop() may have something: the past or now when it has; nothing when it is empty.
  [[nodiscard]] std::optional<Instant> next_due() const;

  /// The worker is through with it and nothing is left to do.
  void done(const std::string& key);
  /// The worker is through with it and it must be tried again after a growing delay of at least
  /// `at_least`. `firm`: no news shortens it, because the API server asked for it. Returns the
  /// delay.
  std::chrono::milliseconds retry(const std::string& key, Instant now,
                                  std::chrono::milliseconds at_least, const Random& random,
                                  bool firm = false);

  /// Nobody gets anything before `until`: the API server asked for a pause.
  void pause_until(Instant until);

  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  /// Since when the oldest key waits that pop() may give out; nothing: there is none, or a pause.
  /// Of each class the key that is next counts as its oldest.
  [[nodiscard]] std::optional<Instant> oldest_due(Instant now);
  /// When pop() last gave something.
  [[nodiscard]] Instant handed_out() const { return handed_out_; }
  [[nodiscard]] unsigned failures(const std::string& key) const;

 private:
  struct Entry {
    bool queued = false;
    bool processing = false;
    bool dirty = false;  // added while processing
    Priority priority = Priority::kBulk;
    bool bulk_in_flight = false;  // processing, and was bulk when it was handed out
    Instant since{};              // of what waits or is being done
    Instant queued_since{};       // it could be given out; only when queued
    Instant dirty_since{};        // of what came meanwhile
    unsigned failures = 0;
    std::optional<Instant> due;  // of the delayed addition, if any
    bool firm = false;           // news must wait until then
  };

  void enqueue(const std::string& key, Entry& entry, Priority priority, Instant since);
  void release_due(Instant now);
  /// The next of the lane, without what is no longer in it.
  Entry* front_of(std::deque<std::string>& lane, Priority priority);
  std::optional<WorkItem> pop_from(std::deque<std::string>& lane, Priority priority, Instant now);
  /// When this new key may be given out. If that is not later than now, it counts as given out.
  Instant turn_of(const std::string& key, Instant now);
  void finish(const std::string& key, Entry& entry);
  void leave(Entry& entry);
  /// It was not worked on often lately.
  [[nodiscard]] bool is_newcomer(const std::string& key, Instant now) const;
  /// When bulk work may be handed out: the past, or when the news is old. The end of other bulk
  /// work changes it.
  [[nodiscard]] Instant bulk_free() const;

  std::unordered_map<std::string, Entry> entries_;
  std::deque<std::string> fresh_;
  std::deque<std::string> bulk_;
  std::multimap<Instant, std::string> later_;
  std::optional<Instant> paused_until_;
  Instant handed_out_{};
  std::size_t waiting_ = 0;
  std::size_t bulk_waiting_ = 0;    // of waiting_
  std::size_t bulk_in_flight_ = 0;  // handed out
  std::optional<Instant> news_;     // when the last new key came
  /// By the hash of the key: when it is as if the key had never been given out.
  std::unordered_map<std::size_t, Instant> spent_;
  Instant sweep_at_{};  // when spent_ is looked through next
};

}  // namespace icrps::controller
