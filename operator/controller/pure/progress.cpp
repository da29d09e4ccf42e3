#include "controller/pure/progress.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "plan/names.hpp"

namespace icrps::controller {
namespace {

/// The higher, the more urgent.
int urgency(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kDone:
      return 0;
    case Outcome::Kind::kPaused:
      return 1;
    case Outcome::Kind::kForbidden:
      return 2;
    case Outcome::Kind::kRetry:
      return 3;
    case Outcome::Kind::kAgain:
      return 4;
    case Outcome::Kind::kThrottled:
      return 5;
    case Outcome::Kind::kGone:
      return 6;
  }
  return 0;
}

}  // namespace

std::optional<plan::Action> Progress::allowed(const plan::Action& action) const {
  if (const auto* create = std::get_if<plan::CreateCopy>(&action)) {
    if (stuck_.contains(create->secret)) return std::nullopt;
  }
  if (const auto* remove = std::get_if<plan::DeleteCopy>(&action)) {
    if (named_.contains(remove->secret)) return std::nullopt;
    if (absent_.contains(remove->successor)) return std::nullopt;
  }
  const auto* const patch = std::get_if<plan::PatchAccount>(&action);
  if (patch == nullptr || absent_.empty()) return action;
  auto rest = *patch;
  const auto is_absent = [&](const auto& secret) { return absent_.contains(secret); };
  std::erase_if(rest.add, is_absent);
  std::erase_if(rest.attached, is_absent);
  keep_predecessors(rest);
  if (rest.add.empty() && rest.remove.empty()) return std::nullopt;
  return rest;
}

/// A reference stays until what takes the place of its Secret is there.
void Progress::keep_predecessors(plan::PatchAccount& patch) const {
  for (std::size_t i = patch.removed.size(); i-- > 0;) {
    const auto next = patch.successors.find(patch.removed[i]);
    if (next == patch.successors.end() || !absent_.contains(next->second)) continue;
    patch.removed.erase(patch.removed.begin() + static_cast<std::ptrdiff_t>(i));
    patch.remove.erase(patch.remove.begin() + static_cast<std::ptrdiff_t>(i));
    if (patch.marks) patch.attached.push_back(next->first);
  }
}

void Progress::not_done(const plan::Action& action) {
  if (const auto* create = std::get_if<plan::CreateCopy>(&action)) {
    absent_.insert(create->secret);
  }
  if (const auto* update = std::get_if<plan::UpdateCopy>(&action)) {
    if (update->adopts) absent_.insert(update->secret);  // it is not ours yet
  }
  if (const auto* remove = std::get_if<plan::DeleteCopy>(&action)) {
    stuck_.insert(remove->secret);
  }
  if (const auto* patch = std::get_if<plan::PatchAccount>(&action)) {
    named_.insert(patch->removed.begin(), patch->removed.end());
  }
}

void Progress::failed(const Outcome& outcome) {
  if (urgency(outcome) > urgency(outcome_)) outcome_ = outcome;
}

bool ends_all(const Outcome& outcome) {
  using Kind = Outcome::Kind;
  return outcome.kind == Kind::kGone || outcome.kind == Kind::kThrottled ||
         outcome.kind == Kind::kRetry;
}

std::vector<plan::Action> in_order(std::vector<plan::Action> actions,
                                   const std::set<std::string>& failed_accounts) {
  if (failed_accounts.empty()) return actions;
  const auto is_patch = [](const auto& action) {
    return std::holds_alternative<plan::PatchAccount>(action);
  };
  const auto begin = std::find_if(actions.begin(), actions.end(), is_patch);
  const auto end = std::find_if_not(begin, actions.end(), is_patch);
  const auto failed = [&](const auto& action) {
    return failed_accounts.contains(std::get<plan::PatchAccount>(action).account);
  };
  std::vector<plan::Action> last;
  std::copy_if(begin, end, std::back_inserter(last), failed);
  std::move(last.begin(), last.end(), std::remove_if(begin, end, failed));
  return actions;
}

}  // namespace icrps::controller
