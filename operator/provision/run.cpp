#include "provision/run.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "icr/docker_config.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::provision {
namespace {

using StepKind = Step::Kind;

tl::unexpected<Stopped> failed(std::string why) {
  return tl::unexpected(Stopped{std::move(why), false});
}

/// The value's key, if it may be one at all.
std::optional<SecretString> api_key_of(const SourceSecret::Content& content) {
  if (!content.value) return std::nullopt;
  auto key = icr::parse_api_key(content.value->reveal());
  if (!key) return std::nullopt;
  return std::move(key->value);
}

}  // namespace

Run::Result<void> Run::look() {
  held_ = {};
  auto identities = account_.identities(wish_.kind, wish_.name);
  if (!identities) return failed(identities.error());
  held_.identities = std::move(*identities);
  if (auto looked = look_at_secret(); !looked) return looked;
  if (auto looked = look_for_owner(); !looked) return looked;
  return look_at_identity();
}

/// The list need not show yet whose key a run before has stored.
Run::Result<void> Run::look_for_owner() {
  const auto& secret = held_.secret;
  if (ours(wish_, held_) != nullptr || !secret.ours || !secret.key) return {};
  auto owner = account_.identity(wish_.kind, secret.key->iam_id);
  if (!owner) return failed(owner.error());
  const bool is_ours = *owner && marked_name((*owner)->description) == wish_.name;
  const bool listed =
      std::any_of(held_.identities.begin(), held_.identities.end(),
                  [&](const auto& one) { return *owner && one.id == (*owner)->id; });
  if (is_ours && !listed) held_.identities.push_back(std::move(**owner));
  return {};
}

Run::Result<void> Run::look_at_identity() {
  const auto* identity = ours(wish_, held_);
  if (identity == nullptr) return {};
  auto policies = account_.policies({identity->iam_id, {}});
  if (!policies) return failed(policies.error());
  held_.policies = std::move(*policies);
  if (wish_.secret) {
    auto keys = account_.api_keys(*identity);
    if (!keys) return failed(keys.error());
    held_.keys = std::move(*keys);
    held_.key_limit = account_.key_limit();
  }
  if (wish_.link) {
    auto links = account_.links(*identity);
    if (!links) return failed(links.error());
    held_.links = std::move(*links);
  }
  return {};
}

Run::Result<void> Run::look_at_secret() {
  if (secret_ == nullptr) return {};
  const auto content = secret_->read();
  if (!content) return failed(content.error());
  auto& secret = held_.secret;
  secret.exists = content->exists;
  secret.ours = content->name == wish_.name;
  secret.has_value = content->value && !content->value->empty();
  if (const auto began = parse_rfc3339(content->began)) {
    const auto ago = account_.waiting().clock.wall() - *began;
    // A clock that is behind the other run's makes it young.
    secret.begun = HeldSecret::Begun{
        std::max(std::chrono::duration_cast<std::chrono::seconds>(ago), std::chrono::seconds(0)),
        content->began};
  }
  key_ = api_key_of(*content);
  if (!key_) return {};
  // One that a run before stored a moment ago need not be known everywhere.
  auto details = account_.key_details(*key_, secret.ours);
  if (!details) return failed(details.error());
  secret.key = std::move(*details);
  return {};
}

Run::Result<void> Run::converge() {
  const auto& waiting = account_.waiting();
  while (true) {
    if (held_.claimed) {
      held_.claimed =
          std::chrono::duration_cast<std::chrono::seconds>(waiting.clock.now() - claimed_at_);
    }
    const auto next = next_step(wish_, held_);
    if (std::holds_alternative<Done>(next)) return {};
    if (const auto* blocked = std::get_if<Blocked>(&next)) {
      return tl::unexpected(Stopped{blocked->why, true});
    }
    if (const auto* wait = std::get_if<Wait>(&next)) {
      waiting.say(
          fmt::format("a run was broken off a moment ago; waiting {} s until IAM shows "
                      "what it made",
                      wait->time.count()));
      waiting.sleep(wait->time);
      if (auto looked = look(); !looked) return looked;
      continue;
    }
    const auto& step = std::get<Step>(next);
    const auto line = describe(step, wish_, held_);
    auto made = act(step);
    if (!made) return tl::unexpected(std::move(made.error()));
    note(held_, wish_, step, *made);
    if (step.kind != StepKind::kClaimSecret) on_step_(line);
  }
}

