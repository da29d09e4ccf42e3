#include "controller/pure/feuds.hpp"

#include <algorithm>
#include <utility>

namespace icrps::controller {

bool Feuds::lasts(const Entry& entry, Instant now) {
  return now - entry.written < kMemory;
}

void Feuds::forget_old(Instant now) {
  if (now - turned_ < kMemory) return;
  turned_ = now;
  older_ = std::exchange(recent_, {});
}

/// The entry, moved to the recent ones; null: there is none that lasts.
Feuds::Entry* Feuds::find(const std::string& ns, const std::string& object, Instant now) {
  forget_old(now);
  if (const auto old = older_.find(ns); old != older_.end()) {
    auto& recent = recent_[ns];
    std::move(old->second.begin(), old->second.end(), std::back_inserter(recent));
    older_.erase(old);
  }
  const auto group = recent_.find(ns);
  if (group == recent_.end()) return nullptr;
  std::erase_if(group->second, [&](const Entry& entry) { return !lasts(entry, now); });
  const auto found = std::find_if(group->second.begin(), group->second.end(),
                                  [&](const Entry& entry) { return entry.object == object; });
  return found == group->second.end() ? nullptr : &*found;
}

Feuds::Turn Feuds::turn(const std::string& ns, const std::string& object, std::size_t goal,
                        Instant now) {
  auto* const entry = find(ns, object, now);
  if (entry == nullptr || entry->goal != goal) return {};
  if (entry->noticed <= entry->written) entry->noticed = now;
  const auto wait = std::max<Duration>(entry->written + entry->pause - now, Duration(0));
  return {wait, entry->times, entry->times >= kFree && entry->told.reason.empty()};
}

void Feuds::wrote(const std::string& ns, const std::string& object, std::size_t goal, Instant now) {
  auto* const entry = find(ns, object, now);
  if (entry == nullptr) {
    recent_[ns].push_back({object, goal, 1, now, {}, {}, {}});
    return;
  }
  if (entry->goal != goal) {
    *entry = {object, goal, 1, now, {}, {}, {}};
    return;
  }
  ++entry->times;
  const bool quick = entry->noticed - entry->written < kQuick;
  if (quick && entry->times > kFree) {
    entry->pause = std::clamp<Duration>(entry->pause * 2, kFirstPause, kLongestPause);
  } else if (!quick) {
    entry->pause = entry->pause > kFirstPause ? entry->pause / 2 : Duration(0);
  }
  entry->written = now;
}

void Feuds::rewritten(const std::string& ns, const std::string& object, std::size_t goal,
                      Instant now) {
  wrote(ns, object, goal, now);
  find(ns, object, now)->pause = kLongestPause;
}

void Feuds::tell(const std::string& ns, const std::string& object, plan::Problem problem) {
  const auto group = recent_.find(ns);
  if (group == recent_.end()) return;
  for (auto& entry : group->second) {
    if (entry.object != object) continue;
    entry.told = std::move(problem);
    return;
  }
}

std::vector<plan::Problem> Feuds::going_on(const std::string& ns, Instant now) const {
  std::vector<plan::Problem> told;
  for (const auto* const generation : {&recent_, &older_}) {
    const auto group = generation->find(ns);
    if (group == generation->end()) continue;
    for (const auto& entry : group->second) {
      if (lasts(entry, now) && !entry.told.reason.empty()) told.push_back(entry.told);
    }
  }
  return told;
}

}  // namespace icrps::controller
