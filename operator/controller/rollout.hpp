// Which revision of each credential stands where: "4711 of 5000 namespaces", and the moment when
// the last one has the new revision, after which the old key may be revoked.
//
// A namespace counts when it asks for the credential. It is `current` with a copy of the current
// revision, `behind` with one of another revision or with a first one on its way, and left out when
// there is nothing of ours to replace (it may not use the credential, the Secret is not ours, …).
// What is left out holds up nobody.
//
// Of the revision that stands in a namespace only a mark is kept, which tells whether it is the
// current one: what a copy says is its tenant's to write. Only revisions that the operator itself
// handed out are ever named to people, and where none came before there is nothing to tell.
//
// Memory: about 80 bytes for a namespace that asks for any credential, and 16 for each credential.
// Thread safety: all methods may be called from any thread; complete() never waits.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "plan/plan.hpp"
#include "runtime/clock.hpp"
#include "runtime/metrics.hpp"

namespace icrps::controller {

class Rollout {
 public:
  /// A revision took the place of another one everywhere.
  struct Completed {
    std::string credential;
    std::string revision;
    std::size_t namespaces = 0;  ///< that have it
    std::string replaced;        ///< the revision that was handed out before it
  };
  /// Called once per revision, without a lock held, on the thread that brought the last piece. Not
  /// for a revision that replaced none: the first one of an installation, or one that a restart
  /// found in place.
  using OnComplete = std::function<void(const Completed&)>;
  /// Called whenever complete() has become true for the current revision, also when it replaced
  /// none: after a restart, whoever waits for a roll-out hears that there is nothing to wait for.
  using OnInPlace = std::function<void(const std::string& credential)>;

  struct Report {
    std::string revision;  ///< the current one; empty: there was no good value yet
    std::chrono::system_clock::time_point since{};  ///< when this process got it
    std::size_t current = 0;
    std::size_t behind = 0;
    std::size_t left_out = 0;
    /// Those behind and left out, by reason. A namespace whose turn has not come is kPending.
    std::map<plan::Standing, std::size_t> reasons;
    bool complete = false;
  };

  /// Everything passed by reference outlives the roll-out. Any other credential is ignored.
  Rollout(const std::vector<std::string>& credentials, const Clock& clock, Metrics& metrics);
  ~Rollout();
  Rollout(const Rollout&) = delete;
  Rollout& operator=(const Rollout&) = delete;

  /// Before anything else.
  void listen(OnComplete on_complete, OnInPlace on_in_place = {}) {
    on_complete_ = std::move(on_complete);
    on_in_place_ = std::move(on_in_place);
  }

  /// All namespaces that exist, when the first lists are complete. Nothing counts as complete until
  /// each of them was seen or forgotten.
  void expect(const std::vector<std::string>& namespaces);

  /// From now on this is the credential's current revision. The same again is no news. `before`:
  /// the one that an earlier process handed out before it, as is recorded; empty: none did.
  void release(const std::string& credential, const std::string& revision,
               const std::string& before = {});

  /// How a reconcile left the namespace: all credentials that it asks for, Reconciled::copies.
  void seen(const std::string& ns, const std::vector<plan::CopyReport>& copies);
  /// It is gone.
  void forget(const std::string& ns) { seen(ns, {}); }

  /// Every namespace that asks for the credential and can have it has this revision, and it is the
  /// current one. False for what is not known.
  [[nodiscard]] bool complete(const std::string& credential, const std::string& revision) const;

  [[nodiscard]] std::optional<Report> report(const std::string& credential) const;

 private:
  struct Track;
  using Slot = std::uint32_t;

  Track* find(const std::string& credential) const;
  std::optional<Slot> slot_of(const std::string& ns, bool wanted);
  struct News {
    std::vector<Completed> completed;
    std::vector<std::string> in_place;
  };
  void settle(Track& track, News& news);
  News settle_all();
  void tell(const News& news) const;

  const Clock& clock_;
  Metrics& metrics_;
  OnComplete on_complete_;
  OnInPlace on_in_place_;

  mutable std::mutex mutex_;
  // The map never changes; what it points to is guarded by mutex_, but for the atomic in it.
  std::map<std::string, std::unique_ptr<Track>> tracks_;
  // guarded by mutex_
  std::unordered_map<std::string, Slot> slots_;
  std::vector<Slot> free_slots_;
  Slot end_ = 0;  // all slots are below
  std::unordered_set<std::string> unseen_;
  bool listed_ = false;  // expect() was called
};

/// What a person is told about it. `own_keys`: the operator makes the credential's keys and takes
/// old ones away itself.
[[nodiscard]] plan::Problem note_of(const Rollout::Completed& completed, bool own_keys);

}  // namespace icrps::controller
