#include "controller/reconciler.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "controller/pure/progress.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::controller {
namespace {

/// One problem for all that was refused; the first of them stands for the others.
struct Refusals {
  std::string first;  ///< "patch ServiceAccount builder"
  Outcome outcome;    ///< of the first
  std::size_t count = 0;

  void add(const plan::Action& action, const Outcome& refusal) {
    if (count++ > 0) return;
    first = describe(action);
    outcome = refusal;
  }
};

void note_refusals(Reconciled& result, const Refusals& refusals) {
  if (refusals.count == 0) return;
  result.state = plan::State::kForbidden;
  // What is refused everywhere is told once, and not in each namespace.
  if (refusals.outcome.everywhere != Everywhere::kNo) return;
  const auto others = refusals.count > 1 ? fmt::format(" and {} more", refusals.count - 1) : "";
  plan::Problem problem;
  problem.reason = std::string(plan::kForbidden);
  problem.message = fmt::format(
      "the API server refuses the operator's request ({}{}): {}. Check the operator's "
      "RBAC, admission policies and quotas of this namespace; it is tried again.",
      refusals.first, others, refusals.outcome.message);
  problem.key = refusals.first + ": " + refusals.outcome.cause;
  result.problems.push_back(std::move(problem));
}

/// An API server that is restarted says such things, too: it is told when it lasts.
void note_unclear(Reconciled& result) {
  if (result.outcome.kind != Outcome::Kind::kRetry || !result.outcome.answered) return;
  plan::Problem problem;
  problem.reason = std::string(plan::kAnswerUnclear);
  problem.message = fmt::format(
      "the operator's request gets an answer that tells nothing: {}. Check the API server and what "
      "stands before it (load balancer, proxy, firewall); it is tried again.",
      result.outcome.message);
  problem.key = "answer unclear";
  problem.patience = true;
  result.problems.push_back(std::move(problem));
}

/// Whether pods that are made from now on get what they did not get before.
bool attaches(const plan::Action& action, plan::Attach how) {
  if (how == plan::Attach::kPodsOnly) return std::holds_alternative<plan::CreateCopy>(action);
  const auto* patch = std::get_if<plan::PatchAccount>(&action);
  return patch != nullptr && !patch->add.empty();
}

/// How a copy stands whose write was not done. Nobody waits with a roll-out for one that somebody
/// else writes as well: he could keep an old key alive for ever.
plan::Standing standing_of(Outcome::Kind kind) {
  if (kind == Outcome::Kind::kForbidden) return plan::Standing::kForbidden;
  return kind == Outcome::Kind::kPaused ? plan::Standing::kConflict : plan::Standing::kPending;
}

void note_feuds(Reconciled& result, std::vector<plan::Problem> feuds) {
  if (feuds.empty()) return;
  result.state = std::max(result.state, plan::State::kConflict);
  std::move(feuds.begin(), feuds.end(), std::back_inserter(result.problems));
}

/// A copy whose write was not done is what it was before.
void hold_back(Reconciled& result, const plan::Action& undone, plan::Standing standing) {
  std::string credential;
  if (const auto* create = std::get_if<plan::CreateCopy>(&undone)) credential = create->credential;
  if (const auto* update = std::get_if<plan::UpdateCopy>(&undone)) credential = update->credential;
  if (credential.empty()) return;
  for (auto& copy : result.copies) {
    if (copy.credential != credential) continue;
    copy.standing = standing;
    copy.revision = copy.before;
  }
}

}  // namespace

std::optional<plan::Facts> gather(const Known& known, const std::string& ns) {
  const auto& stores = known.stores;
  auto found = stores.namespaces.get(ns, ns);
  if (!found) return std::nullopt;
  plan::Facts facts;
  facts.ns = std::move(*found);
  const auto& [limits, secrets, retired] = known.configured;
  const auto own = stores.namespaces.get(stores.own_namespace, stores.own_namespace);
  facts.own_uid = own ? own->uid : stores.own_uid;
  const auto copy_of = [&](const std::string& secret) {
    return stores.copies.at(secret)->get(ns, secret);
  };
  const auto is_known = [&](const auto& store) { return !stores.may_be_missing || store.synced(); };
  for (const auto& name : known.credentials.names()) {
    const auto limit = limits.find(name);
    const auto named = secrets.find(name);
    const auto secret = named == secrets.end() ? plan::copy_name(name) : named->second;
    facts.credentials.push_back({name, known.credentials.material(name), copy_of(secret),
                                 limit == limits.end() ? nullptr : limit->second, false, true,
                                 secret});
  }
  for (const auto& [name, secret] : retired) {
    facts.credentials.push_back({name, nullptr, copy_of(secret), nullptr, true, true, secret});
  }
  for (auto& credential : facts.credentials) {
    credential.known = is_known(*stores.copies.at(credential.secret));
  }
  facts.accounts_known = is_known(stores.accounts);
  facts.accounts = stores.accounts.list(ns);
  facts.crowded = stores.accounts.crowded(ns);
  return facts;
}

