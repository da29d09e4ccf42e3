#include "controller/state_tally.hpp"

namespace icrps::controller {

StateTally::StateTally(Metrics& metrics) : metrics_(metrics) {
  using plan::State;
  for (const auto state :
       {State::kNotOptedIn, State::kReady, State::kPending, State::kMistake, State::kNotAllowed,
        State::kConflict, State::kNoCredential, State::kForbidden, State::kTerminating}) {
    metrics_.set_namespaces(plan::to_string(state), 0);
  }
}

void StateTally::set(const std::string& ns, plan::State state) {
  const std::lock_guard lock(mutex_);
  const auto [entry, inserted] = states_.try_emplace(ns, state);
  if (!inserted) {
    if (entry->second == state) return;
    change(entry->second, -1);
    entry->second = state;
  }
  change(state, 1);
}

void StateTally::forget(const std::string& ns) {
  const std::lock_guard lock(mutex_);
  const auto entry = states_.find(ns);
  if (entry == states_.end()) return;
  change(entry->second, -1);
  states_.erase(entry);
}

void StateTally::change(plan::State state, int by) {
  auto& count = counts_[state];
  count = by > 0 ? count + 1 : count - 1;
  metrics_.set_namespaces(plan::to_string(state), count);
}

}  // namespace icrps::controller
