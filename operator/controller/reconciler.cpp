#include "controller/reconciler.hpp"

#include <fmt/format.h>

#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::controller {
namespace {

void note_refusal(Reconciled& result) {
  result.state = plan::State::kForbidden;
  result.problems.push_back(
      {std::string(plan::kForbidden),
       fmt::format("the API server refuses the operator's request: {}. Check the operator's RBAC, "
                   "admission policies and quotas of this namespace; it is tried again.",
                   result.outcome.message)});
}

/// Whether pods that are made from now on get what they did not get before.
bool attaches(const plan::Action& action, plan::Attach how) {
  if (how == plan::Attach::kPodsOnly) return std::holds_alternative<plan::CreateCopy>(action);
  const auto* patch = std::get_if<plan::PatchAccount>(&action);
  return patch != nullptr && !patch->add.empty();
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
  const auto copy_of = [&](const std::string& name) {
    return stores.copies.at(name)->get(ns, plan::copy_name(name));
  };
  for (const auto& name : known.credentials.names()) {
    const auto limits = known.limits.find(name);
    facts.credentials.push_back({name, known.credentials.material(name), copy_of(name),
                                 limits == known.limits.end() ? nullptr : limits->second});
  }
  for (const auto& name : known.retired) {
    facts.credentials.push_back({name, nullptr, copy_of(name), nullptr, true});
  }
  facts.accounts = stores.accounts.list(ns);
  return facts;
}

Reconciler::Reconciler(Stores& stores, const credentials::CredentialSet& credentials,
                       plan::Rules rules, Applier& applier, const Log& log,
                       LimitsByCredential limits, std::vector<std::string> retired)
    : stores_(stores),
      credentials_(credentials),
      rules_(std::move(rules)),
      applier_(applier),
      log_(log),
      limits_(std::move(limits)),
      retired_(std::move(retired)) {}

std::optional<plan::Facts> Reconciler::gather(const std::string& ns) const {
  return controller::gather(Known{stores_, credentials_, limits_, retired_}, ns);
}

Reconciled Reconciler::reconcile(const std::string& ns, const std::stop_token& stop,
                                 const std::function<void()>& on_step) {
  Reconciled result;
  const auto facts = gather(ns);
  if (!facts) return result;
  auto plan = plan::make_plan(*facts, rules_);
  result.exists = true;
  result.uid = facts->ns.uid;
  result.state = plan.state;
  result.problems = std::move(plan.problems);
  result.copies = std::move(plan.copies);
  result.hosts = std::move(plan.hosts);
  carry_out(ns, plan, result, stop, on_step);
  return result;
}

void Reconciler::carry_out(const std::string& ns, const plan::Plan& plan, Reconciled& result,
                           const std::stop_token& stop, const std::function<void()>& on_step) {
  auto& done = result.writes;
  for (const auto& action : plan.actions) {
    if (stop.stop_requested()) {
      result.outcome = {Outcome::Kind::kAgain, "shutting down"};
      break;
    }
    on_step();
    result.outcome = applier_.apply(ns, action);
    if (result.outcome.kind != Outcome::Kind::kDone) {
      log_.info(
          "action not done",
          {{"namespace", ns}, {"action", describe(action)}, {"detail", result.outcome.message}});
      break;
    }
    if (result.outcome.note) result.notes.push_back(*result.outcome.note);
    done.push_back(describe(action));
    result.attached |= attaches(action, rules_.attach);
  }
  const bool forbidden = result.outcome.kind == Outcome::Kind::kForbidden;
  for (auto i = done.size(); i < plan.actions.size(); ++i) {
    const bool refused = forbidden && i == done.size();
    hold_back(result, plan.actions[i],
              refused ? plan::Standing::kForbidden : plan::Standing::kPending);
  }
  if (!done.empty()) {
    log_.info("namespace written",
              {{"namespace", ns}, {"actions", plan::join(done, ", ")}, {"writes", done.size()}});
  }
  if (result.outcome.kind == Outcome::Kind::kForbidden) note_refusal(result);
  if (result.outcome.kind == Outcome::Kind::kDone && result.state == plan::State::kPending) {
    result.state = plan::State::kReady;
  }
}

}  // namespace icrps::controller
