// Facts → what happens to the service accounts' imagePullSecrets.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/facts.hpp"

namespace plan_accounts_test {

using namespace icrps;
using namespace icrps::plan;
using namespace icrps::test;

namespace {

using Words = std::vector<std::string>;

Plan plan_of(const Facts& facts) {
  return make_plan(facts, default_rules());
}

/// Opted in with up-to-date copies of `default` and `team-b`; no accounts.
Facts with_copies(const char* credentials = "default") {
  auto some = facts({{"regions", "us-south"}});
  some.accounts.clear();
  some.credentials.push_back({"team-b", material("key-b", "team-b"), std::nullopt});
  annotate(some, "credentials", "default,team-b");
  perform(some, plan_of(some));
  annotate(some, "credentials", credentials);
  return some;
}

}  // namespace

TEST_CASE("one patch for all that changes in an account", "[plan][accounts]") {
  struct Case {
    const char* name;
    const char* credentials;
    Words list;
    Words patches;
  };
  for (const auto& [name, credentials, list, patches] : std::vector<Case>{
           {"no list", "default", {}, {"patch default +icr-default [new list]"}},
           {"a list of others", "default", {"own"}, {"patch default +icr-default"}},
           {"attached", "default", {"icr-default"}, {}},
           {"attached among others", "default", {"a", "icr-default", "b"}, {}},
           {"attached twice", "default", {"icr-default", "icr-default"}, {}},
           {"two to add",
            "default,team-b",
            {},
            {"patch default +icr-default +icr-team-b [new list]"}},
           {"one to add", "default,team-b", {"icr-team-b"}, {"patch default +icr-default"}},
           {"one to remove", "default", {"icr-team-b", "icr-default"}, {"patch default -0"}},
           {"one to add and one to remove",
            "default",
            {"a", "icr-team-b", "b"},
            {"patch default -1 +icr-default"}},
           {"the only one is removed and another added",
            "default",
            {"icr-team-b"},
            {"patch default -0 +icr-default"}},
           {"several to remove, the last first",
            "default",
            {"icr-team-b", "a", "icr-team-b", "icr-default", "icr-team-b"},
            {"patch default -4 -2 -0"}},
           {"names that only look like ours", "default", {"icr-other", "icr-default", "icr-"}, {}},
           {"entries without a name",
            "default",
            {"", "icr-team-b", ""},
            {"patch default -1 +icr-default"}}}) {
    DYNAMIC_SECTION(name) {
      auto some = with_copies(credentials);
      some.accounts.emplace_back("default", account_facts(list));
      auto got = told(plan_of(some));
      std::erase(got, "delete team-b");  // of the cases that don't ask for it
      CHECK(got == patches);
      perform(some, plan_of(some));
      CHECK(plan_of(some).actions.empty());
    }
  }
}

TEST_CASE("entries of others keep their order", "[plan][accounts]") {
  auto some = with_copies("default");
  some.accounts.emplace_back("default", account_facts({"x", "icr-team-b", "y", "icr-team-b", "z"}));
  perform(some, plan_of(some));
  CHECK(some.accounts[0].second.pull_secrets == Words{"x", "y", "z", "icr-default"});
  annotate(some, "regions", "none");
  perform(some, plan_of(some));
  CHECK(some.accounts[0].second.pull_secrets == Words{"x", "y", "z"});
}

TEST_CASE("accounts are selected by name and glob", "[plan][accounts]") {
  struct Case {
    const char* value;
    Words served;
  };
  for (const auto& [value, served] :
       std::vector<Case>{{"default", {"default"}},
                         {"builder,default", {"builder", "default"}},
                         {"ci-*", {"ci-1", "ci-2"}},
                         {"ci-?,builder", {"builder", "ci-1", "ci-2"}},
                         {"*", {"builder", "ci-1", "ci-2", "default"}},
                         {"none", {}}}) {
    DYNAMIC_SECTION(value) {
      auto some = with_copies();
      annotate(some, "service-accounts", value);
      for (const auto* name : {"builder", "ci-1", "ci-2", "default"}) {
        some.accounts.emplace_back(name, account_facts({"own"}));
      }
      perform(some, plan_of(some));
      Words attached;
      for (const auto& [name, account] : some.accounts) {
        if (account.pull_secrets.size() > 1) attached.push_back(name);
      }
      CHECK(attached == served);
    }
  }
}

TEST_CASE("an account that is no longer selected is detached", "[plan][accounts]") {
  auto some = with_copies();
  some.accounts.emplace_back("default", account_facts({"icr-default"}));
  some.accounts.emplace_back("builder", account_facts({"own", "icr-default"}));
  annotate(some, "service-accounts", "builder");
  some.credentials.pop_back();
  CHECK(told(plan_of(some)) == Words{"patch default -0"});
  annotate(some, "service-accounts", "none");
  CHECK(told(plan_of(some)) == Words{"patch default -0", "patch builder -1"});
}

TEST_CASE("an account that is going is left alone", "[plan][accounts]") {
  auto some = with_copies();
  some.credentials.pop_back();
  some.accounts.emplace_back("default", account_facts());
  some.accounts[0].second.terminating = true;
  CHECK(plan_of(some).actions.empty());
}

TEST_CASE("a namespace that did not opt in keeps its lists, whatever is in them",
          "[plan][accounts]") {
  auto some = facts({});
  some.accounts[0].second.pull_secrets = {"icr-other", "own"};
  CHECK(plan_of(some).actions.empty());
}

TEST_CASE("an account that is named and missing is a problem for the patient", "[plan][accounts]") {
  struct Case {
    const char* name;
    const char* value;  // of the annotation, or null
    std::size_t problems;
  };
  for (const auto& [name, value, problems] :
       std::vector<Case>{{"named", "builder", 1},
                         {"two named", "builder,deployer", 1},
                         {"one of them there", "builder,default", 1},
                         {"a glob promises nothing", "ci-*,b?", 0},
                         {"everything", "*", 0},
                         {"none", "none", 0},
                         {"the configuration's default", nullptr, 0}}) {
    DYNAMIC_SECTION(name) {
      auto some = facts({{"regions", "us-south"}});
      if (value != nullptr) annotate(some, "service-accounts", value);
      if (value == nullptr) some.accounts.clear();
      const auto plan = plan_of(some);
      CHECK(plan.problems.size() == problems);
      for (const auto& problem : plan.problems) {
        CHECK(problem.reason == "ServiceAccountNotFound");
        CHECK(problem.patience);
        CHECK_THAT(problem.message, Catch::Contains("icr-pull-secrets/service-accounts"));
      }
      CHECK(plan.state == State::kPending);  // it hides nothing
    }
  }
}

TEST_CASE("one problem tells of all missing accounts", "[plan][accounts]") {
  std::string names = "default,a,b,c";
  for (int i = 0; i < 500; ++i) names += ",x-" + std::to_string(i);
  auto some = facts({{"regions", "us-south"}});
  annotate(some, "service-accounts", names);
  const auto plan = plan_of(some);
  REQUIRE(plan.problems.size() == 1);
  CHECK_THAT(plan.problems[0].message,
             Catch::Contains("service accounts \"a\", \"b\", \"c\" and 500 more, which do not"));
}

TEST_CASE("of a crowd of service accounts those that are known are served", "[plan][accounts]") {
  auto some = facts({{"regions", "us-south"}, {"service-accounts", "*,named"}});
  some.crowded = true;
  const auto plan = plan_of(some);
  CHECK(told(plan) == Words{"create default us.icr.io", "patch default +icr-default [new list]"});
  CHECK(reasons(plan) == Words{"TooManyServiceAccounts"});
}

TEST_CASE("the configuration's accounts hold where the annotation is silent", "[plan][accounts]") {
  auto rules = default_rules();
  rules.defaults.service_accounts = {"ci-*"};
  auto some = facts({{"regions", "us-south"}});
  some.accounts.emplace_back("ci-1", account_facts());
  CHECK(told(make_plan(some, rules)) ==
        Words{"create default us.icr.io", "patch ci-1 +icr-default [new list]"});
  rules.defaults.service_accounts.clear();
  CHECK(told(make_plan(some, rules)) == Words{"create default us.icr.io"});
}

TEST_CASE("an account says which of its entries are ours", "[plan][accounts]") {
  auto some = with_copies("default,team-b");
  some.accounts.emplace_back("default", account_facts({"theirs"}));
  const auto attached = [&] { return some.accounts[0].second.attached; };
  perform(some, plan_of(some));
  CHECK(attached() == "icr-default,icr-team-b");
  annotate(some, "credentials", "default");
  perform(some, plan_of(some));
  CHECK(attached() == "icr-default");
  SECTION("and nothing when there are none") {
    annotate(some, "regions", "none");
    perform(some, plan_of(some));
    CHECK(attached().empty());
  }
  SECTION("one from before it did so gets that with one patch") {
    some.accounts[0].second.attached.clear();
    CHECK(told(plan_of(some)) == Words{"patch default =icr-default"});
    perform(some, plan_of(some));
    CHECK(plan_of(some).actions.empty());
  }
  SECTION("what somebody else wrote there is put right") {
    some.accounts[0].second.attached = "theirs, gone";
    CHECK(told(plan_of(some)) == Words{"patch default =icr-default,theirs"});
  }
}

TEST_CASE("a reference of ours without a Secret goes, whatever became of that",
          "[plan][accounts]") {
  struct Case {
    const char* name;
    void (*edit)(Facts&);
    Words patches;
  };
  for (const auto& [name, edit, patches] : std::vector<Case>{
           {"opted out",
            [](auto& some) { annotate(some, "regions", "none"); },
            {"patch default -1"}},
           {"opted out, and the mark is gone, too: nobody knows whose it is",
            [](auto& some) {
              annotate(some, "regions", "none");
              some.accounts[0].second.attached.clear();
            },
            {}},
           {"no value",
            [](auto& some) { some.credentials[0].material.reset(); },
            {"patch default -1"}},
           {"a mistake",
            [](auto& some) { annotate(some, "regions", "nowhere"); },
            {"patch default -1"}},
           {"not known whether there is one",
            [](auto& some) {
              annotate(some, "regions", "none");
              some.credentials[0].known = false;
            },
            {}},
           {"somebody else's Secret has the name",
            [](auto& some) {
              annotate(some, "regions", "none");
              some.credentials[0].copy = foreign_secret();
            },
            {}},
           {"it is wanted and made anew", [](auto&) {}, {"create default us.icr.io"}}}) {
    DYNAMIC_SECTION(name) {
      auto some = facts({{"regions", "us-south"}});
      some.accounts[0].second = account_facts({"theirs", "icr-default"});
      edit(some);
      CHECK(told(plan_of(some)) == patches);
      perform(some, plan_of(some));
      CHECK(plan_of(some).actions.empty());
    }
  }
}

TEST_CASE("of a list that is too long ours are taken out, and nothing is added",
          "[plan][accounts]") {
  auto some = facts({{"regions", "us-south"}});
  some.credentials[0].copy = copy_for(*some.credentials[0].material, {"us.icr.io"});
  auto& account = some.accounts[0].second;
  account = account_facts({});
  account.unwieldy = true;
  SECTION("nothing is added, which is told") {
    CHECK(plan_of(some).actions.empty());
    REQUIRE(reasons(plan_of(some)) == Words{"TooManyPullSecrets"});
    CHECK_THAT(plan_of(some).problems[0].message,
               Catch::Contains("service account \"default\" is too long"));
    annotate(some, "service-accounts", "none");
    CHECK(plan_of(some).problems.empty());
  }
  SECTION("ours are found by their places") {
    account = account_facts({"icr-default", "icr-default"});
    account.unwieldy = true;
    account.positions = {7, 4711};
    CHECK(reasons(plan_of(some)).empty());
    annotate(some, "regions", "none");
    CHECK(told(plan_of(some)) == Words{"patch default -4711 -7", "delete default"});
  }
}

}  // namespace plan_accounts_test
