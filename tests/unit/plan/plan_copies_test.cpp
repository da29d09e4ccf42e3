// Facts → what happens to the copies.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/facts.hpp"

namespace plan_copies_test {

using namespace icrps;
using namespace icrps::plan;
using namespace icrps::test;

namespace {

using Words = std::vector<std::string>;

Plan plan_of(const Facts& facts) {
  return make_plan(facts, default_rules());
}

/// Opted in to us-south, the copy made and attached.
Facts in_force(const char* regions = "us-south") {
  auto some = facts({{"regions", regions}});
  perform(some, plan_of(some));
  return some;
}

CopyFacts& copy_of(Facts& facts) {
  return *facts.credentials[0].copy;
}

}  // namespace

TEST_CASE("a namespace that did not opt in is none of our business", "[plan]") {
  const auto plan = plan_of(facts({}));
  CHECK(plan.state == State::kNotOptedIn);
  CHECK(plan.actions.empty());
  CHECK(plan.problems.empty());
}

TEST_CASE("opting in creates the copy and then attaches it", "[plan]") {
  const auto plan = plan_of(facts({{"regions", "us-south,eu-de"}}));
  CHECK(plan.state == State::kPending);
  CHECK(told(plan) ==
        Words{"create default de.icr.io,us.icr.io", "patch default +icr-default [new list]"});
  CHECK(plan.problems.empty());
}

TEST_CASE("the copy does not wait for the service account", "[plan]") {
  auto early = facts({{"regions", "us-south"}});
  early.accounts.clear();
  CHECK(told(plan_of(early)) == Words{"create default us.icr.io"});
  perform(early, plan_of(early));
  CHECK(plan_of(early).state == State::kReady);
  early.accounts.emplace_back("default", account_facts());
  CHECK(told(plan_of(early)) == Words{"patch default +icr-default [new list]"});
}

TEST_CASE("what is in force needs nothing", "[plan]") {
  const auto plan = plan_of(in_force());
  CHECK(plan.state == State::kReady);
  CHECK(plan.actions.empty());
  CHECK(plan.problems.empty());
}

TEST_CASE("the order of regions and repeats make no difference", "[plan]") {
  auto some = in_force("us-south,eu-de");
  annotate(some, "regions", " EU-DE,us.icr.io,, us-south");
  CHECK(plan_of(some).actions.empty());
}

TEST_CASE("annotations change the copy in both directions", "[plan]") {
  struct Case {
    const char* name;
    const char* annotation;
    const char* value;
    Words actions;
  };
  for (const auto& [name, annotation, value, actions] : std::vector<Case>{
           {"a region more", "regions", "us-south,eu-de", {"update default de.icr.io,us.icr.io"}},
           {"another region", "regions", "eu-de", {"update default de.icr.io"}},
           {"private endpoints", "endpoints", "private", {"update default private.us.icr.io"}},
           {"all endpoints", "endpoints", "all", {"update default private.us.icr.io,us.icr.io"}},
           {"opt-out", "regions", "none", {"patch default -0", "delete default"}}}) {
    DYNAMIC_SECTION(name) {
      auto some = in_force();
      const auto uid = copy_of(some).uid;
      annotate(some, annotation, value);
      const auto plan = plan_of(some);
      CHECK(told(plan) == actions);
      perform(some, plan);
      CHECK(plan_of(some).actions.empty());
      if (some.credentials[0].copy) CHECK(copy_of(some).uid == uid);
    }
  }
}

TEST_CASE("an annotation taken away opts out, and put back opts in again", "[plan]") {
  auto some = in_force();
  some.ns.annotations.clear();
  CHECK(told(plan_of(some)) == Words{"patch default -0", "delete default"});
  CHECK(plan_of(some).state == State::kNotOptedIn);
  perform(some, plan_of(some));
  CHECK(plan_of(some).actions.empty());
  annotate(some, "regions", "eu-de");
  CHECK(told(plan_of(some)) ==
        Words{"create default de.icr.io", "patch default +icr-default [new list]"});
}

TEST_CASE("a rotated key is written into the copy in place", "[plan]") {
  auto some = in_force();
  const auto uid = copy_of(some).uid;
  some.credentials[0].material = material("key-2");
  const auto plan = plan_of(some);
  CHECK(told(plan) == Words{"update default us.icr.io"});
  const auto& update = std::get<UpdateCopy>(plan.actions[0]);
  CHECK(update.uid == uid);
  CHECK(update.resource_version == copy_of(some).resource_version);
  CHECK(update.content->revision == material("key-2")->revision());
  CHECK_FALSE(update.repairs);
}

TEST_CASE("drift of a copy is repaired", "[plan]") {
  struct Case {
    const char* name;
    void (*edit)(CopyFacts&);
    Words actions;
    bool said = false;  ///< the data were changed: somebody else did it
  };
  const Words update{"update default us.icr.io"};
  for (const auto& [name, edit, actions, said] : std::vector<Case>{
           {"data", [](auto& copy) { copy.content_hash = "x"; }, update, true},
           {"hash annotation", [](auto& copy) { copy.hash_annotation = "x"; }, update},
           {"hash annotation gone", [](auto& copy) { copy.hash_annotation.clear(); }, update},
           {"revision annotation", [](auto& copy) { copy.revision = "x"; }, update},
           {"hosts annotation", [](auto& copy) { copy.hosts = "x"; }, update},
           {"credential label", [](auto& copy) { copy.credential_label = "x"; }, update},
           {"a key more",
            [](auto& copy) {
              copy.content_hash = "x";
              copy.extra_keys = {"added", "also"};
            },
            {"update default us.icr.io -added -also"},
            true},
           {"another type",
            [](auto& copy) { copy.right_type = false; },
            {"delete default", "create default us.icr.io"}},
           {"more keys than can be named",
            [](auto& copy) { copy.more_keys = true; },
            {"delete default", "create default us.icr.io"}},
           {"made immutable",
            [](auto& copy) { copy.immutable = true; },
            {"delete default", "create default us.icr.io"}}}) {
    DYNAMIC_SECTION(name) {
      auto some = in_force();
      edit(copy_of(some));
      const auto plan = plan_of(some);
      CHECK(told(plan) == actions);
      const auto* const written = std::get_if<UpdateCopy>(plan.actions.data());
      CHECK((written != nullptr && written->repairs) == said);
      CHECK(plan.state == State::kPending);
      perform(some, plan);
      CHECK(plan_of(some).state == State::kReady);
    }
  }
}

TEST_CASE("a copy that was deleted comes back and need not be attached again", "[plan]") {
  auto some = in_force();
  some.credentials[0].copy.reset();
  CHECK(told(plan_of(some)) == Words{"create default us.icr.io"});
}

TEST_CASE("writes carry the guards of what the plan saw", "[plan]") {
  auto some = in_force();
  some.ns.annotations.clear();
  const auto plan = plan_of(some);
  const auto& patch = std::get<PatchAccount>(plan.actions.at(0));
  const auto& remove = std::get<DeleteCopy>(plan.actions.at(1));
  CHECK(patch.resource_version == some.accounts[0].second.resource_version);
  CHECK(remove.uid == copy_of(some).uid);
  CHECK(remove.resource_version == copy_of(some).resource_version);
}

TEST_CASE("a Secret of our name that is not ours is left alone", "[plan]") {
  for (const auto* regions : {"us-south", "none", "nowhere"}) {
    DYNAMIC_SECTION("regions " << regions) {
      auto some = facts({{"regions", regions}});
      some.credentials[0].copy = foreign_secret();
      SECTION("as it is") {}
      SECTION("also when it has our annotations") {
        auto& copy = copy_of(some);
        copy.hosts = "us.icr.io";
        copy.credential_label = "default";
        copy.hash_annotation = copy.content_hash = "x";
      }
      SECTION("also when it has another type") {
        copy_of(some).right_type = false;
      }
      SECTION("also when it is immutable or going") {
        copy_of(some).immutable = copy_of(some).terminating = true;
      }
      const auto plan = plan_of(some);
      CHECK(plan.actions.empty());
    }
  }
  auto some = facts({{"regions", "us-south"}});
  some.credentials[0].copy = foreign_secret();
  const auto plan = plan_of(some);
  CHECK(plan.state == State::kConflict);
  REQUIRE(reasons(plan) == Words{"SecretConflict"});
  CHECK_THAT(plan.problems[0].message, Catch::Contains("Secret icr-default"));
  CHECK_FALSE(plan.problems[0].patience);
}

TEST_CASE("a conflict ends when the Secret goes or is given to us", "[plan]") {
  auto some = facts({{"regions", "us-south"}});
  some.credentials[0].copy = foreign_secret();
  SECTION("gone") {
    some.credentials[0].copy.reset();
  }
  SECTION("labelled as ours") {
    copy_of(some).ours = true;
  }
  CHECK(plan_of(some).state == State::kPending);
  perform(some, plan_of(some));
  CHECK(plan_of(some).state == State::kReady);
}

TEST_CASE("in a namespace that is going nothing is written", "[plan]") {
  for (const auto* regions : {"us-south", "none"}) {
    auto some = in_force();
    annotate(some, "regions", regions);
    copy_of(some).content_hash = "x";
    some.ns.terminating = true;
    const auto plan = plan_of(some);
    CHECK(plan.state == State::kTerminating);
    CHECK(plan.actions.empty());
    CHECK(plan.problems.empty());
  }
}

TEST_CASE("a copy that is going is waited for", "[plan]") {
  auto some = in_force();
  copy_of(some).terminating = true;
  CHECK(plan_of(some).actions.empty());  // its end is an event and brings us back
  annotate(some, "regions", "none");
  CHECK(told(plan_of(some)) == Words{"patch default -0"});
}

TEST_CASE("a credential without a value", "[plan]") {
  SECTION("creates nothing and attaches nothing") {
    auto some = facts({{"regions", "us-south"}});
    some.credentials[0].material.reset();
    const auto plan = plan_of(some);
    CHECK(plan.state == State::kNoCredential);
    CHECK(plan.actions.empty());
    CHECK(reasons(plan) == Words{"CredentialUnavailable"});
    CHECK(plan.problems[0].patience);
  }
  SECTION("keeps the copy that is there, whatever it holds") {
    auto some = in_force();
    some.credentials[0].material.reset();
    copy_of(some).content_hash = "x";
    CHECK(plan_of(some).actions.empty());
  }
  SECTION("keeps attaching the copy that is there") {
    auto some = in_force();
    some.credentials[0].material.reset();
    some.accounts.emplace_back("late", account_facts());
    annotate(some, "service-accounts", "*");
    CHECK(told(plan_of(some)) == Words{"patch late +icr-default [new list]"});
  }
  SECTION("still lets a namespace opt out") {
    auto some = in_force();
    some.credentials[0].material.reset();
    annotate(some, "regions", "none");
    CHECK(told(plan_of(some)) == Words{"patch default -0", "delete default"});
  }
}

TEST_CASE("several credentials are several copies", "[plan]") {
  auto some = facts({{"regions", "us-south"}});
  some.credentials.push_back({"team-b", material("key-b", "team-b"), std::nullopt});
  SECTION("only the default one unless said") {
    CHECK(told(plan_of(some)) ==
          Words{"create default us.icr.io", "patch default +icr-default [new list]"});
  }
  SECTION("both") {
    annotate(some, "credentials", "team-b,default");
    CHECK(told(plan_of(some)) == Words{"create default us.icr.io", "create team-b us.icr.io",
                                       "patch default +icr-default +icr-team-b [new list]"});
  }
  SECTION("one for the other") {
    perform(some, plan_of(some));
    annotate(some, "credentials", "team-b");
    CHECK(told(plan_of(some)) ==
          Words{"create team-b us.icr.io", "patch default -0 +icr-team-b", "delete default"});
    perform(some, plan_of(some));
    CHECK(plan_of(some).state == State::kReady);
  }
  SECTION("trouble with one spares the other") {
    annotate(some, "credentials", "team-b,default");
    some.credentials[0].copy = foreign_secret();
    CHECK(told(plan_of(some)) ==
          Words{"create team-b us.icr.io", "patch default +icr-team-b [new list]"});
    CHECK(plan_of(some).state == State::kConflict);
  }
}

TEST_CASE("states as a metric's label has them", "[plan]") {
  CHECK(to_string(State::kNotOptedIn) == "not_opted_in");
  CHECK(to_string(State::kReady) == "ready");
  CHECK(to_string(State::kPending) == "pending");
  CHECK(to_string(State::kMistake) == "mistake");
  CHECK(to_string(State::kNotAllowed) == "not_allowed");
  CHECK(to_string(State::kConflict) == "conflict");
  CHECK(to_string(State::kNoCredential) == "no_credential");
  CHECK(to_string(State::kForbidden) == "forbidden");
  CHECK(to_string(State::kTerminating) == "terminating");
}

}  // namespace plan_copies_test
