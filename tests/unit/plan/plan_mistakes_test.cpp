// A value that makes no sense changes nothing that works.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/facts.hpp"

namespace plan_mistakes_test {

using namespace icrps;
using namespace icrps::plan;
using namespace icrps::test;

namespace {

using Words = std::vector<std::string>;

Plan plan_of(const Facts& facts) {
  return make_plan(facts, default_rules());
}

Facts in_force() {
  auto some = facts({{"regions", "us-south,eu-de"}});
  some.credentials.push_back({"team-b", material("key-b", "team-b"), std::nullopt});
  perform(some, plan_of(some));
  return some;
}

struct Mistake {
  const char* annotation;
  const char* value;
  const char* reason;
};

const std::vector<Mistake> kMistakes{
    {"regions", "us-suoth", "InvalidRegions"},
    {"regions", "", "InvalidRegions"},
    {"regions", "us-south,none", "InvalidRegions"},
    {"endpoints", "vpe", "InvalidEndpoints"},
    {"endpoints", "", "InvalidEndpoints"},
    {"service-accounts", "Default", "InvalidServiceAccounts"},
    {"service-accounts", "", "InvalidServiceAccounts"},
    {"credentials", "nobody", "InvalidCredentials"},
    {"credentials", "", "InvalidCredentials"},
};

}  // namespace

TEST_CASE("a mistake leaves in force what is in force", "[plan][mistakes]") {
  for (const auto& [annotation, value, reason] : kMistakes) {
    DYNAMIC_SECTION(annotation << " \"" << value << '"') {
      auto some = in_force();
      annotate(some, annotation, value);
      const auto plan = plan_of(some);
      CHECK(plan.actions.empty());
      CHECK(plan.state == State::kMistake);
      CHECK(reasons(plan) == Words{reason});
    }
  }
}

TEST_CASE("a key that rotates reaches a namespace with a mistake too", "[plan][mistakes]") {
  for (const auto& [annotation, value, reason] : kMistakes) {
    DYNAMIC_SECTION(annotation << " \"" << value << '"') {
      auto some = in_force();
      annotate(some, annotation, value);
      some.credentials[0].material = material("key-2");
      const auto plan = plan_of(some);
      CHECK(told(plan) == Words{"update default de.icr.io,us.icr.io"});  // for the old hosts
      CHECK(plan.state == State::kMistake);
      CHECK(reasons(plan) == Words{reason});
      perform(some, plan);
      CHECK(plan_of(some).actions.empty());
    }
  }
}

TEST_CASE("a mistake from the start creates nothing", "[plan][mistakes]") {
  for (const auto* annotation : {"regions", "endpoints", "credentials"}) {
    DYNAMIC_SECTION(annotation) {
      auto some = facts({{"regions", "us-south"}});
      annotate(some, annotation, "?");
      const auto plan = plan_of(some);
      CHECK(plan.actions.empty());
      CHECK(plan.state == State::kMistake);
    }
  }
  SECTION("but wrong service accounts don't hold up the copy") {
    auto some = facts({{"regions", "us-south"}, {"service-accounts", "?!"}});
    CHECK(told(plan_of(some)) == Words{"create default us.icr.io"});
  }
}

TEST_CASE("a mistake in one annotation spares what the others say", "[plan][mistakes]") {
  auto some = in_force();
  SECTION("wrong regions, another service account") {
    annotate(some, "regions", "nowhere");
    annotate(some, "service-accounts", "builder");
    some.accounts.emplace_back("builder", account_facts());
    CHECK(told(plan_of(some)) ==
          Words{"patch default -0", "patch builder +icr-default [new list]"});
  }
  SECTION("wrong service accounts, another region") {
    annotate(some, "regions", "jp-tok");
    annotate(some, "service-accounts", "X");
    CHECK(told(plan_of(some)) == Words{"update default jp.icr.io"});
  }
  SECTION("wrong credentials, another region") {
    annotate(some, "regions", "jp-tok");
    annotate(some, "credentials", "nobody");
    CHECK(told(plan_of(some)) == Words{"update default jp.icr.io"});
  }
}

TEST_CASE("with wrong service accounts those that are attached stay so", "[plan][mistakes]") {
  auto some = in_force();
  some.accounts.emplace_back("builder", account_facts());
  annotate(some, "service-accounts", "A");
  CHECK(plan_of(some).actions.empty());
}

TEST_CASE("a copy whose hosts can't be told any more is left alone by a mistake",
          "[plan][mistakes]") {
  auto some = in_force();
  annotate(some, "regions", "nowhere");
  some.credentials[0].material = material("key-2");
  SECTION("annotation gone") {
    some.credentials[0].copy->hosts.clear();
  }
  SECTION("annotation edited to a stranger's host") {
    some.credentials[0].copy->hosts = "evil.example";
  }
  CHECK(plan_of(some).actions.empty());
}

TEST_CASE("a copy's annotation can't send a credential to a stranger", "[plan][mistakes]") {
  auto some = in_force();
  annotate(some, "regions", "nowhere");
  some.credentials[0].copy->hosts = "us.icr.io,evil.example";
  CHECK(told(plan_of(some)) == Words{"update default us.icr.io"});
}

TEST_CASE("an opt-out by mistake is none, a right one is obeyed", "[plan][mistakes]") {
  auto some = in_force();
  annotate(some, "regions", "off");
  CHECK(plan_of(some).actions.empty());
  annotate(some, "regions", "None");
  CHECK(told(plan_of(some)) == Words{"patch default -0", "delete default"});
}

TEST_CASE("the graver state shows", "[plan][mistakes]") {
  auto some = facts({{"regions", "us-south"}, {"service-accounts", "A"}});
  some.credentials[0].copy = foreign_secret();
  CHECK(plan_of(some).state == State::kConflict);
  some.credentials[0].copy.reset();
  some.credentials[0].material.reset();
  CHECK(plan_of(some).state == State::kNoCredential);
}

TEST_CASE("an annotation of ours that nobody knows is told, with the nearest one",
          "[plan][mistakes]") {
  auto some = facts({{"region", "us-south"}});
  const auto plan = make_plan(some, default_rules());
  CHECK(plan.state == State::kNotOptedIn);
  REQUIRE(reasons(plan) == std::vector<std::string>{"UnknownAnnotation"});
  CHECK(plan.problems[0].message ==
        "there is no annotation \"icr-pull-secrets/region\" (did you mean "
        "icr-pull-secrets/regions?); accepted: icr-pull-secrets/regions, "
        "icr-pull-secrets/endpoints, icr-pull-secrets/service-accounts, "
        "icr-pull-secrets/credentials. It changes nothing.");
  annotate(some, "regions", "us-south");
  CHECK(make_plan(some, default_rules()).state == State::kPending);
  some.ns.annotations = {{"other/region", "x"}, {"icr-pull-secrets.example.com/regions", "x"}};
  CHECK(make_plan(some, default_rules()).problems.empty());
}

TEST_CASE("lists may be folded, and have commas too many", "[plan][mistakes]") {
  const std::vector<std::pair<const char*, const char*>> values{
      {"credentials", "default,"},
      {"credentials", "\n  default,\n"},
      {"credentials", " , default , ,"},
      {"service-accounts", "default, builder,"},
      {"service-accounts", "default,\n  builder,\n"},
      {"service-accounts", "default,\r\nbuilder\r\n"},
      {"endpoints", "public,\n"},
      {"regions", "us-south,\n"},
      {"regions", "us-south, \n  us-south,\r\n,"}};
  for (const auto& [name, value] : values) {
    DYNAMIC_SECTION(name << " " << value) {
      auto some = facts({{"regions", "us-south"}});
      some.accounts.emplace_back("builder", account_facts());
      annotate(some, name, value);
      const auto plan = make_plan(some, default_rules());
      CHECK(plan.problems.empty());
      const bool both = std::string(value).find("builder") != std::string::npos;
      CHECK(plan.actions.size() == (both ? 3 : 2));
    }
  }
}

}  // namespace plan_mistakes_test