Run::Result<Made> Run::act(const Step& step) {
  const auto nothing = [](Account::Result<void> done) -> Result<Made> {
    if (!done) return failed(done.error());
    return Made{};
  };
  switch (step.kind) {
    case StepKind::kClaimSecret:
      return claim();
    case StepKind::kMakeIdentity:
      return make_identity();
    case StepKind::kLinkCluster:
      return nothing(account_.make_link(*ours(wish_, held_), *wish_.link, wish_.name));
    case StepKind::kGrant:
      return make_policy(step.grant);
    case StepKind::kChangeRole: {
      auto policy = policy_of(step.grant);
      policy.id = step.id;
      return nothing(account_.change_policy(std::move(policy)));
    }
    case StepKind::kDropKey:
      return nothing(account_.delete_key(step.id));
    case StepKind::kMakeKey:
      return make_key();
    case StepKind::kStoreKey:
      return store_key();
    case StepKind::kRevoke:
      return nothing(account_.delete_policy(step.id));
  }
  return Made{};
}

Run::Result<Made> Run::claim() {
  stamp_ = rfc3339(account_.waiting().clock.wall());
  claimed_at_ = account_.waiting().clock.now();
  if (auto claimed = secret_->claim(wish_.name, stamp_); !claimed) return failed(claimed.error());
  return Made{};
}

Run::Result<Made> Run::make_identity() {
  iam::Identity wanted;
  wanted.kind = wish_.kind;
  wanted.name = wish_.name;
  wanted.account_id = account_.id();
  wanted.description =
      "Pulls from IBM Cloud Container Registry, made by icr-pull-secrets; " + mark_of(wish_.name);
  auto identity = account_.make_identity(wanted);
  if (!identity) return failed(identity.error());
  return Made{identity->id, identity->iam_id};
}

iam::Policy Run::policy_of(const Grant& grant) const {
  iam::Policy policy;
  policy.iam_id = ours(wish_, held_)->iam_id;
  policy.description = fmt::format("{}; {}", grant.text, mark_of(wish_.name));
  policy.resource = grant.resource;
  policy.roles = grant.roles;
  return policy;
}

Run::Result<Made> Run::make_policy(const Grant& grant) {
  auto policy = account_.make_policy(policy_of(grant));
  if (!policy) return failed(policy.error());
  if (policy->conditional || policy->resource != grant.resource) {
    return failed(fmt::format(
        "IAM says that policy {} ({}) is in the way of {}. Delete it, or change it by hand",
        policy->id, describe(*policy), grant.text));
  }
  if (policy->roles == grant.roles) return Made{policy->id, {}};
  if (wish_.force) {
    auto wanted = policy_of(grant);
    wanted.id = policy->id;
    if (auto done = account_.change_policy(wanted); !done) return failed(done.error());
    return Made{policy->id, {}};
  }
  return tl::unexpected(
      Stopped{fmt::format("there is a policy already, {} ({}). Make it {} with --force",
                          describe(*policy), policy->id, grant.text),
              true});
}

Run::Result<Made> Run::make_key() {
  auto key = account_.make_key(*ours(wish_, held_), key_name(wish_, stamp_),
                               key_description(wish_.name, *wish_.secret));
  if (!key) return failed(key.error());
  key_ = std::move(key->value);
  return Made{key->id, {}};
}

Run::Result<Made> Run::store_key() {
  const auto stored = secret_->store(*key_);
  if (stored) return Made{};
  const auto& why = stored.error().why;
  if (stored.error().unsure) {
    return failed(
        fmt::format("{}. Whether the Secret holds the new API key {} is not known; run "
                    "it again",
                    why, held_.new_key));
  }
  // Nobody has its value but this process.
  const auto deleted = account_.delete_key(held_.new_key);
  if (deleted) return failed(fmt::format("{}. The new API key was deleted again", why));
  return failed(
      fmt::format("{}. The new API key {} is left and nobody has it: run it again, or "
                  "delete it ({})",
                  why, held_.new_key, deleted.error()));
}

}  // namespace icrps::provision
