#include "controller/rollout.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "plan/names.hpp"

namespace icrps::controller {
namespace {

using plan::Standing;

/// Stands for a revision; 0 for none.
using Mark = std::uint64_t;
constexpr Mark kNoRevision = 0;

Mark mark_of(const std::string& revision) {
  return revision.empty() ? kNoRevision : std::hash<std::string>()(revision) | 1U;
}

/// One credential in one namespace.
struct Place {
  Mark revision = kNoRevision;
  Standing standing = Standing::kPending;
  bool wanted = false;
};

enum class Bucket { kNone, kCurrent, kBehind, kLeftOut };

struct Counts {
  std::size_t current = 0;
  std::size_t behind = 0;
  std::size_t left_out = 0;
  friend bool operator==(const Counts&, const Counts&) = default;

  void add(Bucket bucket, bool more) {
    if (bucket == Bucket::kNone) return;
    auto& count = bucket == Bucket::kCurrent  ? current
                  : bucket == Bucket::kBehind ? behind
                                              : left_out;
    count = more ? count + 1 : count - 1;
  }
};

}  // namespace

/// What is known about one credential.
struct Rollout::Track {
  std::string credential;
  std::string current;  // revision
  std::chrono::system_clock::time_point since{};
  std::string replaced;           // the one that was handed out before
  bool replaced_here = false;     // by this process
  Mark took_place = kNoRevision;  // the last one that took the place of another one somewhere
  bool announced = false;         // the current one
  std::vector<Place> places;      // by slot
  Counts counts;
  Counts shown;
  std::atomic<Mark> done = kNoRevision;  // of the current revision, when it is complete

  [[nodiscard]] Bucket bucket_of(const Place& place) const {
    if (!place.wanted) return Bucket::kNone;
    if (place.revision == kNoRevision) {
      return place.standing == Standing::kPending ? Bucket::kBehind : Bucket::kLeftOut;
    }
    // Whatever else may be the matter there: it does not need another revision any more.
    return place.revision == mark_of(current) ? Bucket::kCurrent : Bucket::kBehind;
  }

  [[nodiscard]] bool not_allowed(Slot slot) const {
    return slot < places.size() && places[slot].standing == Standing::kNotAllowed;
  }

