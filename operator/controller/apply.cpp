#include "controller/apply.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>

#include "controller/bodies.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::controller {
namespace {

using Kind = Outcome::Kind;
using ErrorKind = kube::ApiError::Kind;

constexpr std::string_view kSecrets = "secrets";
constexpr std::string_view kAccounts = "serviceaccounts";

/// The name of the copy that an action is about.
std::string copy_of(const plan::Action& action) {
  return std::visit(
      [](const auto& what) -> std::string {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, plan::PatchAccount>)
          return {};
        else
          return what.secret;
      },
      action);
}

Kind kind_of(ErrorKind error) {
  switch (error) {
    case ErrorKind::kTerminating:
    case ErrorKind::kNotFound:
    case ErrorKind::kCanceled:
      return Kind::kGone;
    case ErrorKind::kThrottled:
      return Kind::kThrottled;
    case ErrorKind::kForbidden:
    case ErrorKind::kInvalid:
      return Kind::kForbidden;
    default:
      return Kind::kRetry;
  }
}

/// What an error means when the action has no better idea.
Outcome outcome_of(const kube::ApiError& error) {
  return {kind_of(error.kind),
          error.message,
          error.retry_after.value_or(std::chrono::milliseconds(0)),
          std::nullopt,
          error.refuser,
          error.cause,
          {},
          Everywhere::kNo,
          error.status != 0};
}

/// What an action makes of what: the same again is what somebody has undone.
struct Aim {
  std::string object;
  std::size_t goal = 0;
};

struct AimOf {
  static std::size_t hash(const std::string& text) { return std::hash<std::string>{}(text); }
  static Aim write(const std::string& secret, const plan::Content& content) {
    return {"Secret " + secret, hash(content.hash + " " + content.revision + " " + content.hosts)};
  }
  Aim operator()(const plan::CreateCopy& action) const {
    return write(action.secret, *action.content);
  }
  Aim operator()(const plan::UpdateCopy& action) const {
    return write(action.secret, *action.content);
  }
  Aim operator()(const plan::DeleteCopy& action) const {
    // One that makes room for another comes before a write, each time.
    const auto* const what = action.note ? "replaced Secret " : "Secret ";
    return {what + action.secret, 0};
  }
  Aim operator()(const plan::PatchAccount& action) const {
    return {"service account " + action.account,
            hash(plan::join(action.add, ",") + " " + plan::join(action.removed, ",") + " " +
                 plan::join(action.attached, ","))};
  }
};

/// Labels and annotations that are not as they were written: an admission policy changed them.
std::vector<std::string> rewritten(const kube::Object& found, const std::string& credential,
                                   const plan::Content& content, const plan::Mark& mark) {
  std::vector<std::string> names;
  const auto compare = [&](const auto& map, std::string_view key, const std::string& wanted) {
    const auto entry = map.find(std::string(key));
    if (entry == map.end() || entry->second != wanted) names.emplace_back(key);
  };
  compare(found.labels, plan::kManagedByLabel, std::string(plan::kManagedBy));
  compare(found.labels, plan::kCredentialLabel, credential);
  compare(found.annotations, plan::kRevision, content.revision);
  compare(found.annotations, plan::kContentHash, content.hash);
  compare(found.annotations, plan::kHosts, content.hosts);
  compare(found.annotations, plan::kInstallation, mark.installation);
  compare(found.annotations, plan::kMadeFor, mark.made_for);
  return names;
}

/// What came of a copy's creation or update, which is known from now on.
template <class Write>
Outcome written(Stores& stores, const Write& action, kube::Object found) {
  Outcome done;
  done.rewritten = rewritten(found, action.credential, *action.content, action.mark);
  stores.copies.at(action.secret)->written(std::move(found));
  return done;
}

plan::Problem written_against(const std::string& object, const std::string& who) {
  plan::Problem problem;
  problem.reason = std::string(plan::kWrittenAgainst);
  problem.message = fmt::format(
      "what icr-pull-secrets writes in {} is undone each time by {}. It is written again, but "
      "later "
      "each time, in the end once in {} minutes. Let only one of them write it: take it out of "
      "what "
      "the other program manages, or opt the namespace out.",
      object, who, Feuds::kLongestPause.count());
  problem.key = object + ": " + who;
  return problem;
}

plan::Problem rewritten_by_policy(const std::string& object,
                                  const std::vector<std::string>& names) {
  const auto list = plan::join(names, ", ");
  plan::Problem problem;
  problem.reason = std::string(plan::kRewrittenByPolicy);
  problem.message = fmt::format(
      "an admission policy or webhook changes what icr-pull-secrets writes in {} ({}). It is left "
      "so "
      "and tried again once in {} minutes. Let the policy make an exception for it.",
      object, list, Feuds::kLongestPause.count());
  problem.key = object + ": " + list;
  return problem;
}

bool is_stale(const kube::ApiError& error) {
  return error.kind == ErrorKind::kConflict || error.kind == ErrorKind::kAlreadyExists;
}

}  // namespace

Clock::Instant Applier::now() const {
  return clock_ != nullptr ? clock_->now() : SystemClock().now();
}

