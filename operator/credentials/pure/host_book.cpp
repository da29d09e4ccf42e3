#include "credentials/pure/host_book.hpp"

#include <algorithm>

#include "credentials/pure/delays.hpp"

namespace icrps::credentials {
namespace {

using StateKind = HostState::Kind;

/// A host that nobody can reach from here (a private one, most likely) is left alone after that
/// until all are asked.
constexpr unsigned kMostTriesOfSilent = 3;

bool is_due(const HostState& state, Clock::Instant now) {
  return !state.asked && state.ask_at && *state.ask_at <= now;
}

void refused(HostState& state, const iam::Refusal& refusal, Clock::Instant now,
             const Random& random) {
  if (state.kind != StateKind::kNo) state.failures = 0;
  state.kind = StateKind::kNo;
  state.no = refusal;
  state.ask_at = now + after_failure(refusal, ++state.failures, random);
}

void was_silent(HostState& state, const iam::Refusal& refusal, Clock::Instant now,
                const Random& random) {
  state.ask_at.reset();
  if (state.kind == StateKind::kYes) return;
  ++state.failures;
  // A no stays one while nobody takes it back, and is asked about until somebody does.
  const bool is_no = state.kind == StateKind::kNo;
  if (!is_no) state.kind = StateKind::kSilent;
  if (is_no || state.failures < kMostTriesOfSilent) {
    state.ask_at = now + after_failure(refusal, state.failures, random);
  }
}

}  // namespace

void HostBook::track(const icr::Hosts& places, Instant now) {
  std::erase_if(states_, [&](const auto& entry) { return !places.contains(entry.first); });
  add(places, now);
}

bool HostBook::add(const icr::Hosts& places, Instant now) {
  bool news = false;
  for (const auto& place : places) {
    const auto [entry, added] = states_.try_emplace(place);
    if (!added) continue;
    entry->second.ask_at = now;
    news = true;
  }
  return news;
}

void HostBook::ask_all(Instant now) {
  for (auto& [place, state] : states_) state.ask_at = now;
}

icr::Hosts HostBook::take_due(Instant now) {
  icr::Hosts due;
  for (auto& [place, state] : states_) {
    if (!is_due(state, now)) continue;
    state.asked = true;
    state.ask_at.reset();
    due.insert(place);
  }
  return due;
}

std::optional<HostBook::Instant> HostBook::next() const {
  std::optional<Instant> first;
  for (const auto& [place, state] : states_) {
    if (state.asked || !state.ask_at) continue;
    first = first ? std::min(*first, *state.ask_at) : *state.ask_at;
  }
  return first;
}

void HostBook::another_login(const icr::Hosts& asked, Instant now) {
  add(asked, now);
  for (auto& [place, state] : states_) {
    state.asked = asked.contains(place);
    state.ask_at = state.asked ? std::nullopt : std::optional(now);
  }
}

HostBook::Heard HostBook::heard(const std::string& place, const Answer& answer, Instant now,
                                const Random& random) {
  Heard heard{word_of(answer), false};
  const auto found = states_.find(place);
  if (found == states_.end()) return heard;
  auto& state = found->second;
  state.asked = false;
  switch (heard.word) {
    case Word::kYes:
      heard.news = state.kind != StateKind::kYes;
      state = {.kind = StateKind::kYes};
      break;
    case Word::kNo:
      heard.news = !state.no || state.no->message != answer.error().message;
      refused(state, answer.error(), now, random);
      break;
    case Word::kSilent:
      was_silent(state, answer.error(), now, random);
      break;
  }
  return heard;
}

bool HostBook::says_yes(const std::string& place) const {
  const auto found = states_.find(place);
  return found != states_.end() && found->second.kind == StateKind::kYes;
}

bool HostBook::doubts_due(Instant now) const {
  return std::any_of(states_.begin(), states_.end(), [&](const auto& entry) {
    return entry.second.kind != StateKind::kUnknown && is_due(entry.second, now);
  });
}

const iam::Refusal* HostBook::first_no() const {
  for (const auto& [place, state] : states_) {
    if (state.no) return &*state.no;
  }
  return nullptr;
}

}  // namespace icrps::credentials
