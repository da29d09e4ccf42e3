#include "credentials/pure/trial.hpp"

namespace icrps::credentials {
namespace {

/// What all answers so far come to.
struct Tally {
  bool yes = false;
  bool pending = false;                  // somebody has not answered
  bool worth_the_wait = false;           // and of these, somebody whose no would count
  std::optional<iam::Refusal> no{};      // the first by name
  std::optional<iam::Refusal> silent{};  // the same
  std::optional<iam::Refusal> veto{};    // refused where the login in force works
  std::optional<iam::Refusal> unsure{};  // refused where that one worked and can't be asked now
  icr::Hosts compare{};
};

void count_no(Tally& tally, const std::string& name, const Trial::Place& place, bool lasting) {
  const auto& refusal = place.answer->error();
  if (!tally.no) tally.no = refusal;
  if (!lasting) return;
  if (!place.in_force) {
    tally.compare.insert(name);
    return;
  }
  const auto word = word_of(*place.in_force);
  if (word == Word::kYes && !tally.veto) tally.veto = refusal;
  if (word == Word::kSilent && place.worked && !tally.unsure) tally.unsure = refusal;
}

Tally tally_of(const Trial& trial) {
  const bool lasting = trial.against == Against::kLasting;
  Tally tally;
  for (const auto& [name, place] : trial.places) {
    if (!place.answer) {
      tally.pending = true;
      if (lasting && (place.worked || !trial.patience_over)) tally.worth_the_wait = true;
      continue;
    }
    switch (word_of(*place.answer)) {
      case Word::kYes:
        tally.yes = true;
        break;
      case Word::kNo:
        count_no(tally, name, place, lasting);
        break;
      case Word::kSilent:
        if (!tally.silent) tally.silent = place.answer->error();
        break;
    }
  }
  return tally;
}

Verdict not_known(iam::Refusal why) {
  why.kind = iam::Refusal::Kind::kUnknown;
  return {Verdict::Kind::kUnknown, std::move(why)};
}

}  // namespace

Verdict verdict_of(const Trial& trial) {
  using Kind = Verdict::Kind;
  if (trial.places.empty()) return {Kind::kHandOut};
  auto tally = tally_of(trial);
  if (tally.veto) return {Kind::kNo, std::move(tally.veto)};
  if (!tally.compare.empty()) return {Kind::kWait, {}, std::move(tally.compare)};
  if (tally.yes) {
    if (tally.worth_the_wait) return {Kind::kWait};
    if (tally.unsure) return not_known(std::move(*tally.unsure));
    return {Kind::kHandOut};
  }
  if (tally.pending) return {Kind::kWait};
  if (tally.no) return {Kind::kNo, std::move(tally.no)};
  if (trial.against == Against::kEnding) return {Kind::kHandOut};
  return not_known(std::move(*tally.silent));
}

}  // namespace icrps::credentials