Outcome Applier::apply(const std::string& ns, const plan::Action& action) {
  if (auto held = held_back(ns, action)) return std::move(*held);
  auto outcome = carry_out(ns, action);
  outcome.what = kind_of_write(action);
  settle(ns, action, outcome);
  return outcome;
}

std::optional<Outcome> Applier::held_back(const std::string& ns, const plan::Action& action) {
  const auto aim = std::visit(AimOf{}, action);
  Feuds::Turn turn;
  {
    const std::lock_guard lock(mutex_);
    turn = feuds_.turn(ns, aim.object, aim.goal, now());
    if (turn.wait > Feuds::Duration(0)) {
      return Outcome{Kind::kPaused, "somebody undoes it each time",
                     std::chrono::ceil<std::chrono::milliseconds>(turn.wait)};
    }
    if (!gates_[kind_of_write(action)].may_try(now())) {
      Outcome held{Kind::kForbidden, "it is refused in every namespace"};
      held.everywhere = Everywhere::kYes;
      return held;
    }
  }
  if (!turn.worth_telling) return std::nullopt;
  auto problem = written_against(aim.object, opponents(ns, action));  // before it is overwritten
  const std::lock_guard lock(mutex_);
  feuds_.tell(ns, aim.object, std::move(problem));
  return std::nullopt;
}

/// Who undid what was written last, for people.
std::string Applier::opponents(const std::string& ns, const plan::Action& action) {
  const auto* const patch = std::get_if<plan::PatchAccount>(&action);
  if (std::holds_alternative<plan::CreateCopy>(action)) return "somebody who deletes it";
  const auto found =
      patch != nullptr ? client_.field_managers({kAccounts, ns, patch->account}, "imagePullSecrets")
                       : client_.field_managers({kSecrets, ns, copy_of(action)});
  // Of what was created without any content it keeps no managers.
  if (!found || found->empty()) return "somebody whom the API server doesn't name";
  const bool only_ours =
      std::all_of(found->begin(), found->end(), [](auto& one) { return one == plan::kManagedBy; });
  if (only_ours) return "another program called icr-pull-secrets, such as an older installation";
  return other_writers(*found);
}

void Applier::settle(const std::string& ns, const plan::Action& action, Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  if (outcome.kind == Kind::kForbidden) outcome.everywhere = gates_[outcome.what].refused(ns);
  if (outcome.kind != Kind::kDone) return;
  outcome.everywhere = gates_[outcome.what].succeeded();
  const auto aim = std::visit(AimOf{}, action);
  if (outcome.rewritten.empty()) return feuds_.wrote(ns, aim.object, aim.goal, now());
  feuds_.rewritten(ns, aim.object, aim.goal, now());
  feuds_.tell(ns, aim.object, rewritten_by_policy(aim.object, outcome.rewritten));
}

std::vector<plan::Problem> Applier::feuds(const std::string& ns) {
  const std::lock_guard lock(mutex_);
  return feuds_.going_on(ns, now());
}

Outcome Applier::carry_out(const std::string& ns, const plan::Action& action) {
  return std::visit(
      [&](const auto& what) -> Outcome {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, plan::CreateCopy>) return create(ns, what);
        if constexpr (std::is_same_v<What, plan::UpdateCopy>) return update(ns, what);
        if constexpr (std::is_same_v<What, plan::DeleteCopy>) return remove(ns, what);
        if constexpr (std::is_same_v<What, plan::PatchAccount>) return patch(ns, what);
      },
      action);
}

Outcome Applier::create(const std::string& ns, const plan::CreateCopy& action) {
  auto reply = client_.create({kSecrets, ns, {}}, copy_body(action));
  if (reply) return written(stores_, action, std::move(*reply));
  // Somebody's, or our own from a request that was sent twice: reading tells.
  if (is_stale(reply.error())) return refresh_copy(ns, action.secret, {});
  return outcome_of(reply.error());
}

Outcome Applier::update(const std::string& ns, const plan::UpdateCopy& action) {
  if (action.adopts) return adopt(ns, action);
  if (action.repairs) return repair(ns, action);
  return patch_copy(ns, action);
}

Outcome Applier::patch_copy(const std::string& ns, const plan::UpdateCopy& action) {
  const auto name = action.secret;
  return updated(
      ns, action,
      client_.patch({kSecrets, ns, name}, kube::Client::PatchType::kMerge, copy_patch(action)));
}

Outcome Applier::adopt(const std::string& ns, const plan::UpdateCopy& action) {
  const auto& name = action.secret;
  const auto from = action.other_installation.empty()
                        ? former_owner(action.managed_by, writers(ns, name))
                        : plan::installation_in(action.other_installation);
  const auto now = clock_ != nullptr ? clock_->wall() : std::chrono::system_clock::now();
  auto outcome = updated(ns, action,
                         client_.patch({kSecrets, ns, name}, kube::Client::PatchType::kMerge,
                                       adopting_patch(action, from, now)));
  if (outcome.kind == Kind::kDone) {
    outcome.note = {
        std::string(plan::kSecretAdopted),
        fmt::format("Secret {} was somebody else's ({}) and is managed by icr-pull-secrets from "
                    "now on, as conflict: adopt in the operator's configuration wants it. It keeps "
                    "its UID, labels and annotations; its former content is gone. An opt-out "
                    "deletes it.",
                    name, from),
        false, true};
  }
  return outcome;
}

