// Facts → what happens where the configuration speaks for the namespaces: optIn and attach.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/facts.hpp"

namespace plan_default_test {

using namespace icrps;
using namespace icrps::plan;
using namespace icrps::test;

namespace {

using Words = std::vector<std::string>;

/// All namespaces get us-south.
Rules for_all() {
  auto rules = default_rules();
  rules.defaults.opt_in = {OptIn::Mode::kAll, {}, "us-south", {"kube-*"}};
  return rules;
}

Rules pods_only() {
  auto rules = default_rules();
  rules.attach = Attach::kPodsOnly;
  return rules;
}

const Words kServed{"create default us.icr.io", "patch default +icr-default [new list]"};

}  // namespace

TEST_CASE("a namespace that says nothing gets what the configuration gives", "[plan][optin]") {
  auto some = facts({});
  CHECK(told(make_plan(some, for_all())) == kServed);
  perform(some, make_plan(some, for_all()));
  CHECK(make_plan(some, for_all()).state == State::kReady);
  SECTION("until it opts out") {
    annotate(some, "regions", "none");
  }
  SECTION("until the configuration is another") {
    CHECK(told(make_plan(some, default_rules())) == Words{"patch default -0", "delete default"});
  }
  SECTION("until it is excluded") {
    some.ns.name = "kube-system";
  }
  annotate(some, "endpoints", "all");
  const auto plan = make_plan(some, for_all());
  CHECK(plan.actions.size() <= 2);
}

TEST_CASE("a label moves a namespace in and out", "[plan][optin]") {
  auto rules = for_all();
  rules.defaults.opt_in.mode = OptIn::Mode::kSelector;
  rules.defaults.opt_in.selector = {{"team", LabelRequirement::Operator::kIn, {"a"}}};
  auto some = facts({});
  CHECK(make_plan(some, rules).state == State::kNotOptedIn);
  some.ns.labels = {{"team", "a"}};
  CHECK(told(make_plan(some, rules)) == kServed);
  perform(some, make_plan(some, rules));
  some.ns.labels.clear();
  CHECK(told(make_plan(some, rules)) == Words{"patch default -0", "delete default"});
  annotate(some, "regions", "us-south");
  CHECK(make_plan(some, rules).actions.empty());
}

TEST_CASE("a limit on what nobody asked for is no problem of the namespace", "[plan][optin]") {
  Limits others;
  others.namespaces = {"other"};
  auto some = facts({});
  perform(some, make_plan(some, for_all()));
  limit(some.credentials[0], others);
  const auto plan = make_plan(some, for_all());
  CHECK(told(plan) == Words{"patch default -0", "delete default"});
  CHECK(plan.state == State::kNotOptedIn);
  CHECK(plan.problems.empty());
  CHECK(plan.copies.empty());
  SECTION("it is one when the namespace asks") {
    annotate(some, "regions", "us-south");
  }
  SECTION("or names the credential") {
    annotate(some, "credentials", "default");
  }
  if (!some.ns.annotations.empty()) {
    CHECK(make_plan(some, for_all()).state == State::kNotAllowed);
    CHECK(reasons(make_plan(some, for_all())) == Words{"CredentialNotAllowed"});
  }
}

TEST_CASE("a message says where the regions come from", "[plan][optin]") {
  Limits limits;
  limits.hosts = icr::Hosts{"jp.icr.io"};
  auto some = facts({});
  limit(some.credentials[0], limits);
  auto plan = make_plan(some, for_all());
  REQUIRE(reasons(plan) == Words{"CredentialNotForRegions"});
  CHECK_THAT(plan.problems[0].message,
             Catch::Contains("none of the regions that optIn.regions of the operator's "
                             "configuration names"));
  annotate(some, "regions", "us-south");
  plan = make_plan(some, for_all());
  CHECK_THAT(plan.problems[0].message,
             Catch::Contains("none of the regions that this namespace asks for"));
}

TEST_CASE("podsOnly writes the copies and leaves service accounts alone", "[plan][attach]") {
  auto some = facts({{"regions", "us-south"}});
  CHECK(told(make_plan(some, pods_only())) == Words{"create default us.icr.io"});
  perform(some, make_plan(some, pods_only()));
  CHECK(make_plan(some, pods_only()).state == State::kReady);
  some.credentials[0].material = material("key-2");
  CHECK(told(make_plan(some, pods_only())) == Words{"update default us.icr.io"});
}

TEST_CASE("podsOnly takes our references out and leaves those of others", "[plan][attach]") {
  auto some = facts({{"regions", "us-south"}, {"service-accounts", "*"}});
  some.credentials.push_back({"team-b", material("key-b", "team-b"), std::nullopt});
  perform(some, make_plan(some, default_rules()));
  some.accounts[0].second.pull_secrets = {"own", "icr-default", "icr-team-b", "icr-else"};
  const auto plan = make_plan(some, pods_only());
  CHECK(told(plan) == Words{"patch default -1"});  // there is no copy of team-b
  perform(some, plan);
  CHECK(some.accounts[0].second.pull_secrets == Words{"own", "icr-team-b", "icr-else"});
  CHECK(make_plan(some, pods_only()).actions.empty());
  CHECK(told(make_plan(some, default_rules())) == Words{"patch default +icr-default"});
}

TEST_CASE("podsOnly takes references out whatever the annotation says", "[plan][attach]") {
  for (const auto* accounts : {"default", "none", "Wrong!"}) {
    auto some = facts({{"regions", "us-south"}});
    perform(some, make_plan(some, default_rules()));
    annotate(some, "service-accounts", accounts);
    CHECK(told(make_plan(some, pods_only())) == Words{"patch default -0"});
  }
}

TEST_CASE("podsOnly misses no service account", "[plan][attach]") {
  const auto some = facts({{"regions", "us-south"}, {"service-accounts", "later"}});
  CHECK(reasons(make_plan(some, default_rules())) == Words{"ServiceAccountNotFound"});
  CHECK(reasons(make_plan(some, pods_only())).empty());
}

}  // namespace plan_default_test
