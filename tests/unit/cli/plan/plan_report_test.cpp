// A plan and its facts → what a person reads.
#include "cli/plan/plan_report.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/cleanup/cleanup_report.hpp"
#include "unit/support/facts.hpp"

namespace plan_report_test {

using namespace icrps;
using namespace icrps::cli;
using namespace icrps::test;

namespace {

using Words = std::vector<std::string>;

NamespacePlan explained(const plan::Facts& facts) {
  return explain(facts, plan::make_plan(facts, default_rules()));
}

/// "what: why" of each change.
Words told(const plan::Facts& facts) {
  Words lines;
  for (const auto& change : explained(facts).changes) {
    lines.push_back(describe(change) + ": " + change.why);
  }
  return lines;
}

/// Opted in to these regions, with a copy for us-south that is attached.
plan::Facts in_force(const char* regions = "us-south") {
  auto some = facts({{"regions", regions}});
  some.credentials[0].copy = copy_for(*material(), {"us.icr.io"});
  some.accounts[0].second = account_facts({"icr-default"});
  return some;
}

}  // namespace

TEST_CASE("plan says why a Secret is written", "[cli][plan]") {
  CHECK(told(facts({{"regions", "us-south"}})) ==
        Words{"create Secret icr-default: opted in by annotation icr-pull-secrets/regions",
              "patch ServiceAccount default: +icr-default: icr-default is new"});
  CHECK(told(in_force()).empty());
  CHECK(told(in_force("us-south,eu-de")) ==
        Words{"update Secret icr-default: hosts added: de.icr.io"});
  CHECK(told(in_force("eu-de")) ==
        Words{"update Secret icr-default: hosts added: de.icr.io; hosts removed: us.icr.io"});
  CHECK(told(in_force("none")) ==
        Words{"patch ServiceAccount default: -icr-default: icr-default goes",
              "delete Secret icr-default: the namespace is not opted in"});
}

TEST_CASE("plan tells of an adoption, a move, and names of others that no Secret has",
          "[cli][plan]") {
  auto some = facts({{"regions", "us-south"}});
  SECTION("adoption") {
    some.credentials[0].copy = foreign_secret();
    auto rules = default_rules();
    rules.conflict = plan::Conflict::kAdopt;
    const auto changes = explain(some, plan::make_plan(some, rules)).changes;
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].why ==
          "would be adopted: it is somebody else's and becomes ours (conflict: adopt)");
  }
  SECTION("move") {
    some = in_force();
    some.credentials[0].secret = "all-icr-io";
    some.credentials.push_back(
        {"default", nullptr, std::exchange(some.credentials[0].copy, std::nullopt), nullptr, true});
    CHECK(told(some) ==
          Words{"create Secret all-icr-io: opted in by annotation icr-pull-secrets/regions",
                "patch ServiceAccount default: +all-icr-io -icr-default: all-icr-io is new; "
                "icr-default goes",
                "delete Secret icr-default: all-icr-io takes its place, as the credential's "
                "secretName says"});
  }
  SECTION("names of others") {
    some.accounts = {{"a", account_facts({"gone", "icr-default", "there", "lost"})},
                     {"b", account_facts({"there", "hidden"})}};
    CHECK(names_of_others(some) == std::set<std::string>{"gone", "hidden", "lost", "there"});
    const auto exists = [](const std::string& secret) -> std::optional<bool> {
      if (secret == "hidden") return std::nullopt;
      return secret == "there";
    };
    CHECK(dangling_names(some, exists) ==
          Words{"account a also names gone, lost, which no Secret has"});
  }
}

TEST_CASE("plan names another revision, drift, and what else is not as it should be",
          "[cli][plan]") {
  auto some = in_force();
  auto& credential = some.credentials[0];
  const auto before = credential.material->revision();
  SECTION("revision") {
    credential.material = material("key-2");
    CHECK(told(some) == Words{"update Secret icr-default: revision " +
                              credential.material->revision() + " is in force, not " + before});
  }
  SECTION("drift") {
    credential.copy->content_hash = "other";
    CHECK(told(some) ==
          Words{"update Secret icr-default: its content was changed by somebody else"});
  }
  SECTION("keys and label") {
    credential.copy->extra_keys = {"more"};
    credential.copy->credential_label = "x";
    CHECK(told(some) == Words{"update Secret icr-default: further keys: more; label "
                              "icr-pull-secrets/credential was changed"});
  }
  SECTION("expiry") {
    credential.copy->expires_at = "2026-11-23T06:20:44Z";
    CHECK(told(some) == Words{"update Secret icr-default: expires none, not 2026-11-23T06:20:44Z"});
  }
  SECTION("detached by hand") {
    some.accounts[0].second = account_facts();
    CHECK(told(some) == Words{"patch ServiceAccount default: +icr-default: icr-default is not "
                              "attached: the account is new, or somebody took it away"});
  }
  SECTION("another account") {
    annotate(some, "service-accounts", "none");
    CHECK(told(some) == Words{"patch ServiceAccount default: -icr-default: icr-default is not for "
                              "this account"});
  }
  SECTION("what can't be changed is replaced") {
    credential.copy->immutable = true;
    CHECK(told(some) == Words{"delete Secret icr-default: it is immutable",
                              "create Secret icr-default: the one there is immutable"});
  }
  SECTION("limit") {
    plan::Limits limits;
    limits.namespaces = {"other"};
    limit(credential, limits);
    CHECK(told(some) ==
          Words{"patch ServiceAccount default: -icr-default: icr-default goes",
                "delete Secret icr-default: limit: the namespace may not use the credential"});
    CHECK(explained(some).problems.size() == 1);
  }
  SECTION("retired") {
    credential.retired = true;
    CHECK(told(some)[1] == "delete Secret icr-default: the credential is retired");
  }
}