/// Who did it has to be asked before: the repair takes the fields over.
Outcome Applier::repair(const std::string& ns, const plan::UpdateCopy& action) {
  const auto name = action.secret;
  const auto who = other_writers(writers(ns, name, "data"));
  auto outcome = patch_copy(ns, action);
  if (outcome.kind == Kind::kDone) {
    outcome.note = {std::string(plan::kSecretRepaired),
                    fmt::format("the content of Secret {} was changed by somebody else ({}) and is "
                                "again what it should be. icr-pull-secrets alone writes it; what "
                                "it holds follows from this namespace's annotations.",
                                name, who),
                    false, true};
  }
  return outcome;
}

std::vector<std::string> Applier::writers(const std::string& ns, const std::string& copy,
                                          std::string_view owned) {
  auto found = client_.field_managers({kSecrets, ns, copy}, owned);
  return found ? std::move(*found) : std::vector<std::string>{};
}

Outcome Applier::updated(const std::string& ns, const plan::UpdateCopy& action, kube::Reply reply) {
  if (reply) return written(stores_, action, std::move(*reply));
  if (is_stale(reply.error()) || reply.error().kind == ErrorKind::kNotFound) {
    return refresh_copy(ns, action.secret, action.resource_version);
  }
  return outcome_of(reply.error());
}

Outcome Applier::remove(const std::string& ns, const plan::DeleteCopy& action) {
  const auto name = action.secret;
  auto note = action.note;
  if (note) note->message += " It was last written by: " + other_writers(writers(ns, name)) + ".";
  const auto reply =
      client_.remove({kSecrets, ns, name}, delete_options(action.uid, action.resource_version));
  if (reply || reply.error().kind == ErrorKind::kNotFound) {
    stores_.copies.at(action.secret)->erased(ns, name, action.resource_version);
    return {Kind::kDone, {}, {}, reply ? std::move(note) : std::nullopt};
  }
  if (is_stale(reply.error())) {
    return refresh_copy(ns, action.secret, action.resource_version);
  }
  return outcome_of(reply.error());
}

Outcome Applier::patch(const std::string& ns, const plan::PatchAccount& action) {
  auto reply = client_.patch({kAccounts, ns, action.account}, kube::Client::PatchType::kJson,
                             account_patch(action));
  if (reply) {
    stores_.accounts.written(std::move(*reply));
    return {};
  }
  if (is_stale(reply.error()) || reply.error().kind == ErrorKind::kNotFound) {
    return refresh_account(ns, action);
  }
  return outcome_of(reply.error());
}

Outcome Applier::refresh_copy(const std::string& ns, const std::string& name,
                              const std::string& stale_version) {
  auto& copies = *stores_.copies.at(name);
  auto reply = client_.get({kSecrets, ns, name});
  if (reply) {
    copies.written(std::move(*reply));
    return {Kind::kAgain, "the Secret had changed"};
  }
  if (reply.error().kind == ErrorKind::kNotFound) {
    copies.erased(ns, name, stale_version);
    return {Kind::kAgain, "the Secret is gone"};
  }
  return outcome_of(reply.error());
}

Outcome Applier::refresh_account(const std::string& ns, const plan::PatchAccount& action) {
  auto reply = client_.get({kAccounts, ns, action.account});
  if (reply) {
    stores_.accounts.written(std::move(*reply));
    return {Kind::kAgain, "the service account had changed"};
  }
  if (reply.error().kind == ErrorKind::kNotFound) {
    stores_.accounts.erased(ns, action.account, action.resource_version);
    return {Kind::kAgain, "the service account is gone"};
  }
  return outcome_of(reply.error());
}

std::string kind_of_write(const plan::Action& action) {
  return std::visit(
      [](const auto& what) -> std::string {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, plan::CreateCopy>) return "create secrets";
        if constexpr (std::is_same_v<What, plan::UpdateCopy>) return "patch secrets";
        if constexpr (std::is_same_v<What, plan::DeleteCopy>) return "delete secrets";
        if constexpr (std::is_same_v<What, plan::PatchAccount>) return "patch serviceaccounts";
      },
      action);
}

std::string describe(const plan::Action& action) {
  return std::visit(
      [](const auto& what) -> std::string {
        using What = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<What, plan::PatchAccount>) {
          return fmt::format("patch ServiceAccount {}", what.account);
        } else {
          std::string_view verb = std::is_same_v<What, plan::CreateCopy> ? "create" : "delete";
          if constexpr (std::is_same_v<What, plan::UpdateCopy>) {
            verb = what.adopts ? "adopt" : "update";
          }
          return fmt::format("{} Secret {}", verb, what.secret);
        }
      },
      action);
}

}  // namespace icrps::controller
