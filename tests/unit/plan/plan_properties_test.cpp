// What holds for every plan, tried on thousands of random namespaces.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "plan/text_list.hpp"
#include "unit/support/dice.hpp"
#include "unit/support/facts.hpp"

namespace plan_properties_test {

using namespace icrps;
using namespace icrps::plan;
using namespace icrps::test;

namespace {

using Words = std::vector<std::string>;

const Words kRegionValues{"us-south", "eu-de,us-south", "all",   "none", "nowhere",
                          "",         "de.icr.io",      "global"};
const Words kEndpointValues{"public", "private", "all", "wrong"};
const Words kAccountValues{"default", "builder", "*", "b*,default", "none", "Wrong", ""};
const Words kCredentialValues{"default", "team-b", "default,team-b", "nobody", ""};
const Words kAccountNames{"builder", "default", "other"};
const Words kSecretNames{"icr-default", "icr-team-b", "icr-else", "own", ""};

/// Two kinds of who, two of where, path-scoped entries, hosts of its own; most often nothing.
std::shared_ptr<const Limits> random_limits(Dice& dice) {
  if (!dice.once_in(2)) return nullptr;
  using Operator = LabelRequirement::Operator;
  Limits limits;
  if (dice.once_in(4)) limits.namespaces = dice.pick(std::vector<Words>{{"web*"}, {"sh?p"}, {}});
  if (dice.once_in(4)) {
    limits.selector = {{"team", dice.pick(std::vector{Operator::kIn, Operator::kNotIn}), {"b"}}};
  }
  if (dice.once_in(3)) {
    limits.hosts = dice.pick(std::vector<icr::Hosts>{{"us.icr.io", "private.us.icr.io"}, {}});
  }
  if (dice.once_in(4)) limits.registry_namespaces = {"team", "base"};
  if (dice.once_in(6)) limits.fixed_hosts = {"cp.icr.io"};
  return std::make_shared<const Limits>(std::move(limits));
}

Material::Expiry random_expiry(Dice& dice) {
  if (dice.once_in(2)) return std::nullopt;
  return std::chrono::system_clock::time_point(std::chrono::hours(490'000 + dice.below(2)));
}

void annotate_at_random(Facts& facts, Dice& dice) {
  facts.ns.annotations.clear();
  const auto maybe = [&](const char* name, const Words& values, std::size_t one_in) {
    if (dice.once_in(one_in)) annotate(facts, name, dice.pick(values));
  };
  if (!dice.once_in(8)) annotate(facts, "regions", dice.pick(kRegionValues));
  maybe("endpoints", kEndpointValues, 3);
  maybe("service-accounts", kAccountValues, 2);
  maybe("credentials", kCredentialValues, 2);
}

/// A copy in any condition: fresh, of an old key, edited, somebody's.
std::optional<CopyFacts> random_copy(const std::string& credential, Dice& dice) {
  if (dice.once_in(3)) return std::nullopt;
  if (dice.once_in(6)) return foreign_secret();
  static const std::vector<icr::Hosts> kHosts{{"us.icr.io"}, {"de.icr.io", "us.icr.io"}};
  auto copy = copy_for(*material(dice.pick(Words{"key-1", "key-2"}), credential), dice.pick(kHosts),
                       credential);
  if (dice.once_in(8)) copy.content_hash = "edited";
  if (dice.once_in(8)) copy.hosts = dice.pick(Words{"", "evil.example", "us.icr.io,evil.example"});
  if (dice.once_in(8)) copy.extra_keys = {"added"};
  if (dice.once_in(8)) copy.expires_at = "2026-11-23T06:20:44Z";
  if (dice.once_in(8)) copy.right_type = false;
  if (dice.once_in(8)) copy.immutable = true;
  if (dice.once_in(8)) copy.terminating = true;
  return copy;
}

Facts random_facts(Dice& dice) {
  Facts facts;
  facts.ns.name = "shop";
  facts.ns.terminating = dice.once_in(20);
  if (dice.once_in(2)) facts.ns.labels = {{"team", dice.pick(Words{"a", "b"})}};
  annotate_at_random(facts, dice);
  for (const auto* name : {"default", "team-b"}) {
    CredentialFacts credential{name, nullptr, random_copy(name, dice)};
    if (!dice.once_in(5)) {
      credential.material = material(dice.pick(Words{"key-1", "key-2"}), name, random_expiry(dice));
    }
    credential.limits = random_limits(dice);
    facts.credentials.push_back(std::move(credential));
  }
  for (const auto& name : kAccountNames) {
    if (dice.once_in(4)) continue;
    auto account = account_facts();
    for (auto count = dice.below(5); count-- > 0;) {
      account.pull_secrets.push_back(dice.pick(kSecretNames));
    }
    account.terminating = dice.once_in(10);
    facts.accounts.emplace_back(name, std::move(account));
  }
  return facts;
}

bool attached_anywhere(const Facts& facts, const std::string& secret) {
  for (const auto& [name, account] : facts.accounts) {
    if (account.terminating) continue;
    for (const auto& entry : account.pull_secrets) {
      if (entry == secret) return true;
    }
  }
  return false;
}

const CredentialFacts& credential_of(const Facts& facts, const std::string& name) {
  return facts.credentials[name == facts.credentials[0].name ? 0 : 1];
}

/// True when `plan` creates the credential's copy after action `i`.
bool created_later(const Plan& plan, std::size_t i, const std::string& credential) {
  for (++i; i < plan.actions.size(); ++i) {
    const auto* create = std::get_if<CreateCopy>(&plan.actions[i]);
    if (create != nullptr && create->credential == credential) return true;
  }
  return false;
}

/// The problems without those of a limit that a namespace with a mistake had a copy against: with
/// the copy they are gone.
std::vector<Problem> lasting_problems(const Plan& plan) {
  auto problems = plan.problems;
  const bool mistaken = std::any_of(problems.begin(), problems.end(), [](const auto& problem) {
    return problem.reason.starts_with("Invalid");
  });
  if (!mistaken) return problems;
  std::erase_if(problems,
                [](const auto& problem) { return problem.reason.starts_with("CredentialNot"); });
  return problems;
}

/// Entries of a list that no credential of ours has the name of.
Words foreign_entries(const AccountFacts& account) {
  Words entries;
  for (const auto& entry : account.pull_secrets) {
    if (entry != "icr-default" && entry != "icr-team-b") entries.push_back(entry);
  }
  return entries;
}

}  // namespace

TEST_CASE("a plan that is carried out leaves nothing to do", "[plan][properties]") {
  Dice dice(4711);
  const auto rules = default_rules();
  int with_actions = 0;
  for (int round = 0; round < 5000; ++round) {
    auto facts = random_facts(dice);
    const auto plan = make_plan(facts, rules);
    if (!plan.actions.empty()) ++with_actions;
    REQUIRE_NOTHROW(perform(facts, plan));
    const auto again = make_plan(facts, rules);
    INFO("round " << round);
    REQUIRE(told(again) == Words{});
    REQUIRE(lasting_problems(again) == lasting_problems(plan));
    REQUIRE(again.copies.size() <= plan.copies.size());
    for (const auto& report : again.copies) {
      // What was promised is there; what had to go is gone, or going.
      if (!report.revision.empty()) REQUIRE(report.before == report.revision);
    }
    // Later changes of mind included.
    annotate_at_random(facts, dice);
    REQUIRE_NOTHROW(perform(facts, make_plan(facts, rules)));
    REQUIRE(told(make_plan(facts, rules)) == Words{});
  }
  CHECK(with_actions > 2000);
}

TEST_CASE("a copy exists before it is attached and is detached before it goes",
          "[plan][properties]") {
  Dice dice(4712);
  const auto rules = default_rules();
  for (int round = 0; round < 5000; ++round) {
    auto facts = random_facts(dice);
    const auto plan = make_plan(facts, rules);
    for (std::size_t i = 0; i < plan.actions.size(); ++i) {
      const auto& action = plan.actions[i];
      if (const auto* patch = std::get_if<PatchAccount>(&action)) {
        for (const auto& secret : patch->add) {
          const auto& copy = credential_of(facts, secret.substr(4)).copy;
          REQUIRE(copy);
          REQUIRE(copy->ours);
        }
      }
      if (const auto* remove = std::get_if<DeleteCopy>(&action)) {
        // One that is replaced comes back at once and stays attached.
        if (!created_later(plan, i, remove->credential)) {
          REQUIRE_FALSE(attached_anywhere(facts, "icr-" + remove->credential));
        }
      }
      perform(facts, action);
    }
  }
}

TEST_CASE("what others made is never touched", "[plan][properties]") {
  Dice dice(4713);
  const auto rules = default_rules();
  for (int round = 0; round < 5000; ++round) {
    const auto before = random_facts(dice);
    auto after = before;
    perform(after, make_plan(before, rules));  // the simulator refuses to delete a foreign Secret
    for (std::size_t i = 0; i < before.credentials.size(); ++i) {
      const auto& copy = before.credentials[i].copy;
      if (!copy || copy->ours) continue;
      REQUIRE(after.credentials[i].copy);
      REQUIRE(after.credentials[i].copy->resource_version == copy->resource_version);
    }
    for (std::size_t i = 0; i < before.accounts.size(); ++i) {
      REQUIRE(foreign_entries(after.accounts[i].second) ==
              foreign_entries(before.accounts[i].second));
    }
  }
}

TEST_CASE("an opt-out leaves no copy and no entry", "[plan][properties]") {
  Dice dice(4714);
  const auto rules = default_rules();
  for (int round = 0; round < 3000; ++round) {
    auto facts = random_facts(dice);
    facts.ns.terminating = false;
    for (auto& credential : facts.credentials) {
      if (credential.copy) credential.copy->terminating = false;
    }
    perform(facts, make_plan(facts, rules));
    annotate(facts, "regions", "none");
    std::set<std::string> had;
    for (const auto& credential : facts.credentials) {
      if (credential.copy && credential.copy->ours) had.insert("icr-" + credential.name);
    }
    perform(facts, make_plan(facts, rules));
    for (const auto& credential : facts.credentials) {
      REQUIRE((!credential.copy || !credential.copy->ours));
    }
    for (const auto& secret : had) REQUIRE_FALSE(attached_anywhere(facts, secret));
  }
}

TEST_CASE("a credential is never where its limits forbid it", "[plan][properties][limits]") {
  Dice dice(4715);
  const auto rules = default_rules();
  int limited = 0;
  for (int round = 0; round < 5000; ++round) {
    auto facts = random_facts(dice);
    facts.ns.terminating = false;
    for (auto& credential : facts.credentials) {
      if (credential.copy) credential.copy->terminating = false;
    }
    perform(facts, make_plan(facts, rules));
    INFO("round " << round);
    for (const auto& credential : facts.credentials) {
      if (!credential.limits || !credential.copy || !credential.copy->ours) continue;
      const auto& limits = *credential.limits;
      REQUIRE(may_use(limits, "shop", facts.ns.labels));
      if (!credential.material || credential.copy->hosts.find("evil") != std::string::npos ||
          credential.copy->hosts.empty()) {
        continue;  // the last good one stays
      }
      ++limited;
      for (const auto& host : split_list(credential.copy->hosts)) {
        const bool served =
            limits.fixed_hosts.contains(host) ||
            (limits.fixed_hosts.empty() && (!limits.hosts || limits.hosts->contains(host)));
        REQUIRE(served);
      }
    }
  }
  CHECK(limited > 500);
}

TEST_CASE("a report tells the revision that is there afterwards", "[plan][properties]") {
  Dice dice(4716);
  const auto rules = default_rules();
  for (int round = 0; round < 5000; ++round) {
    auto facts = random_facts(dice);
    const auto plan = make_plan(facts, rules);
    perform(facts, plan);
    for (const auto& report : plan.copies) {
      const auto& credential = credential_of(facts, report.credential);
      INFO("round " << round << ", " << to_string(report.standing));
      const bool there = credential.copy && credential.copy->ours;
      const bool going = there && credential.copy->terminating;
      if (!going) REQUIRE(report.revision == (there ? credential.copy->revision : ""));
      if (report.standing == Standing::kInPlace) {
        REQUIRE(report.revision == credential.material->revision());
      }
    }
  }
}

}  // namespace plan_properties_test