TEST_CASE("of a token that is only recorded a copy with its revision is right", "[cli][plan]") {
  auto some = in_force();
  auto& credential = some.credentials[0];
  const auto revision = credential.material->revision();
  credential.material = std::make_shared<const plan::Material>(revision);
  CHECK(told(some).empty());
  credential.copy->content_hash = "other";
  CHECK(told(some) == Words{"update Secret icr-default: its content was changed by somebody else"});
  credential.copy->content_hash = credential.copy->hash_annotation;
  annotate(some, "regions", "us-south,eu-de");
  CHECK(told(some) == Words{"update Secret icr-default: hosts added: de.icr.io"});
  credential.material = std::make_shared<const plan::Material>("another");
  CHECK(told(some)[0].starts_with("update Secret icr-default: revision another is in force, not " +
                                  revision));
}

TEST_CASE("the table of plan shows what would change and what is wrong, and counts the rest",
          "[cli][plan]") {
  PlanReport report;
  report.namespaces = {explained(facts({{"regions", "us-south"}})), explained(in_force()),
                       explained(facts({{"regions", "us-sooth"}}))};
  report.namespaces[0].ns = "blog";
  report.namespaces[2].ns = "typo";
  report.namespaces[2].problems[0].message = "no such region";
  report.credentials = {{"default", "r1", {}}, {"team", {}, "nothing is handed out"}};
  const std::string head = "NAMESPACE  STATE    CHANGE                                      WHY\n";
  const std::string blog =
      "blog       pending  create Secret icr-default                   opted in by annotation "
      "icr-pull-secrets/regions\n"
      "blog       pending  patch ServiceAccount default: +icr-default  icr-default is new\n";
  const std::string typo =
      "typo       mistake  -                                           InvalidRegions: no such "
      "region\n";
  const std::string end =
      "\n1 of 3 namespaces would change, by 2 writes; 1 with problems\n"
      "credential team: nothing is handed out\n";
  CHECK(plan_table(report, false) == head + blog + typo + end);
  CHECK(plan_table(report, true) == head + blog + "shop       ready    -\n" + typo + end);
  CHECK(plan_table({}, false) == "0 of 0 namespaces would change, by 0 writes; 0 with problems\n");
}

TEST_CASE("the JSON of plan has everything", "[cli][plan]") {
  PlanReport report;
  report.namespaces = {explained(in_force("none")), explained(in_force())};
  report.credentials = {{"default", "r1", "a note"}};
  CHECK(nlohmann::json::parse(plan_json(report)) == nlohmann::json::parse(R"({
    "changing": 1, "changes": 2,
    "credentials": [{"name": "default", "revision": "r1", "note": "a note"}],
    "namespaces": [
      {"namespace": "shop", "state": "not_opted_in", "problems": [], "changes": [
        {"action": "patch", "kind": "ServiceAccount", "name": "default", "add": [],
         "remove": ["icr-default"], "why": "icr-default goes"},
        {"action": "delete", "kind": "Secret", "name": "icr-default",
         "why": "the namespace is not opted in"}], "notes": []},
      {"namespace": "shop", "state": "ready", "problems": [], "changes": [], "notes": []}]})"));
}

TEST_CASE("left is what is ours: copies, references, and what waits for finalizers",
          "[cli][cleanup]") {
  auto some = in_force();
  auto& credential = some.credentials[0];
  credential.retired = true;
  CHECK(what_is_left(some, default_rules()) ==
        std::vector<Left>{{"shop", "ServiceAccount default", {}},
                          {"shop", "Secret icr-default", {}}});
  credential.copy->terminating = true;
  some.accounts.clear();
  const auto waiting = what_is_left(some, default_rules());
  REQUIRE(waiting.size() == 1);
  CHECK(left_table(waiting) ==
        "NAMESPACE  LEFT                WHY\n"
        "shop       Secret icr-default  it is being deleted, and waits for finalizers\n");
  credential.copy = foreign_secret();
  some.accounts = {{"default", account_facts({"icr-default"})}};
  CHECK(what_is_left(some, default_rules()).empty());
}

}  // namespace plan_report_test
