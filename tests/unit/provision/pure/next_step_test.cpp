#include "provision/pure/next_step.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "provision/pure/place.hpp"
#include "provision/pure/words.hpp"

namespace next_step_test {

using namespace icrps;
using namespace std::chrono_literals;
using provision::Holdings;
using provision::Step;
using provision::Wish;
using Kind = Step::Kind;

namespace {

const std::string kReader = "crn:v1:bluemix:public:iam::::serviceRole:Reader";
const std::string kWriter = "crn:v1:bluemix:public:iam::::serviceRole:Writer";
const provision::SecretPlace kSecret{"uid", "ops", "icr-api-key"};

provision::Grant grant(const std::string& ns, const std::string& region = "us-south",
                       const std::string& role = kReader) {
  const provision::Place place{ns, region};
  return {provision::attributes_of(place, "A"), {role}, "Reader on " + to_string(place)};
}

Wish wish() {
  Wish wish;
  wish.name = "pull";
  wish.grants = {grant("team"), grant("shop")};
  wish.secret = kSecret;
  return wish;
}

iam::Identity identity(const std::string& id = "ServiceId-1",
                       const std::string& description = provision::mark_of("pull")) {
  return {iam::IdentityKind::kServiceId, id, "iam-" + id, "pull", description, "A", false};
}

iam::Policy policy(const std::string& id, const provision::Grant& grant) {
  iam::Policy policy;
  policy.id = id;
  policy.iam_id = identity().iam_id;
  policy.resource = grant.resource;
  policy.roles = grant.roles;
  return policy;
}

iam::KeyInfo key(const std::string& id, const std::string& name = "pull 2026-01-01T00:00:00Z") {
  iam::KeyInfo key;
  key.id = id;
  key.name = name;
  key.iam_id = identity().iam_id;
  key.description = provision::key_description("pull", kSecret);
  return key;
}

/// All of wish() is there.
Holdings everything() {
  Holdings held;
  held.identities = {identity()};
  held.policies = {policy("p1", grant("team")), policy("p2", grant("shop"))};
  held.keys = {key("ApiKey-1")};
  held.secret = {true, true, std::nullopt,
                 iam::KeyDetails{"ApiKey-1", identity().iam_id, "A", false}, true};
  return held;
}

std::vector<Kind> kinds(const Wish& wish, const Holdings& held) {
  std::vector<Kind> all;
  for (const auto& step : provision::preview(wish, held).steps) all.push_back(step.kind);
  return all;
}

std::string blocked(const Wish& wish, const Holdings& held) {
  return provision::preview(wish, held).blocked;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("from nothing to everything, in order", "[provision][next_step]") {
  const auto preview = provision::preview(wish(), {});
  CHECK(preview.blocked.empty());
  CHECK(kinds(wish(), {}) == std::vector<Kind>{Kind::kClaimSecret, Kind::kMakeIdentity,
                                               Kind::kGrant, Kind::kGrant, Kind::kMakeKey,
                                               Kind::kStoreKey});
}

TEST_CASE("where all is there nothing is done", "[provision][next_step]") {
  CHECK(std::holds_alternative<provision::Done>(provision::next_step(wish(), everything())));
}

TEST_CASE("only what is missing is made", "[provision][next_step]") {
  auto held = everything();
  SECTION("a policy") {
    held.policies.pop_back();
    CHECK(kinds(wish(), held) == std::vector<Kind>{Kind::kGrant});
  }
  SECTION("a policy with a condition is another one") {
    held.policies.back().conditional = true;
    CHECK(kinds(wish(), held) == std::vector<Kind>{Kind::kGrant});
  }
  SECTION("the Secret") {
    held.secret = {};
    CHECK(kinds(wish(), held) ==
          std::vector<Kind>{Kind::kClaimSecret, Kind::kMakeKey, Kind::kStoreKey});
  }
  SECTION("the key in the Secret is disabled") {
    held.secret.key->disabled = true;
    CHECK(kinds(wish(), held) ==
          std::vector<Kind>{Kind::kClaimSecret, Kind::kMakeKey, Kind::kStoreKey});
  }
  SECTION("without a Secret there is no key") {
    auto without = wish();
    without.secret.reset();
    held.secret = {};
    held.keys.clear();
    CHECK(kinds(without, held).empty());
  }
}

TEST_CASE("an identity that is not clearly ours stays as it is", "[provision][next_step]") {
  Holdings held;
  SECTION("somebody else's of the same name") {
    held.identities = {identity("ServiceId-9", "made by hand")};
    CHECK(has(blocked(wish(), held), "ServiceId-9"));
  }
  SECTION("of another NAME") {
    held.identities = {identity("ServiceId-9", provision::mark_of("other"))};
    CHECK(has(blocked(wish(), held), "Choose another NAME"));
  }
  SECTION("several") {
    held.identities = {identity("ServiceId-1"), identity("ServiceId-2")};
    CHECK(has(blocked(wish(), held), "ServiceId-1, ServiceId-2"));
  }
  SECTION("locked") {
    held.identities = {identity()};
    held.identities.front().locked = true;
    CHECK(has(blocked(wish(), held), "service-id-unlock ServiceId-1"));
  }
  CHECK(kinds(wish(), held).empty());
}

TEST_CASE("one of ours beside somebody else's of the same name", "[provision][next_step]") {
  auto held = everything();
  held.identities.push_back(identity("ServiceId-9", "made by hand"));
  CHECK(kinds(wish(), held).empty());
  CHECK(blocked(wish(), held).empty());
}

TEST_CASE("other roles are changed by force only", "[provision][next_step]") {
  auto held = everything();
  held.policies.front().roles = {kWriter};
  CHECK(kinds(wish(), held).empty());
  CHECK(has(blocked(wish(), held), "Reader on team@us-south (policy p1)"));
  auto forced = wish();
  forced.force = true;
  const auto steps = provision::preview(forced, held).steps;
  REQUIRE(steps.size() == 1);
  CHECK(steps.front().kind == Kind::kChangeRole);
  CHECK(steps.front().id == "p1");
  CHECK(describe(steps.front(), forced, held) ==
        "~ policy Reader on team@us-south (p1): was Writer on team@us-south");
}

TEST_CASE("what was not asked for goes only with prune", "[provision][next_step]") {
  auto held = everything();
  held.policies.push_back(policy("p3", grant("old")));
  auto foreign = policy("p4", grant("old"));
  foreign.resource = {{"serviceName", "cloud-object-storage"}};
  held.policies.push_back(foreign);
  held.keys.push_back(key("ApiKey-0"));
  auto other_cluster = key("ApiKey-2");
  other_cluster.description = provision::key_description("pull", {"other", "ops", "icr-api-key"});
  held.keys.push_back(other_cluster);
  CHECK(kinds(wish(), held).empty());
  CHECK(provision::extra_policies(wish(), held).size() == 1);
  CHECK(provision::former_keys(wish(), held).size() == 1);
  auto pruned = wish();
  pruned.prune = true;
  const auto steps = provision::preview(pruned, held).steps;
  REQUIRE(steps.size() == 2);
  CHECK(steps.at(0) == Step{Kind::kRevoke, "p3"});
  CHECK(steps.at(1) == Step{Kind::kDropKey, "ApiKey-0"});
}

TEST_CASE("a Secret with somebody else's value is replaced by force only",
          "[provision][next_step]") {
  auto held = everything();
  held.secret.ours = false;
  SECTION("a good key of ours that was put there by hand is kept") {
    CHECK(kinds(wish(), held).empty());
    CHECK(blocked(wish(), held).empty());
    return;
  }
  SECTION("another identity's key") {
    held.secret.key->iam_id = "iam-ServiceId-9";
    CHECK(has(blocked(wish(), held), "iam-ServiceId-9"));
  }
  SECTION("no key at all") {
    held.secret.key.reset();
    CHECK(has(blocked(wish(), held), "no key of it"));
  }
  CHECK(kinds(wish(), held).empty());
  auto forced = wish();
  forced.force = true;
  CHECK(kinds(forced, held) ==
        std::vector<Kind>{Kind::kClaimSecret, Kind::kMakeKey, Kind::kStoreKey});
}

TEST_CASE("a run that was broken off is waited for, and its key deleted",
          "[provision][next_step]") {
  auto held = everything();
  held.secret = {true, true, provision::HeldSecret::Begun{20s, "2026-01-01T00:00:00Z"}};
  const auto next = provision::next_step(wish(), held);
  const auto* wait = std::get_if<provision::Wait>(&next);
  REQUIRE(wait != nullptr);
  CHECK(wait->time == provision::kListsSettle - 20s);
  held.keys.push_back(key("ApiKey-0", "pull 2025-12-01T00:00:00Z"));  // in use, perhaps
  held.secret.begun->ago = 1h;
  const auto steps = provision::preview(wish(), held).steps;
  REQUIRE(steps.size() == 4);
  CHECK(steps.front() == Step{Kind::kDropKey, "ApiKey-1"});
  CHECK(steps.at(1).kind == Kind::kClaimSecret);
}

TEST_CASE("a claim that is old is made anew before more is made", "[provision][next_step]") {
  auto held = everything();
  held.secret = {true, true};
  held.keys.clear();
  held.claimed = provision::kClaimLasts;
  CHECK(kinds(wish(), held).front() == Kind::kClaimSecret);
  held.new_key = "ApiKey-1";  // but a key that is there is stored
  CHECK(kinds(wish(), held).front() == Kind::kStoreKey);
}

TEST_CASE("over the limit of keys nothing is made", "[provision][next_step]") {
  auto held = everything();
  held.secret = {};
  held.key_limit = 1;
  CHECK(kinds(wish(), held) == std::vector<Kind>{Kind::kClaimSecret});
  CHECK(has(blocked(wish(), held), "1 API keys, and the account allows 1"));
}

TEST_CASE("a trusted profile is linked and has no key", "[provision][next_step]") {
  auto keyless = wish();
  keyless.kind = iam::IdentityKind::kTrustedProfile;
  keyless.secret.reset();
  keyless.link = iam::ProfileLink{"", "IKS_SA", "crn:c", "icr-pull-secrets", "icr-pull-secrets"};
  CHECK(kinds(keyless, {}) ==
        std::vector<Kind>{Kind::kMakeIdentity, Kind::kLinkCluster, Kind::kGrant, Kind::kGrant});
}

}  // namespace next_step_test
