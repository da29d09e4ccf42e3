#include "plan/accounts.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "plan/names.hpp"
#include "plan/selection.hpp"
#include "plan/text_list.hpp"

namespace icrps::plan {
namespace {

std::set<std::string> names_in(std::string_view list) {
  std::set<std::string> names;
  for (auto& name : split_list(list)) names.insert(std::move(name));
  names.erase("");
  return names;
}

/// What says which entries are ours, also when the Secret is gone and somebody else has written the
/// list since. `stay`: the entries that are not removed.
void mark_attached(PatchAccount& patch, const std::set<std::string>& marked,
                   std::set<std::string> stay, const SecretNames& names) {
  std::erase_if(stay, [&](const auto& secret) {
    return !names.attach.contains(secret) && !marked.contains(secret);
  });
  stay.insert(patch.add.begin(), patch.add.end());
  patch.marks = stay != marked;
  if (patch.marks) patch.attached.assign(stay.begin(), stay.end());
}

std::optional<PatchAccount> plan_account(const std::string& name, const AccountFacts& account,
                                         bool selected, const SecretNames& names) {
  PatchAccount patch{.account = name,
                     .resource_version = account.resource_version,
                     .remove = {},
                     .add = {},
                     .list_is_empty = account.pull_secrets.empty()};
  const auto marked = names_in(account.attached);
  std::set<std::string> stay;
  for (std::size_t i = account.pull_secrets.size(); i-- > 0;) {
    const auto& secret = account.pull_secrets[i];
    const bool dangles = names.absent.contains(secret) && marked.contains(secret);
    const bool goes =
        dangles || names.detach.contains(secret) || (names.attach.contains(secret) && !selected);
    if (!goes) {
      stay.insert(secret);
      continue;
    }
    patch.remove.push_back(account.unwieldy ? account.positions[i] : i);
    patch.removed.push_back(secret);
    if (auto next = names.successor_of(secret); !next.empty()) {
      patch.successors[secret] = std::move(next);
    }
  }
  if (selected && !account.unwieldy) {
    std::set_difference(names.attach.begin(), names.attach.end(), stay.begin(), stay.end(),
                        std::back_inserter(patch.add));
  }
  mark_attached(patch, marked, std::move(stay), names);
  patch.annotated = account.annotated;
  if (patch.remove.empty() && patch.add.empty() && !patch.marks) return std::nullopt;
  return patch;
}

/// `unwieldy`: service accounts that are selected and not patched.
void note_unwieldy(Plan& plan, const std::vector<std::string_view>& unwieldy) {
  if (unwieldy.empty()) return;
  constexpr std::size_t kShown = 3;
  std::vector<std::string> shown;
  for (const auto name : unwieldy) {
    if (shown.size() < kShown) shown.push_back(fmt::format("\"{}\"", name));
  }
  const auto more = unwieldy.size() - shown.size();
  plan.problems.push_back(
      {std::string(kTooManyPullSecrets),
       fmt::format("the list imagePullSecrets of service account {}{} is too long: more than 128 "
                   "entries, or 16 KiB of names. Nothing is added to it, so that its pods get no "
                   "pull secret from icr-pull-secrets. Take out what nobody needs.",
                   join(shown, ", "), more > 0 ? fmt::format(" and {} more", more) : "")});
}

bool misses_any(const AccountFacts& account, const std::set<std::string>& secrets) {
  const auto& list = account.pull_secrets;
  return std::any_of(secrets.begin(), secrets.end(), [&](const auto& secret) {
    return std::find(list.begin(), list.end(), secret) == list.end();
  });
}

/// "service account "a", which does not exist here; it is …", of however many.
std::string missing_text(const std::vector<std::string_view>& missing) {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> shown;
  for (const auto name : missing) {
    if (shown.size() == kShown) break;
    shown.push_back(fmt::format("\"{}\"", name));
  }
  const auto more = missing.size() - shown.size();
  const bool one = missing.size() == 1;
  return fmt::format(
      "service account{} {}{}, which {} not exist here; {} served as soon as {} "
      "created",
      one ? "" : "s", join(shown, ", "), more > 0 ? fmt::format(" and {} more", more) : "",
      one ? "does" : "do", one ? "it is" : "they are", one ? "it is" : "they are");
}

/// Accounts that the annotation names and that don't exist. The configuration's default list is
/// no promise of anybody, so that it gives no Event.
void note_missing_accounts(Plan& plan, const Facts& facts, const Wish& wish) {
  if (!wish.service_accounts || !facts.ns.annotations.contains(std::string(kServiceAccounts))) {
    return;
  }
  std::unordered_set<std::string_view> existing;
  for (const auto& account : facts.accounts) existing.insert(account.first);
  std::vector<std::string_view> missing;
  for (const auto& pattern : *wish.service_accounts) {
    if (!is_glob(pattern) && !existing.contains(pattern)) missing.push_back(pattern);
  }
  if (missing.empty()) return;
  plan.problems.push_back(
      {std::string(kServiceAccountNotFound),
       fmt::format("annotation {} names {}. Accepted: names and globs of service accounts of this "
                   "namespace, or none.",
                   kServiceAccounts, missing_text(missing)),
       true});
}

void note_crowd(Plan& plan, const Facts& facts) {
  if (!facts.crowded) return;
  plan.problems.push_back(
      {std::string(kTooManyServiceAccounts),
       fmt::format(
           "this namespace has more service accounts than icr-pull-secrets remembers of one "
           "namespace; {} are known, the others are left alone. Delete those that nobody "
           "needs.",
           facts.accounts.size()),
       true, false, "crowd"});
}

}  // namespace

std::string SecretNames::successor_of(const std::string& secret) const {
  const auto found = successors.find(secret);
  return found == successors.end() ? std::string() : found->second;
}

void plan_accounts(Plan& plan, const Facts& facts, const Wish& wish, const SecretNames& names,
                   Attach attach) {
  const bool may_attach = wish.opted_in && attach == Attach::kServiceAccounts;
  const Selection selection(wish.service_accounts.value_or(std::vector<std::string>{}));
  std::vector<std::string_view> unwieldy;
  for (const auto& [name, account] : facts.accounts) {
    if (account.terminating) continue;
    // With a mistake in the annotation an account stays as it is: selected when it is attached.
    const bool selected = wish.service_accounts
                              ? selection.selects(name)
                              : std::any_of(account.pull_secrets.begin(),
                                            account.pull_secrets.end(), [&](const auto& secret) {
                                              return names.attach.contains(secret) ||
                                                     names.successors.contains(secret);
                                            });
    if (auto patch = plan_account(name, account, may_attach && selected, names)) {
      plan.actions.emplace_back(std::move(*patch));
    }
    if (account.unwieldy && may_attach && selected && misses_any(account, names.attach)) {
      unwieldy.push_back(name);
    }
  }
  note_unwieldy(plan, unwieldy);
  if (!may_attach) return;
  if (!facts.crowded) note_missing_accounts(plan, facts, wish);
  note_crowd(plan, facts);
}

}  // namespace icrps::plan
