// Facts with limits → what happens to the copies, and what people are told.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "icr/base64.hpp"
#include "unit/support/facts.hpp"

namespace plan_limits_test {

using namespace icrps;
using namespace icrps::plan;
using namespace icrps::test;

namespace {

using Words = std::vector<std::string>;
using Operator = LabelRequirement::Operator;

Plan plan_of(const Facts& facts) {
  return make_plan(facts, default_rules());
}

/// Asks for `default` and `team-b`, for us-south.
Facts two_credentials(const char* regions = "us-south") {
  auto some = facts({{"regions", regions}, {"credentials", "default,team-b"}});
  some.credentials.push_back({"team-b", material("key-b", "team-b"), std::nullopt});
  return some;
}

/// The same with both in force.
Facts in_force(const char* regions = "us-south") {
  auto some = two_credentials(regions);
  perform(some, plan_of(some));
  return some;
}

Limits for_namespaces(Words globs) {
  Limits limits;
  limits.namespaces = std::move(globs);
  return limits;
}

Limits for_hosts(icr::Hosts hosts) {
  Limits limits;
  limits.hosts = std::move(hosts);
  return limits;
}

Words standings(const Plan& plan) {
  Words lines;
  for (const auto& copy : plan.copies) {
    lines.push_back(copy.credential + " " + std::string(to_string(copy.standing)));
  }
  return lines;
}

const Words kDetached{"patch default -1", "delete team-b"};

}  // namespace

TEST_CASE("a credential that a namespace may not use is never written", "[plan][limits]") {
  auto some = two_credentials();
  limit(some.credentials[1], for_namespaces({"web*"}));
  const auto plan = plan_of(some);
  CHECK(told(plan) == Words{"create default us.icr.io", "patch default +icr-default [new list]"});
  CHECK(plan.state == State::kNotAllowed);
  REQUIRE(reasons(plan) == Words{"CredentialNotAllowed"});
  const auto& problem = plan.problems[0];
  CHECK_FALSE(problem.patience);
  CHECK_THAT(problem.message, Catch::Contains("\"team-b\""));
  CHECK_THAT(problem.message, Catch::Contains("Ask whoever runs icr-pull-secrets"));
  CHECK(problem.message.find("web") == std::string::npos);
  CHECK(standings(plan) == Words{"default in_place", "team-b not_allowed"});
}

TEST_CASE("a limit that is tightened takes the Secret away", "[plan][limits]") {
  auto some = in_force();
  SECTION("by name") {
    limit(some.credentials[1], for_namespaces({"web*"}));
    CHECK(reasons(plan_of(some)) == Words{"CredentialNotAllowed"});
  }
  SECTION("by label") {
    Limits limits;
    limits.selector = {{"team", Operator::kIn, {"b"}}};
    some.ns.labels = {{"team", "b"}};
    limit(some.credentials[1], limits);
    CHECK(plan_of(some).actions.empty());
    some.ns.labels = {{"team", "a"}};
    CHECK(reasons(plan_of(some)) == Words{"CredentialNotAllowed"});
  }
  SECTION("by region") {
    limit(some.credentials[1], for_hosts({"de.icr.io", "private.de.icr.io"}));
    CHECK(reasons(plan_of(some)) == Words{"CredentialNotForRegions"});
  }
  SECTION("also from a namespace that makes a mistake") {
    limit(some.credentials[1], for_namespaces({"web*"}));
    annotate(some, "credentials", "default,nobody");
    CHECK(reasons(plan_of(some)) == Words{"InvalidCredentials", "CredentialNotAllowed"});
  }
  SECTION("also by region from a namespace that makes a mistake") {
    limit(some.credentials[1], for_hosts({"de.icr.io"}));
    annotate(some, "regions", "nowhere");
    CHECK(reasons(plan_of(some)) == Words{"InvalidRegions", "CredentialNotForRegions"});
  }
  SECTION("also when the credential has no value") {
    some.credentials[1].material.reset();
    limit(some.credentials[1], for_namespaces({}));
    CHECK(reasons(plan_of(some)) == Words{"CredentialNotAllowed"});
  }
  CHECK(told(plan_of(some)) == kDetached);
  perform(some, plan_of(some));
  CHECK(plan_of(some).actions.empty());
}

TEST_CASE("a limit that is loosened brings it back", "[plan][limits]") {
  auto some = in_force();
  limit(some.credentials[1], for_namespaces({"web*"}));
  perform(some, plan_of(some));
  limit(some.credentials[1], for_namespaces({"shop"}));
  CHECK(told(plan_of(some)) == Words{"create team-b us.icr.io", "patch default +icr-team-b"});
  perform(some, plan_of(some));
  CHECK(plan_of(some).state == State::kReady);
}

TEST_CASE("a Secret that is not ours stays when the namespace may not use the credential",
          "[plan][limits]") {
  auto some = two_credentials();
  some.credentials[1].copy = foreign_secret();
  limit(some.credentials[1], for_namespaces({}));
  const auto plan = plan_of(some);
  CHECK(told(plan) == Words{"create default us.icr.io", "patch default +icr-default [new list]"});
  CHECK(reasons(plan) == Words{"CredentialNotAllowed"});
}

TEST_CASE("a credential for some regions serves what it can", "[plan][limits]") {
  auto some = two_credentials("us-south,eu-de");
  limit(some.credentials[1], for_hosts({"us.icr.io", "private.us.icr.io"}));
  SECTION("silently, when that is a part") {
    const auto plan = plan_of(some);
    CHECK(told(plan) == Words{"create default de.icr.io,us.icr.io", "create team-b us.icr.io",
                              "patch default +icr-default +icr-team-b [new list]"});
    CHECK(plan.problems.empty());
    CHECK(plan.state == State::kPending);
  }
  SECTION("and says what it is for, when that is nothing") {
    annotate(some, "regions", "eu-de");
    const auto plan = plan_of(some);
    CHECK(told(plan) == Words{"create default de.icr.io", "patch default +icr-default [new list]"});
    CHECK(plan.state == State::kNotAllowed);
    REQUIRE(reasons(plan) == Words{"CredentialNotForRegions"});
    CHECK_THAT(plan.problems[0].message, Catch::Contains("It is for us-south:"));
    CHECK(standings(plan) == Words{"default in_place", "team-b not_for_regions"});
  }
  SECTION("hosts that belong to no region are named themselves") {
    annotate(some, "regions", "eu-de");
    limit(some.credentials[1], for_hosts({"a.example", "b.example"}));
    CHECK_THAT(plan_of(some).problems.at(0).message,
               Catch::Contains("It is for a.example, b.example:"));
  }
  SECTION("and loses a region in place when the limit is tightened") {
    perform(some, plan_of(some));
    limit(some.credentials[0], for_hosts({"de.icr.io"}));
    CHECK(told(plan_of(some)) == Words{"update default de.icr.io"});
    annotate(some, "regions", "nowhere");
    CHECK(told(plan_of(some)) == Words{"update default de.icr.io"});
  }
}

TEST_CASE("a credential with hosts of its own serves those", "[plan][limits]") {
  auto some = two_credentials();
  Limits limits;
  limits.fixed_hosts = {"cp.icr.io"};
  limit(some.credentials[1], limits);
  CHECK(told(plan_of(some)).at(1) == "create team-b cp.icr.io");
  perform(some, plan_of(some));
  SECTION("whatever the regions") {
    annotate(some, "regions", "eu-de");
    CHECK(told(plan_of(some)) == Words{"update default de.icr.io"});
  }
  SECTION("also with a mistake in the annotation") {
    annotate(some, "regions", "nowhere");
    CHECK(plan_of(some).actions.empty());
    some.credentials[1].material = material("key-c", "team-b");
    CHECK(told(plan_of(some)) == Words{"update team-b cp.icr.io"});
  }
}

TEST_CASE("path-scoped entries, byte for byte", "[plan][limits]") {
  Limits limits;
  limits.registry_namespaces = {"team", "base"};
  const auto value = material("k");
  const auto content = value->content({"us.icr.io", "de.icr.io"}, limits);
  const std::string entry = R"({"auth":"aWFtYXBpa2V5Oms=","password":"k","username":"iamapikey"})";
  CHECK(icr::base64_decode(content->data.reveal()) ==
        R"({"auths":{"de.icr.io/base":)" + entry + R"(,"de.icr.io/team":)" + entry +
            R"(,"us.icr.io/base":)" + entry + R"(,"us.icr.io/team":)" + entry + "}}");
  CHECK(content->hosts == "de.icr.io,us.icr.io");
  CHECK(value->content({"us.icr.io", "de.icr.io"}, limits) == content);
  CHECK(value->content({"us.icr.io", "de.icr.io"}) != content);
}

TEST_CASE("other registry namespaces are written in place", "[plan][limits]") {
  auto some = in_force();
  Limits limits;
  limits.registry_namespaces = {"team"};
  limit(some.credentials[1], limits);
  CHECK(told(plan_of(some)) == Words{"update team-b us.icr.io"});
  perform(some, plan_of(some));
  CHECK(plan_of(some).actions.empty());
}

TEST_CASE("the expiry of a credential", "[plan][expiry]") {
  using namespace std::chrono_literals;
  const std::chrono::system_clock::time_point soon(1'795'414'844s + 900ms);
  auto some = facts({{"regions", "us-south"}});
  auto& credential = some.credentials[0];
  SECTION("is written with the copy") {
    credential.material = material("key-1", "default", soon);
    perform(some, plan_of(some));
    CHECK(credential.copy->expires_at == "2026-11-23T06:20:44Z");
    CHECK(plan_of(some).actions.empty());
  }
  SECTION("is repaired") {
    credential.material = material("key-1", "default", soon);
    perform(some, plan_of(some));
    credential.copy->expires_at = "2027-01-01T00:00:00Z";
    CHECK(told(plan_of(some)) == Words{"update default us.icr.io"});
  }
  SECTION("moves with a refresh") {
    credential.material = material("key-1", "default", soon);
    perform(some, plan_of(some));
    credential.material = material("key-2", "default", soon + 1h);
    CHECK(told(plan_of(some)) == Words{"update default us.icr.io"});
    perform(some, plan_of(some));
    CHECK(credential.copy->expires_at == "2026-11-23T07:20:44Z");
  }
  SECTION("goes when the credential does not expire any more") {
    credential.material = material("key-1", "default", soon);
    perform(some, plan_of(some));
    credential.material = material("key-1");
    const auto plan = plan_of(some);
    REQUIRE(told(plan) == Words{"update default us.icr.io"});
    CHECK(std::get<UpdateCopy>(plan.actions[0]).had_expiry);
    perform(some, plan);
    CHECK(credential.copy->expires_at.empty());
    CHECK(plan_of(some).actions.empty());
  }
  SECTION("of one that has none costs no write") {
    perform(some, plan_of(some));
    CHECK(credential.copy->expires_at.empty());
    CHECK(plan_of(some).actions.empty());
  }
}

TEST_CASE("how each credential stands", "[plan][report]") {
  const auto old_revision = material("key-1")->revision();
  const auto new_revision = material("key-2")->revision();
  struct Case {
    const char* name;
    void (*change)(Facts&);
    Standing standing;
    std::string before;
    std::string revision;
  };
  for (const auto& [name, change, standing, before, revision] : std::vector<Case>{
           {"nothing to do", [](Facts&) {}, Standing::kInPlace, old_revision, old_revision},
           {"rotated", [](Facts& facts) { facts.credentials[0].material = material("key-2"); },
            Standing::kInPlace, old_revision, new_revision},
           {"to be created", [](Facts& facts) { facts.credentials[0].copy.reset(); },
            Standing::kInPlace, "", old_revision},
           {"on its way out", [](Facts& facts) { facts.credentials[0].copy->terminating = true; },
            Standing::kTerminating, old_revision, ""},
           {"rotated, with a mistake",
            [](Facts& facts) {
              facts.credentials[0].material = material("key-2");
              annotate(facts, "regions", "nowhere");
            },
            Standing::kInPlace, old_revision, new_revision},
           {"rotated, with a mistake and a copy that does not tell",
            [](Facts& facts) {
              facts.credentials[0].material = material("key-2");
              facts.credentials[0].copy->hosts = "";
              annotate(facts, "regions", "nowhere");
            },
            Standing::kMistake, old_revision, old_revision},
           {"a mistake and no copy",
            [](Facts& facts) {
              facts.credentials[0].copy.reset();
              annotate(facts, "regions", "nowhere");
            },
            Standing::kMistake, "", ""},
           {"somebody else's Secret",
            [](Facts& facts) { facts.credentials[0].copy = foreign_secret(); }, Standing::kConflict,
            "", ""},
           {"no value", [](Facts& facts) { facts.credentials[0].material.reset(); },
            Standing::kNoCredential, old_revision, old_revision},
           {"no value and no copy",
            [](Facts& facts) {
              facts.credentials[0].material.reset();
              facts.credentials[0].copy.reset();
            },
            Standing::kNoCredential, "", ""},
           {"not allowed", [](Facts& facts) { limit(facts.credentials[0], for_namespaces({})); },
            Standing::kNotAllowed, old_revision, ""},
           {"not for its regions",
            [](Facts& facts) { limit(facts.credentials[0], for_hosts({"de.icr.io"})); },
            Standing::kNotForRegions, old_revision, ""}}) {
    DYNAMIC_SECTION(name) {
      auto some = facts({{"regions", "us-south"}});
      perform(some, plan_of(some));
      change(some);
      const auto plan = plan_of(some);
      REQUIRE(plan.copies.size() == 1);
      CHECK(plan.copies[0] == CopyReport{"default", standing, before, revision});
    }
  }
  CHECK(plan_of(facts({})).copies.empty());
  CHECK(plan_of(facts({{"regions", "none"}})).copies.empty());
  CHECK(to_string(Standing::kForbidden) == "forbidden");
}

}  // namespace plan_limits_test