  void set(Slot slot, const plan::CopyReport* report);
  void set_current(const std::string& revision, const std::string& before);
};

void Rollout::Track::set(Slot slot, const plan::CopyReport* report) {
  if (places.size() <= slot) {
    if (report == nullptr) return;
    places.resize(slot + 1);
  }
  Place next;
  if (report != nullptr) {
    next = {mark_of(report->revision), report->standing, true};
    const bool replaces = !report->before.empty() && report->before != report->revision;
    if (replaces) took_place = next.revision;
  }
  auto& place = places[slot];
  counts.add(bucket_of(place), false);
  place = next;
  counts.add(bucket_of(place), true);
}

void Rollout::Track::set_current(const std::string& revision, const std::string& before) {
  replaced_here = !current.empty();
  replaced = std::exchange(current, revision);
  if (!replaced_here) replaced = before;
  announced = false;
  counts = {};
  for (const auto& place : places) counts.add(bucket_of(place), true);
}

Rollout::Rollout(const std::vector<std::string>& credentials, const Clock& clock, Metrics& metrics)
    : clock_(clock), metrics_(metrics) {
  for (const auto& credential : credentials) {
    auto& track = *(tracks_[credential] = std::make_unique<Track>());
    track.credential = credential;
    metrics_.set_rollout(credential, 0, 0);
  }
}

Rollout::~Rollout() = default;

void Rollout::expect(const std::vector<std::string>& namespaces) {
  News news;
  {
    const std::lock_guard lock(mutex_);
    unseen_ = {namespaces.begin(), namespaces.end()};
    listed_ = true;
    news = settle_all();
  }
  tell(news);
}

void Rollout::release(const std::string& credential, const std::string& revision,
                      const std::string& before) {
  auto* track = find(credential);
  if (track == nullptr) return;
  News news;
  {
    const std::lock_guard lock(mutex_);
    if (track->current == revision) return;
    track->set_current(revision, before);
    track->since = clock_.wall();
    settle(*track, news);
  }
  tell(news);
}

void Rollout::seen(const std::string& ns, const std::vector<plan::CopyReport>& copies) {
  News news;
  {
    const std::lock_guard lock(mutex_);
    const bool last_unseen = unseen_.erase(ns) > 0 && unseen_.empty();
    if (const auto slot = slot_of(ns, !copies.empty())) {
      for (const auto& [credential, track] : tracks_) {
        const auto report = std::find_if(copies.begin(), copies.end(), [&](const auto& copy) {
          return copy.credential == credential;
        });
        const bool was_not_allowed = track->not_allowed(*slot);
        track->set(*slot, report == copies.end() ? nullptr : &*report);
        if (track->not_allowed(*slot) && !was_not_allowed) {
          metrics_.credential_not_allowed(credential);
        }
      }
    }
    news = settle_all();
    if (last_unseen) unseen_ = {};  // gives its memory back
  }
  tell(news);
}

bool Rollout::complete(const std::string& credential, const std::string& revision) const {
  const auto* track = find(credential);
  return track != nullptr && !revision.empty() && track->done.load() == mark_of(revision);
}

std::optional<Rollout::Report> Rollout::report(const std::string& credential) const {
  auto* track = find(credential);
  if (track == nullptr) return std::nullopt;
  const std::lock_guard lock(mutex_);
  Report report{
      track->current,         track->since, track->counts.current,     track->counts.behind,
      track->counts.left_out, {},           track->done != kNoRevision};
  for (const auto& place : track->places) {
    const auto bucket = track->bucket_of(place);
    if (bucket == Bucket::kNone || bucket == Bucket::kCurrent) continue;
    const bool waits = place.standing == Standing::kInPlace;
    ++report.reasons[waits ? Standing::kPending : place.standing];
  }
  return report;
}

Rollout::Track* Rollout::find(const std::string& credential) const {
  const auto found = tracks_.find(credential);
  return found == tracks_.end() ? nullptr : found->second.get();
}

/// The namespace's place in every track; nothing for one that has none and needs none. One that
/// needs none any more gives it up.
std::optional<Rollout::Slot> Rollout::slot_of(const std::string& ns, bool wanted) {
  const auto found = slots_.find(ns);
  if (found != slots_.end()) {
    const auto slot = found->second;
    if (!wanted) {
      free_slots_.push_back(slot);
      slots_.erase(found);
    }
    return slot;
  }
  if (!wanted) return std::nullopt;
  auto slot = end_;
  if (free_slots_.empty()) {
    ++end_;
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  slots_.emplace(ns, slot);
  return slot;
}

/// Publishes what changed, and adds to the news what is complete now and was not before.
void Rollout::settle(Track& track, News& news) {
  if (track.shown != track.counts) {
    track.shown = track.counts;
    metrics_.set_rollout(track.credential, track.counts.current, track.counts.behind);
  }
  const bool complete =
      !track.current.empty() && listed_ && unseen_.empty() && track.counts.behind == 0;
  const Mark mark = complete ? mark_of(track.current) : kNoRevision;
  if (track.done.exchange(mark) == mark || !complete) return;
  news.in_place.push_back(track.credential);
  if (std::exchange(track.announced, true)) return;
  // After a restart: a roll-out goes on when a copy was still behind. That one may have been edited
  // by its tenant; what is told is true all the same.
  const bool goes_on = !track.replaced.empty() && track.took_place == mark;
  if (!track.replaced_here && !goes_on) return;
  news.completed.push_back({track.credential, track.current, track.counts.current, track.replaced});
}

Rollout::News Rollout::settle_all() {
  News news;
  for (const auto& [credential, track] : tracks_) settle(*track, news);
  return news;
}

void Rollout::tell(const News& news) const {
  for (const auto& credential : news.in_place) {
    if (on_in_place_) on_in_place_(credential);
  }
  for (const auto& one : news.completed) {
    if (on_complete_) on_complete_(one);
  }
}

plan::Problem note_of(const Rollout::Completed& completed, bool own_keys) {
  plan::Problem note;
  note.reason = std::string(plan::kRolledOut);
  note.message = fmt::format(
      "revision {} of credential \"{}\" is in place in all {} namespaces that use it. The key of "
      "revision {}, which it replaced, {}",
      completed.revision, completed.credential, completed.namespaces, completed.replaced,
      own_keys ? "is not needed any more; the operator disables and deletes those that it made."
               : "is safe to revoke.");
  note.note = true;
  return note;
}

}  // namespace icrps::controller
