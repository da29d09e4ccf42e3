// How far a plan was carried out: what may still be done when some of it could not be. Pure.
//
// Actions stand in the order in which they depend on each other, but most of them don't. One
// service account that may not be patched keeps neither the later ones waiting nor an opt-out's
// deletions; one Secret that may not be written holds up no other. What depends on something:
//   - an account names only Secrets that exist;
//   - a Secret stays while an account names it that could not be detached;
//   - a Secret is made anew only after the old one is gone.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/pure/outcome.hpp"
#include "plan/plan.hpp"

namespace icrps::controller {

class Progress {
 public:
  /// The action as it may be carried out now; nothing: not at all.
  [[nodiscard]] std::optional<plan::Action> allowed(const plan::Action& action) const;

  /// It was not done: it failed, or it was not allowed.
  void not_done(const plan::Action& action);

  /// What the queue is told of all outcomes that were no success: the one that must be dealt with
  /// first.
  void failed(const Outcome& outcome);
  [[nodiscard]] const Outcome& outcome() const { return outcome_; }

 private:
  void keep_predecessors(plan::PatchAccount& patch) const;

  std::set<std::string> absent_;  // Secrets that could not be made
  std::set<std::string> named_;   // Secrets that an account still names
  std::set<std::string> stuck_;   // Secrets that could not be deleted
  Outcome outcome_;
};

/// Whether nothing else in this namespace is worth trying now: it goes, everybody has to wait, or
/// the API server gives no answer, for which each further action would wait as long.
[[nodiscard]] bool ends_all(const Outcome& outcome);

/// The actions, with those about accounts that failed the last time behind those about the others:
/// else the first ones that get no answer would keep the others waiting for ever.
[[nodiscard]] std::vector<plan::Action> in_order(std::vector<plan::Action> actions,
                                                 const std::set<std::string>& failed_accounts);

}  // namespace icrps::controller
