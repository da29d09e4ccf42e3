// A credential whose Secrets have a name of their own, and one that has another name now: the new
// copy comes first, one patch changes the references, and then the old copy goes.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/facts.hpp"

namespace plan_moved_test {

using namespace icrps;
using namespace icrps::plan;
using namespace icrps::test;

namespace {

using Words = std::vector<std::string>;

Plan plan_of(const Facts& facts) {
  return make_plan(facts, default_rules());
}

CopyFacts copy_of(const std::string& key, const icr::Hosts& hosts = {"us.icr.io"}) {
  return copy_for(*material(key), hosts);
}

/// `default` is called all-icr-io now. Of both names there is this, and the account names the old.
Facts moved(std::optional<CopyFacts> now, std::optional<CopyFacts> before) {
  auto some = facts({{"regions", "us-south"}});
  some.credentials[0].secret = "all-icr-io";
  some.credentials[0].copy = std::move(now);
  CredentialFacts former{"default", nullptr, std::move(before), nullptr, true};
  some.credentials.push_back(std::move(former));
  some.accounts[0].second = account_facts({"theirs", "icr-default"});
  return some;
}

Words references(const Facts& facts) {
  return facts.accounts[0].second.pull_secrets;
}

}  // namespace

TEST_CASE("a copy has the name that its credential says", "[plan][moved]") {
  auto some = facts({{"regions", "us-south"}});
  some.credentials[0].secret = "all-icr-io";
  const auto plan = plan_of(some);
  REQUIRE(told(plan) == Words{"create default us.icr.io", "patch default +all-icr-io [new list]"});
  CHECK(std::get<CreateCopy>(plan.actions[0]).secret == "all-icr-io");
  CHECK(plan.copies[0].secret == "all-icr-io");
  perform(some, plan);
  annotate(some, "regions", "none");
  const auto out = plan_of(some);
  REQUIRE(told(out) == Words{"patch default -0", "delete default"});
  CHECK(std::get<DeleteCopy>(out.actions[1]).secret == "all-icr-io");
}

TEST_CASE("a name that changed moves: the new copy, one patch, the end of the old one",
          "[plan][moved]") {
  auto some = moved(std::nullopt, copy_of("key-1"));
  const auto plan = plan_of(some);
  REQUIRE(told(plan) ==
          Words{"create default us.icr.io", "patch default -1 +all-icr-io", "delete default"});
  CHECK(std::get<CreateCopy>(plan.actions[0]).secret == "all-icr-io");
  const auto& patch = std::get<PatchAccount>(plan.actions[1]);
  CHECK(patch.successors == std::map<std::string, std::string>{{"icr-default", "all-icr-io"}});
  const auto& gone = std::get<DeleteCopy>(plan.actions[2]);
  CHECK(gone.secret == "icr-default");
  CHECK(gone.successor == "all-icr-io");
  CHECK(plan.problems.empty());
  REQUIRE(plan.copies.size() == 1);
  perform(some, plan);
  CHECK(references(some) == Words{"theirs", "all-icr-io"});
  CHECK(told(plan_of(some)).empty());
  CHECK(plan_of(some).state == State::kReady);
}

TEST_CASE("a move goes on where it stopped", "[plan][moved]") {
  auto some = moved(copy_of("key-1"), copy_of("key-1"));
  SECTION("before the patch") {
    CHECK(told(plan_of(some)) == Words{"patch default -1 +all-icr-io", "delete default"});
  }
  SECTION("after it") {
    some.accounts[0].second = account_facts({"theirs", "all-icr-io"});
    some.accounts[0].second.attached = "all-icr-io";
    CHECK(told(plan_of(some)) == Words{"delete default"});
  }
  SECTION("the old one was deleted by somebody, and its reference is there") {
    some.credentials[1].copy.reset();
    CHECK(told(plan_of(some)) == Words{"patch default -1 +all-icr-io"});
  }
}

TEST_CASE("where the new name is somebody else's the old copy goes on, with a new key, too",
          "[plan][moved]") {
  auto some = moved(foreign_secret(), copy_of("key-0"));
  const auto plan = plan_of(some);
  REQUIRE(told(plan) == Words{"update default us.icr.io"});
  CHECK(std::get<UpdateCopy>(plan.actions[0]).secret == "icr-default");
  CHECK(reasons(plan) == Words{"SecretConflict"});
  CHECK(plan.state == State::kConflict);
  REQUIRE(plan.copies.size() == 1);
  CHECK(plan.copies[0].standing == Standing::kConflict);
  CHECK(plan.copies[0].revision == material("key-1")->revision());
  perform(some, plan);
  CHECK(told(plan_of(some)).empty());
  CHECK(references(some) == Words{"theirs", "icr-default"});
}

TEST_CASE("a move waits for what is not known", "[plan][moved]") {
  SECTION("no value yet") {
    auto some = moved(std::nullopt, copy_of("key-0"));
    some.credentials[0].material.reset();
    CHECK(told(plan_of(some)).empty());
  }
  SECTION("a list is missing") {
    auto some = moved(std::nullopt, copy_of("key-1"));
    some.credentials[0].known = false;
    CHECK(told(plan_of(some)).empty());
    some.credentials[0].known = true;
    some.credentials[1].known = false;
    CHECK(told(plan_of(some)) == Words{"create default us.icr.io", "patch default +all-icr-io"});
  }
  SECTION("a mistake hides the regions") {
    auto some = moved(std::nullopt, copy_of("key-1"));
    annotate(some, "regions", "nowhere");
    CHECK(told(plan_of(some)).empty());
  }
  SECTION("the Secret of the new name is being deleted") {
    auto some = moved(copy_of("key-1"), copy_of("key-1"));
    some.credentials[0].copy->terminating = true;
    CHECK(told(plan_of(some)).empty());
  }
}

TEST_CASE("a mistake elsewhere holds up no move", "[plan][moved]") {
  auto some = moved(std::nullopt, copy_of("key-1"));
  const Words all{"create default us.icr.io", "patch default -1 +all-icr-io", "delete default"};
  SECTION("in the service accounts: those that had the old reference get the new one") {
    annotate(some, "service-accounts", "!");
    some.accounts.emplace_back("other", account_facts());
    CHECK(told(plan_of(some)) == all);
  }
  SECTION("in the credentials: what there was a copy of is asked for") {
    annotate(some, "credentials", "nobody");
    CHECK(told(plan_of(some)) == all);
  }
}

TEST_CASE("who opted out meanwhile, or may not have it any more, has nothing of either name",
          "[plan][moved]") {
  auto some = moved(std::nullopt, copy_of("key-1"));
  SECTION("opted out") {
    annotate(some, "regions", "none");
  }
  SECTION("not allowed") {
    Limits limits;
    limits.namespaces = {"others"};
    limit(some.credentials[0], limits);
  }
  CHECK(told(plan_of(some)) == Words{"patch default -1", "delete default"});
}

TEST_CASE("a Secret of somebody else with the old name stays", "[plan][moved]") {
  auto some = moved(std::nullopt, foreign_secret());
  CHECK(told(plan_of(some)) == Words{"create default us.icr.io", "patch default +all-icr-io"});
}

}  // namespace plan_moved_test
