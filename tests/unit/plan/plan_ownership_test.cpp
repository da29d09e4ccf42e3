// Facts → what happens to a Secret of our name that is somebody else's, or that can't be mended.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/facts.hpp"

namespace plan_ownership_test {

using namespace icrps;
using namespace icrps::plan;
using namespace icrps::test;

namespace {

using Words = std::vector<std::string>;

Rules adopting() {
  auto rules = default_rules();
  rules.conflict = Conflict::kAdopt;
  return rules;
}

/// Opted in to us-south, with somebody else's Secret in the copy's place.
Facts taken() {
  auto some = facts({{"regions", "us-south"}});
  some.credentials[0].copy = foreign_secret();
  return some;
}

CopyFacts& copy_of(Facts& facts) {
  return *facts.credentials[0].copy;
}

}  // namespace

TEST_CASE("conflict adopt takes a foreign Secret over in place", "[plan][ownership]") {
  auto some = taken();
  copy_of(some).managed_by = "Helm";
  copy_of(some).extra_keys = {"theirs"};
  const auto plan = make_plan(some, adopting());
  CHECK(plan.state == State::kPending);
  CHECK(plan.problems.empty());
  CHECK(told(plan) ==
        Words{"adopt default us.icr.io -theirs", "patch default +icr-default [new list]"});
  const auto& update = std::get<UpdateCopy>(plan.actions[0]);
  CHECK(update.uid == "uid-foreign");
  CHECK(update.resource_version == "5");
  CHECK(update.managed_by == "Helm");
  perform(some, plan);
  CHECK(copy_of(some).uid == "uid-foreign");
  CHECK(make_plan(some, adopting()).state == State::kReady);
  CHECK(make_plan(some, adopting()).actions.empty());
}

TEST_CASE("what was adopted is ours from then on", "[plan][ownership]") {
  auto some = taken();
  perform(some, make_plan(some, adopting()));
  CHECK(make_plan(some, default_rules()).actions.empty());  // also without the setting
  annotate(some, "regions", "none");
  CHECK(told(make_plan(some, adopting())) == Words{"patch default -0", "delete default"});
}

TEST_CASE("a Secret that can't be adopted is left alone and the reason told", "[plan][ownership]") {
  struct Case {
    const char* why;
    void (*edit)(CopyFacts&);
    std::string words;
  };
  for (const auto& [why, edit, words] : std::vector<Case>{
           {"another type", [](auto& copy) { copy.right_type = false; },
            "its type is not kubernetes.io/dockerconfigjson"},
           {"immutable", [](auto& copy) { copy.immutable = true; }, "it is immutable"},
           {"taken back once", [](auto& copy) { copy.adopted = true; },
            "it was adopted before and taken back"}}) {
    DYNAMIC_SECTION(why) {
      auto some = taken();
      edit(copy_of(some));
      const auto plan = make_plan(some, adopting());
      CHECK(plan.state == State::kConflict);
      CHECK(plan.actions.empty());
      REQUIRE(reasons(plan) == Words{"SecretConflict"});
      CHECK_THAT(plan.problems[0].message, Catch::Contains("is not adopted, because " + words));
    }
  }
}

TEST_CASE("the copy of another installation is left alone, and that one is named",
          "[plan][ownership]") {
  auto some = taken();
  copy_of(some).other_installation = "prod";
  some.accounts[0].second = account_facts({"icr-default"});
  const auto plan = make_plan(some, default_rules());
  CHECK(plan.state == State::kConflict);
  CHECK(plan.actions.empty());
  REQUIRE(reasons(plan) == Words{"InstallationConflict"});
  CHECK_THAT(plan.problems[0].message, Catch::Contains("the one in namespace \"prod\""));
  REQUIRE(plan.copies.size() == 1);
  CHECK(plan.copies[0].standing == Standing::kConflict);

  SECTION("also when the namespace opts out") {
    some.ns.annotations.clear();
    CHECK(make_plan(some, default_rules()).actions.empty());
  }
  SECTION("also when the credential is retired") {
    some.credentials[0].retired = true;
    CHECK(make_plan(some, default_rules()).actions.empty());
  }
  SECTION("unless it is to be adopted") {
    CHECK(told(make_plan(some, adopting())) == Words{"adopt default us.icr.io"});
    const auto adopted = make_plan(some, adopting());
    CHECK(std::get<UpdateCopy>(adopted.actions[0]).other_installation == "prod");
  }
  SECTION("and was not adopted from this one") {
    copy_of(some).adopted = true;
    const auto told_back = make_plan(some, adopting());
    CHECK(told_back.actions.empty());
    CHECK_THAT(told_back.problems[0].message,
               Catch::Contains("the installation in namespace \"prod\" adopted it from this one"));
  }
}

TEST_CASE("a copy of a copy is left alone, and where it is from is told", "[plan][ownership]") {
  auto some = taken();
  copy_of(some).other_namespace = "blog";
  const auto plan = make_plan(some, default_rules());
  CHECK(plan.actions.empty());
  REQUIRE(reasons(plan) == Words{"SecretConflict"});
  CHECK_THAT(plan.problems[0].message, Catch::Contains("made for namespace \"blog\""));
  some.ns.annotations.clear();
  CHECK(make_plan(some, default_rules()).actions.empty());
  CHECK(make_plan(some, default_rules()).problems.empty());
}

TEST_CASE("a copy from before there were marks gets its mark with one write", "[plan][ownership]") {
  auto some = facts({{"regions", "us-south"}});
  perform(some, make_plan(some, default_rules()));
  copy_of(some).mark.clear();
  const auto plan = make_plan(some, default_rules());
  CHECK(told(plan) == Words{"update default us.icr.io"});
  CHECK_FALSE(std::get<UpdateCopy>(plan.actions[0]).repairs);
  CHECK(plan.problems.empty());
  perform(some, plan);
  CHECK(make_plan(some, default_rules()).actions.empty());
}

TEST_CASE("a mark names the operator's namespace and the copy's", "[plan][ownership]") {
  auto rules = default_rules();
  rules.own_namespace = "ops";
  auto some = facts({{"regions", "us-south"}});
  some.own_uid = "uid-ops";
  const auto plan = make_plan(some, rules);
  const auto& mark = std::get<CreateCopy>(plan.actions[0]).mark;
  CHECK(mark.installation == "ops/uid-ops");
  CHECK(mark.made_for == "shop/uid-shop");
  perform(some, plan);
  CHECK(make_plan(some, rules).actions.empty());
  some.ns.uid = "uid-of-a-later-shop";
  CHECK(told(make_plan(some, rules)) == Words{"update default us.icr.io"});
}

TEST_CASE("only what can be written at once is adopted", "[plan][ownership]") {
  SECTION("not without a value") {
    auto some = taken();
    some.credentials[0].material.reset();
    CHECK(make_plan(some, adopting()).actions.empty());
    CHECK(reasons(make_plan(some, adopting())) == Words{"CredentialUnavailable"});
  }
  SECTION("not with a mistake") {
    auto some = taken();
    annotate(some, "regions", "nowhere");
    CHECK(make_plan(some, adopting()).actions.empty());
    CHECK(reasons(make_plan(some, adopting())) == Words{"InvalidRegions"});
  }
  SECTION("not when it is going") {
    auto some = taken();
    copy_of(some).terminating = true;
    CHECK(make_plan(some, adopting()).actions.empty());
  }
  SECTION("not where nobody asks for it") {
    auto some = taken();
    some.ns.annotations.clear();
    CHECK(make_plan(some, adopting()).actions.empty());
  }
}

TEST_CASE("a source is never a copy", "[plan][ownership]") {
  for (const auto conflict : {Conflict::kSkip, Conflict::kAdopt}) {
    for (const bool labelled : {true, false}) {
      auto rules = default_rules();
      rules.conflict = conflict;
      rules.own_namespace = "shop";
      rules.sources = {"icr-default"};
      auto some = taken();
      copy_of(some).ours = labelled;
      auto plan = make_plan(some, rules);
      CHECK(plan.state == State::kConflict);
      CHECK(plan.actions.empty());
      REQUIRE(reasons(plan) == Words{"SecretConflict"});
      CHECK_THAT(plan.problems[0].message, Catch::Contains("comes from"));
      annotate(some, "regions", "none");
      CHECK(make_plan(some, rules).actions.empty());
      annotate(some, "regions", "us-south");
      rules.own_namespace = "elsewhere";
      CHECK(make_plan(some, rules).actions.empty() == (conflict == Conflict::kSkip && !labelled));
    }
  }
}

TEST_CASE("what can't be mended is replaced and said so", "[plan][ownership]") {
  for (const bool immutable : {true, false}) {
    auto some = facts({{"regions", "us-south"}});
    perform(some, make_plan(some, default_rules()));
    copy_of(some).immutable = immutable;
    copy_of(some).right_type = immutable;
    const auto plan = make_plan(some, default_rules());
    REQUIRE(told(plan) == Words{"delete default", "create default us.icr.io"});
    const auto& note = std::get<DeleteCopy>(plan.actions[0]).note;
    REQUIRE(note);
    CHECK(note->reason == "SecretReplaced");
    CHECK(note->note);
    CHECK_THAT(note->message, Catch::Contains(copy_of(some).uid) &&
                                  Catch::Contains(immutable ? "it is immutable" : "its type"));
    annotate(some, "regions", "none");
    const auto removal = make_plan(some, default_rules());
    CHECK_FALSE(std::get<DeleteCopy>(removal.actions.back()).note);
  }
}

}  // namespace plan_ownership_test
