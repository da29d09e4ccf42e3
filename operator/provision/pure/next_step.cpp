#include "provision/pure/next_step.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace icrps::provision {
namespace {

using Kind = Step::Kind;

/// A step or what stands in its way; nothing: the next question.
using Answer = std::optional<Next>;

bool same_roles(const iam::Policy& policy, const Grant& grant) {
  return policy.roles == grant.roles;
}

const iam::Policy* policy_for(const Grant& grant, const std::vector<iam::Policy>& policies) {
  const auto found = std::find_if(policies.begin(), policies.end(), [&](const iam::Policy& policy) {
    return !policy.conditional && policy.resource == grant.resource;
  });
  return found == policies.end() ? nullptr : &*found;
}

bool has_good_key(const iam::Identity& identity, const HeldSecret& secret) {
  return secret.key && secret.key->iam_id == identity.iam_id && !secret.key->disabled;
}

bool needs_key(const Wish& wish, const Holdings& held) {
  const auto* identity = ours(wish, held);
  return wish.secret && (identity == nullptr || !has_good_key(*identity, held.secret));
}

Blocked several(const Wish& wish, const Holdings& held) {
  std::string ids;
  for (const auto& one : held.identities) {
    if (marked_name(one.description) == wish.name) ids += (ids.empty() ? "" : ", ") + one.id;
  }
  return {
      fmt::format("there are several {}s {} that were made by this program: {}. Which one is "
                  "used? Delete the others",
                  iam::to_string(wish.kind), wish.name, ids)};
}

Answer ask_identity(const Wish& wish, const Holdings& held) {
  const auto is_marked = [&](const iam::Identity& one) {
    return marked_name(one.description) == wish.name;
  };
  const auto marked = std::count_if(held.identities.begin(), held.identities.end(), is_marked);
  if (marked > 1) return several(wish, held);
  if (marked == 0 && !held.identities.empty()) {
    return Blocked{
        fmt::format("the {} {} ({}) was not made by this program, and stays as it is. "
                    "Choose another NAME",
                    iam::to_string(wish.kind), wish.name, held.identities.front().id)};
  }
  const auto* identity = ours(wish, held);
  if (identity != nullptr && identity->locked) {
    return Blocked{
        fmt::format("the {} {} ({}) is locked: no policy and no key of it can be made "
                    "or changed. Unlock it: ibmcloud iam service-id-unlock {}",
                    iam::to_string(wish.kind), wish.name, identity->id, identity->id)};
  }
  return {};
}

/// Whether what is in the Secret may be replaced.
Answer ask_secret(const Wish& wish, const Holdings& held) {
  const auto& secret = held.secret;
  if (!needs_key(wish, held) || !secret.has_value || secret.ours || wish.force) return {};
  const auto owner =
      secret.key ? "the key of " + secret.key->iam_id : "a value that is no key of it";
  return Blocked{
      fmt::format("Secret {}/{} holds {}, and this program did not put it there. Name "
                  "another Secret, or replace it with --force",
                  wish.secret->ns, wish.secret->name, owner)};
}

/// What a run that was broken off has left.
Answer ask_former_run(const Wish& wish, const Holdings& held) {
  const auto& begun = held.secret.begun;
  if (held.claimed || !begun || !needs_key(wish, held)) return {};
  if (begun->ago < kListsSettle) return Wait{kListsSettle - begun->ago};
  for (const auto& key : held.keys) {
    const bool in_use = held.secret.key && held.secret.key->id == key.id;
    if (!in_use && key.name == key_name(wish, begun->stamp)) return Step{Kind::kDropKey, key.id};
  }
  return {};
}

Answer ask_claim(const Wish& wish, const Holdings& held) {
  const bool fresh = held.claimed && *held.claimed < kClaimLasts;
  // What is made and not stored yet is stored however long that took.
  if (fresh || !held.new_key.empty() || !needs_key(wish, held)) return {};
  return Step{Kind::kClaimSecret};
}

Answer ask_link(const Wish& wish, const Holdings& held) {
  if (!wish.link) return {};
  const bool linked =
      std::any_of(held.links.begin(), held.links.end(), [&](const iam::ProfileLink& link) {
        return link.type == wish.link->type && link.cluster == wish.link->cluster &&
               link.ns == wish.link->ns && link.account == wish.link->account;
      });
  if (linked) return {};
  return Step{Kind::kLinkCluster};
}

Answer ask_grants(const Wish& wish, const Holdings& held) {
  std::string others;
  for (const auto& grant : wish.grants) {
    const auto* policy = policy_for(grant, held.policies);
    if (policy == nullptr) return Step{Kind::kGrant, {}, grant};
    if (same_roles(*policy, grant)) continue;
    if (wish.force) return Step{Kind::kChangeRole, policy->id, grant};
    others += fmt::format("{}{} (policy {})", others.empty() ? "" : ", ", grant.text, policy->id);
  }
  if (others.empty()) return {};
  return Blocked{
      fmt::format("there is a policy with other roles for {}. Change it with --force", others)};
}

Answer ask_key(const Wish& wish, const Holdings& held) {
  if (!needs_key(wish, held)) return {};
  if (!held.new_key.empty()) return Step{Kind::kStoreKey, held.new_key};
  if (held.keys.size() >= held.key_limit) {
    return Blocked{
        fmt::format("{} has {} API keys, and the account allows {}. Delete one that "
                    "nobody uses: ibmcloud iam service-api-keys {}",
                    wish.name, held.keys.size(), held.key_limit, wish.name)};
  }
  return Step{Kind::kMakeKey};
}

Answer ask_prune(const Wish& wish, const Holdings& held) {
  if (!wish.prune) return {};
  for (const auto& policy : extra_policies(wish, held)) return Step{Kind::kRevoke, policy.id};
  for (const auto& key : former_keys(wish, held)) return Step{Kind::kDropKey, key.id};
  return {};
}

template <class List, class Matches>
void erase_where(List& list, const Matches& matches) {
  list.erase(std::remove_if(list.begin(), list.end(), matches), list.end());
}

void note_stored(Holdings& held, const Wish& wish) {
  const auto* identity = ours(wish, held);
  const auto iam_id = identity != nullptr ? identity->iam_id : std::string();
  held.secret = {true, true, std::nullopt, iam::KeyDetails{held.new_key, iam_id, {}, false}, true};
  held.new_key.clear();
}

void note_claimed(Holdings& held) {
  held.claimed = std::chrono::seconds(0);
  held.secret.exists = true;
  held.secret.ours = true;
  held.secret.begun.reset();
}

}  // namespace

