// Lists that are missing: of what they tell nothing is known, and nothing is done that depends on
// it.
#include <catch2/catch.hpp>

#include "unit/support/facts.hpp"

namespace plan_unknown_test {

using namespace icrps;
using namespace icrps::plan;
using namespace icrps::test;
using Words = std::vector<std::string>;

namespace {

Plan plan_of(const Facts& facts) {
  return make_plan(facts, default_rules());
}

Facts two_credentials() {
  auto some = facts({{"regions", "us-south"}, {"credentials", "default,team"}});
  some.credentials.push_back({"team", material("key-b", "team"), std::nullopt});
  return some;
}

}  // namespace

TEST_CASE("a credential whose Secrets are not known waits, and no other does", "[plan][unknown]") {
  auto some = two_credentials();
  some.credentials[1].known = false;
  const auto plan = plan_of(some);
  CHECK(told(plan) == Words{"create default us.icr.io", "patch default +icr-default [new list]"});
  CHECK(plan.copies[1].standing == Standing::kPending);
  perform(some, plan);
  // Done is done, but the namespace is not ready.
  CHECK(plan_of(some).actions.empty());
  CHECK(plan_of(some).state == State::kPending);
  CHECK(reasons(plan_of(some)).empty());
  some.credentials[1].known = true;
  CHECK(told(plan_of(some)) == Words{"create team us.icr.io", "patch default +icr-team"});
}

TEST_CASE("what is attached of a credential that is not known stays", "[plan][unknown]") {
  for (const auto* credentials : {"default,team", "default"}) {
    auto some = two_credentials();
    perform(some, plan_of(some));
    annotate(some, "credentials", credentials);
    some.credentials[1].known = false;
    some.credentials[1].copy.reset();
    CHECK(plan_of(some).actions.empty());
  }
}

TEST_CASE("a retired credential that is not known is left alone", "[plan][unknown]") {
  auto some = two_credentials();
  perform(some, plan_of(some));
  some.credentials[1].retired = true;
  some.credentials[1].known = false;
  some.credentials[1].copy.reset();
  annotate(some, "credentials", "default");
  CHECK(plan_of(some).actions.empty());
}

TEST_CASE("while service accounts are not known Secrets are made, and none is deleted",
          "[plan][unknown]") {
  auto some = two_credentials();
  some.accounts.clear();
  some.accounts_known = false;
  const auto plan = plan_of(some);
  CHECK(told(plan) == Words{"create default us.icr.io", "create team us.icr.io"});
  CHECK(plan.problems.empty());
  perform(some, plan);
  CHECK(plan_of(some).state == State::kPending);
  some.ns.annotations.clear();
  CHECK(plan_of(some).actions.empty());
  some.accounts_known = true;
  CHECK(told(plan_of(some)) == Words{"delete default", "delete team"});
}

}  // namespace plan_unknown_test
