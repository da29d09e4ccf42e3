// Credentials that are no more → what is left of them goes.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/facts.hpp"

namespace plan_retired_test {

using namespace icrps;
using namespace icrps::plan;
using namespace icrps::test;

namespace {

using Words = std::vector<std::string>;

Plan plan_of(const Facts& facts) {
  return make_plan(facts, default_rules());
}

/// `default` is in force, and of `old`, which is retired, there is this Secret.
Facts with_old(std::optional<CopyFacts> copy, const char* credentials = "default") {
  auto some = facts({{"regions", "us-south"}, {"credentials", credentials}});
  const auto value = material();
  some.credentials[0].copy = copy_for(*value, {"us.icr.io"});
  some.credentials.push_back({"old", nullptr, std::move(copy), nullptr, true});
  some.accounts[0].second = account_facts({"icr-default", "icr-old", "theirs"});
  return some;
}

CopyFacts own() {
  return copy_for(*material("key-2", "old"), {"us.icr.io"}, "old");
}

}  // namespace

TEST_CASE("a retired credential is detached and deleted", "[plan][retired]") {
  auto some = with_old(own());
  const auto plan = plan_of(some);
  CHECK(told(plan) == Words{"patch default -1", "delete old"});
  CHECK(plan.problems.empty());
  REQUIRE(plan.copies.size() == 1);
  CHECK(plan.copies[0].credential == "default");
  perform(some, plan);
  CHECK(told(plan_of(some)).empty());
  CHECK(plan_of(some).state == State::kReady);
}

TEST_CASE("of a retired credential a reference to nothing goes, too", "[plan][retired]") {
  CHECK(told(plan_of(with_old(std::nullopt))) == Words{"patch default -1"});
}

TEST_CASE("a Secret of somebody else with a retired name stays, and so do references to it",
          "[plan][retired]") {
  CHECK(told(plan_of(with_old(foreign_secret()))).empty());
}

TEST_CASE("a copy of a retired credential that waits for finalizers is detached",
          "[plan][retired]") {
  auto copy = own();
  copy.terminating = true;
  CHECK(told(plan_of(with_old(copy))) == Words{"patch default -1"});
}

TEST_CASE("who asks for a retired credential is told that there is none, and keeps the others",
          "[plan][retired]") {
  const auto plan = plan_of(with_old(own(), "default,old"));
  CHECK(told(plan) == Words{"patch default -1", "delete old"});
  REQUIRE(reasons(plan) == Words{"InvalidCredentials"});
  CHECK(plan.problems[0].message ==
        "annotation icr-pull-secrets/credentials: there is no credential \"old\"; accepted: a "
        "comma list of default. What was in force stays.");
}

TEST_CASE("a retired credential goes also where nobody opted in", "[plan][retired]") {
  auto some = with_old(own());
  some.ns.annotations.clear();
  CHECK(told(plan_of(some)) == Words{"patch default -1 -0", "delete default", "delete old"});
}

}  // namespace plan_retired_test