Reconciler::Reconciler(Stores& stores, const credentials::CredentialSet& credentials,
                       plan::Rules rules, Applier& applier, const Log& log, Configured configured)
    : stores_(stores),
      credentials_(credentials),
      rules_(std::move(rules)),
      applier_(applier),
      log_(log),
      configured_(std::move(configured)) {}

std::optional<plan::Facts> Reconciler::gather(const std::string& ns) const {
  return controller::gather(Known{stores_, credentials_, configured_}, ns);
}

Reconciled Reconciler::reconcile(const std::string& ns, const std::stop_token& stop,
                                 const ReconcileSteps& steps) {
  Reconciled result;
  const auto facts = gather(ns);
  if (!facts) {
    remember(ns, {});
    return result;
  }
  auto plan = plan::make_plan(*facts, rules_);
  result.exists = true;
  result.uid = facts->ns.uid;
  result.state = plan.state;
  result.problems = std::move(plan.problems);
  result.copies = std::move(plan.copies);
  result.hosts = std::move(plan.hosts);
  if (!plan.actions.empty() && plan.takes_part) steps.writes();
  carry_out(ns, in_order(std::move(plan.actions), failed_accounts(ns)), result, stop, steps.step);
  note_feuds(result, applier_.feuds(ns));
  return result;
}

void Reconciler::carry_out(const std::string& ns, const std::vector<plan::Action>& actions,
                           Reconciled& result, const std::stop_token& stop,
                           const std::function<void()>& on_step) {
  Progress progress;
  Refusals refusals;
  std::set<std::string> failed_accounts;
  bool ended = false;
  for (const auto& planned : actions) {
    const auto action = ended ? std::nullopt : progress.allowed(planned);
    Outcome outcome{Outcome::Kind::kRetry, "something else must be done before"};
    if (action && stop.stop_requested()) {
      outcome = {Outcome::Kind::kAgain, "shutting down"};
      progress.failed(outcome);
      ended = true;
    } else if (action) {
      on_step();
      outcome = applier_.apply(ns, *action);
      if (outcome.everywhere != Everywhere::kNo) result.everywhere.push_back(outcome);
      if (outcome.kind == Outcome::Kind::kDone) {
        succeeded(result, *action, outcome);
        continue;
      }
      log_.info("action not done",
                {{"namespace", ns}, {"action", describe(*action)}, {"detail", outcome.message}});
      progress.failed(outcome);
      ended = ends_all(outcome);
    }
    const bool refused = outcome.kind == Outcome::Kind::kForbidden;
    if (refused) refusals.add(planned, outcome);
    progress.not_done(planned);
    hold_back(result, planned, standing_of(outcome.kind));
    if (const auto* patch = std::get_if<plan::PatchAccount>(&planned)) {
      if (action) failed_accounts.insert(patch->account);
    }
  }
  result.outcome = progress.outcome();
  remember(ns, std::move(failed_accounts));
  note_refusals(result, refusals);
  note_unclear(result);
  if (!result.writes.empty()) {
    log_.info("namespace written", {{"namespace", ns},
                                    {"actions", plan::join(result.writes, ", ")},
                                    {"writes", result.writes.size()}});
  }
  if (result.outcome.kind == Outcome::Kind::kDone && result.state == plan::State::kPending) {
    result.state = plan::State::kReady;
  }
}

void Reconciler::succeeded(Reconciled& result, const plan::Action& action, const Outcome& outcome) {
  if (outcome.note) result.notes.push_back(*outcome.note);
  result.writes.push_back(describe(action));
  result.attached |= attaches(action, rules_.attach);
}

std::set<std::string> Reconciler::failed_accounts(const std::string& ns) const {
  const std::lock_guard lock(mutex_);
  const auto found = failed_accounts_.find(ns);
  return found == failed_accounts_.end() ? std::set<std::string>{} : found->second;
}

void Reconciler::remember(const std::string& ns, std::set<std::string> failed_accounts) {
  const std::lock_guard lock(mutex_);
  if (failed_accounts.empty()) {
    failed_accounts_.erase(ns);
  } else {
    failed_accounts_[ns] = std::move(failed_accounts);
  }
}

}  // namespace icrps::controller
