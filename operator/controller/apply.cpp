#include "controller/apply.hpp"

#include <fmt/format.h>

#include "controller/bodies.hpp"
#include "plan/names.hpp"

namespace icrps::controller {
namespace {

using Kind = Outcome::Kind;
using ErrorKind = kube::ApiError::Kind;

constexpr std::string_view kSecrets = "secrets";
constexpr std::string_view kAccounts = "serviceaccounts";

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

bool is_stale(const kube::ApiError& error) {
  return error.kind == ErrorKind::kConflict || error.kind == ErrorKind::kAlreadyExists;
}

}  // namespace

Clock::Instant Applier::now() const {
  return clock_ != nullptr ? clock_->now() : SystemClock().now();
}

Outcome Applier::apply(const std::string& ns, const plan::Action& action) {
  const auto what = kind_of_write(action);
  {
    const std::lock_guard lock(mutex_);
    if (!gates_[what].may_try(now())) {
      Outcome held_back{Kind::kForbidden, "it is refused in every namespace"};
      held_back.everywhere = Everywhere::kYes;
      return held_back;
    }
  }
  auto outcome = carry_out(ns, action);
  outcome.what = what;
  const std::lock_guard lock(mutex_);
  if (outcome.kind == Kind::kDone) outcome.everywhere = gates_[what].succeeded();
  if (outcome.kind == Kind::kForbidden) outcome.everywhere = gates_[what].refused(ns);
  return outcome;
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

std::string Applier::body_of(const plan::CreateCopy& action) {
  const std::lock_guard lock(mutex_);
  auto& made = made_[action.secret];
  if (made.content != action.content) {
    made = {action.content,
            SecretString(copy_body({action.credential, action.secret}, *action.content))};
  }
  return made.body.reveal();
}

Outcome Applier::create(const std::string& ns, const plan::CreateCopy& action) {
  auto reply = client_.create({kSecrets, ns, {}}, body_of(action));
  if (reply) {
    stores_.copies.at(action.secret)->written(std::move(*reply));
    return {};
  }
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
  const auto name = action.secret;
  const auto from = former_owner(action.managed_by, writers(ns, name));
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
  if (reply) {
    stores_.copies.at(action.secret)->written(std::move(*reply));
    return {};
  }
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