std::string key_name(const Wish& wish, const std::string& stamp) {
  return fmt::format("{} {}", wish.name, stamp);
}

const iam::Identity* ours(const Wish& wish, const Holdings& held) {
  const iam::Identity* found = nullptr;
  for (const auto& one : held.identities) {
    if (marked_name(one.description) != wish.name) continue;
    if (found != nullptr) return nullptr;
    found = &one;
  }
  return found;
}

std::vector<iam::Policy> extra_policies(const Wish& wish, const Holdings& held) {
  std::set<std::string> services;
  for (const auto& grant : wish.grants) services.insert(grant.resource.at("serviceName"));
  std::vector<iam::Policy> extra;
  for (const auto& policy : held.policies) {
    const auto service = policy.resource.find("serviceName");
    if (service == policy.resource.end() || !services.contains(service->second)) continue;
    const bool wanted =
        std::any_of(wish.grants.begin(), wish.grants.end(), [&](const Grant& grant) {
          return !policy.conditional && policy.resource == grant.resource;
        });
    if (!wanted) extra.push_back(policy);
  }
  return extra;
}

std::vector<iam::KeyInfo> former_keys(const Wish& wish, const Holdings& held) {
  std::vector<iam::KeyInfo> former;
  for (const auto& key : held.keys) {
    const bool in_use = held.secret.key && held.secret.key->id == key.id;
    const bool made_for_it = wish.secret && marked_name(key.description) == wish.name &&
                             marked_secret(key.description) == wish.secret;
    if (made_for_it && !in_use && key.id != held.new_key) former.push_back(key);
  }
  return former;
}

Next next_step(const Wish& wish, const Holdings& held) {
  if (auto answer = ask_identity(wish, held)) return *answer;
  if (auto answer = ask_secret(wish, held)) return *answer;
  if (auto answer = ask_former_run(wish, held)) return *answer;
  if (auto answer = ask_claim(wish, held)) return *answer;
  if (ours(wish, held) == nullptr) return Step{Kind::kMakeIdentity};
  if (auto answer = ask_link(wish, held)) return *answer;
  if (auto answer = ask_grants(wish, held)) return *answer;
  if (auto answer = ask_key(wish, held)) return *answer;
  if (auto answer = ask_prune(wish, held)) return *answer;
  return Done{};
}

Preview preview(const Wish& wish, Holdings held) {
  constexpr std::size_t kMostSteps = 10'000;
  Preview result;
  while (result.steps.size() < kMostSteps) {
    const auto next = next_step(wish, held);
    if (const auto* blocked = std::get_if<Blocked>(&next)) result.blocked = blocked->why;
    if (std::holds_alternative<Wait>(next)) held.secret.begun->ago = kListsSettle;
    if (const auto* step = std::get_if<Step>(&next)) {
      result.steps.push_back(*step);
      const auto number = std::to_string(result.steps.size());
      note(held, wish, *step, {"new-" + number, "iam-new-" + number});
    } else if (!std::holds_alternative<Wait>(next)) {
      break;
    }
  }
  return result;
}

void note(Holdings& held, const Wish& wish, const Step& step, const Made& made) {
  const auto is_policy = [&](const iam::Policy& one) { return one.id == step.id; };
  switch (step.kind) {
    case Kind::kClaimSecret:
      return note_claimed(held);
    case Kind::kMakeIdentity:
      held.identities.push_back(
          {wish.kind, made.id, made.iam_id, wish.name, mark_of(wish.name), {}, false});
      return;
    case Kind::kLinkCluster:
      held.links.push_back(*wish.link);
      return;
    case Kind::kGrant:
    case Kind::kChangeRole:
      erase_where(held.policies, is_policy);
      held.policies.push_back({step.kind == Kind::kGrant ? made.id : step.id,
                               {},
                               {},
                               {},
                               {},
                               step.grant.resource,
                               step.grant.roles,
                               false});
      return;
    case Kind::kRevoke:
      return erase_where(held.policies, is_policy);
    case Kind::kDropKey:
      return erase_where(held.keys, [&](const iam::KeyInfo& key) { return key.id == step.id; });
    case Kind::kMakeKey:
      held.keys.push_back({made.id, {}, {}, {}, {}, false, false, {}});
      held.new_key = made.id;
      return;
    case Kind::kStoreKey:
      return note_stored(held, wish);
  }
}

}  // namespace icrps::provision
