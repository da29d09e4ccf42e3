#include "plan/plan.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "plan/names.hpp"

namespace icrps::plan {
namespace {

/// The copies part of a plan, and what it means for the service accounts.
struct Copies {
  std::vector<Action> writes;    // before the accounts
  std::vector<Action> deletes;   // after the accounts
  std::set<std::string> attach;  // Secret names that exist after `writes`
  std::set<std::string> detach;  // Secret names of ours that go
};

bool wanted(const Wish& wish, const std::string& credential, bool has_own_copy) {
  if (!wish.opted_in) return false;
  if (!wish.credentials) return has_own_copy;  // a mistake: what is in force stays
  const auto& names = *wish.credentials;
  return std::find(names.begin(), names.end(), credential) != names.end();
}

bool up_to_date(const CopyFacts& copy, const std::string& credential, const Content& content) {
  return copy.content_hash == content.hash && copy.hash_annotation == content.hash &&
         copy.revision == content.revision && copy.hosts == content.hosts &&
         copy.credential_label == credential && copy.extra_keys.empty();
}

void note(Plan& plan, State state, Problem problem) {
  // The enumerators after kPending are in the order of how much they hide.
  plan.state = std::max(plan.state, state);
  plan.problems.push_back(std::move(problem));
}

void note_conflict(Plan& plan, const std::string& secret) {
  note(plan, State::kConflict,
       {std::string(kSecretConflict),
        fmt::format("Secret {} exists and is not managed by icr-pull-secrets (no label {}={}); it "
                    "is left alone and not attached. Delete or rename it to get a managed one.",
                    secret, kManagedByLabel, kManagedBy)});
}

void note_no_credential(Plan& plan, const std::string& credential) {
  note(plan, State::kNoCredential,
       {std::string(kCredentialUnavailable),
        fmt::format("credential \"{}\" has no usable value yet, so Secret {} can't be written; see "
                    "the Events of its source Secret in the operator's namespace.",
                    credential, copy_name(credential)),
        true});
}

/// The copy exists, is ours, and is wanted.
void plan_own_copy(Copies& copies, const CredentialFacts& credential, const CopyFacts& copy,
                   const std::optional<icr::Hosts>& hosts, const Rules& rules) {
  copies.attach.insert(copy_name(credential.name));
  if (!credential.material) return;  // the last good one stays
  // With a mistake in the annotations the hosts stay those that the copy was made for, but a
  // rotated key still reaches them.
  const icr::Hosts& wanted_hosts = hosts ? *hosts : hosts_from_text(copy.hosts, rules.known_hosts);
  if (wanted_hosts.empty()) return;
  auto content = credential.material->content(wanted_hosts);
  if (!copy.right_type || copy.immutable) {
    copies.writes.emplace_back(DeleteCopy{credential.name, copy.uid, copy.resource_version});
    copies.writes.emplace_back(CreateCopy{credential.name, std::move(content)});
  } else if (!up_to_date(copy, credential.name, *content)) {
    copies.writes.emplace_back(UpdateCopy{credential.name, copy.uid, copy.resource_version,
                                          std::move(content), copy.extra_keys});
  }
}

void plan_wanted_copy(Plan& plan, Copies& copies, const CredentialFacts& credential,
                      const std::optional<icr::Hosts>& hosts, const Rules& rules) {
  const auto& copy = credential.copy;
  if (copy && !copy->ours) {
    note_conflict(plan, copy_name(credential.name));
  } else if (copy && !copy->terminating) {
    plan_own_copy(copies, credential, *copy, hosts, rules);
  } else if (copy || !hosts) {
    return;  // the event of its end brings us back; or a mistake and nothing that it could break
  } else if (!credential.material) {
    note_no_credential(plan, credential.name);
  } else {
    copies.writes.emplace_back(CreateCopy{credential.name, credential.material->content(*hosts)});
    copies.attach.insert(copy_name(credential.name));
  }
}

Copies plan_copies(Plan& plan, const Facts& facts, const Wish& wish, const Rules& rules) {
  Copies copies;
  for (const auto& credential : facts.credentials) {
    const auto& copy = credential.copy;
    const bool own = copy && copy->ours;
    if (wanted(wish, credential.name, own)) {
      plan_wanted_copy(plan, copies, credential, wish.hosts, rules);
    } else if (own) {
      copies.detach.insert(copy_name(credential.name));
      if (!copy->terminating) {
        copies.deletes.emplace_back(DeleteCopy{credential.name, copy->uid, copy->resource_version});
      }
    }
  }
  return copies;
}

std::optional<PatchAccount> plan_account(const std::string& name, const AccountFacts& account,
                                         bool selected, const Copies& copies) {
  PatchAccount patch{name, account.resource_version, {}, {}, account.pull_secrets.empty()};
  std::set<std::string> present;
  for (std::size_t i = account.pull_secrets.size(); i-- > 0;) {
    const auto& secret = account.pull_secrets[i];
    const bool goes =
        copies.detach.contains(secret) || (copies.attach.contains(secret) && !selected);
    if (goes) patch.remove.push_back(i);
    present.insert(secret);
  }
  if (selected) {
    std::set_difference(copies.attach.begin(), copies.attach.end(), present.begin(), present.end(),
                        std::back_inserter(patch.add));
  }
  if (patch.remove.empty() && patch.add.empty()) return std::nullopt;
  return patch;
}

void plan_accounts(Plan& plan, const Facts& facts, const Wish& wish, const Copies& copies) {
  for (const auto& [name, account] : facts.accounts) {
    if (account.terminating) continue;
    // With a mistake in the annotation an account stays as it is: selected when it is attached.
    const bool selected =
        wish.service_accounts
            ? selects(*wish.service_accounts, name)
            : std::any_of(account.pull_secrets.begin(), account.pull_secrets.end(),
                          [&](const auto& secret) { return copies.attach.contains(secret); });
    if (auto patch = plan_account(name, account, wish.opted_in && selected, copies)) {
      plan.actions.emplace_back(std::move(*patch));
    }
  }
}

/// Accounts that the annotation names and that don't exist. The configuration's default list is
/// no promise of anybody, so that it gives no Event.
void note_missing_accounts(Plan& plan, const Facts& facts, const Wish& wish) {
  if (!wish.service_accounts || !facts.ns.annotations.contains(std::string(kServiceAccounts))) {
    return;
  }
  for (const auto& pattern : *wish.service_accounts) {
    if (pattern.find_first_of("*?") != std::string::npos) continue;
    const bool exists = std::any_of(facts.accounts.begin(), facts.accounts.end(),
                                    [&](const auto& account) { return account.first == pattern; });
    if (exists) continue;
    plan.problems.push_back(
        {std::string(kServiceAccountNotFound),
         fmt::format("annotation {} names service account \"{}\", which does not exist here; it is "
                     "served as soon as it is created. Accepted: names and globs of service "
                     "accounts of this namespace, or none.",
                     kServiceAccounts, pattern),
         true});
  }
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::kNotOptedIn:
      return "not_opted_in";
    case State::kReady:
      return "ready";
    case State::kPending:
      return "pending";
    case State::kMistake:
      return "mistake";
    case State::kConflict:
      return "conflict";
    case State::kNoCredential:
      return "no_credential";
    case State::kForbidden:
      return "forbidden";
    case State::kTerminating:
      return "terminating";
  }
  return "unknown";
}

Plan make_plan(const Facts& facts, const Rules& rules) {
  Plan plan;
  if (facts.ns.terminating) {
    plan.state = State::kTerminating;  // nothing can be created there, and all of it goes anyway
    return plan;
  }
  std::vector<std::string> known;
  for (const auto& credential : facts.credentials) known.push_back(credential.name);
  Wish wish = read_wish(facts.ns.annotations, rules.defaults, rules.regions, known);

  if (wish.opted_in) plan.state = wish.problems.empty() ? State::kReady : State::kMistake;
  plan.problems = std::move(wish.problems);
  Copies copies = plan_copies(plan, facts, wish, rules);
  plan.actions = std::move(copies.writes);
  plan_accounts(plan, facts, wish, copies);
  std::move(copies.deletes.begin(), copies.deletes.end(), std::back_inserter(plan.actions));
  if (wish.opted_in) note_missing_accounts(plan, facts, wish);
  if (plan.state == State::kReady && !plan.actions.empty()) plan.state = State::kPending;
  return plan;
}

}  // namespace icrps::plan
