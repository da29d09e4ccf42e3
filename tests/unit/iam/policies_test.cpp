#include "iam/pure/policies.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "iam/pure/identities.hpp"
#include "iam/pure/registry_images.hpp"

namespace policies_test {

using namespace icrps;

namespace {

const std::string kPolicy = R"({"id":"p1","type":"access","description":"d","state":"active",
  "subject":{"attributes":[{"key":"iam_id","operator":"stringEquals","value":"iam-ServiceId-1"}]},
  "resource":{"attributes":[{"key":"accountId","operator":"stringEquals","value":"A"},
    {"key":"serviceName","operator":"stringEquals","value":"container-registry"}]},
  "control":{"grant":{"roles":[{"role_id":"crn:Reader"},{"role_id":"crn:Writer"}]}}})";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST_CASE("a policy is read, and written as it was read", "[iam][policies]") {
  const auto policy = iam::read_policy(kPolicy);
  REQUIRE(policy);
  CHECK(policy->id == "p1");
  CHECK(policy->description == "d");
  CHECK(policy->iam_id == "iam-ServiceId-1");
  CHECK(policy->resource ==
        iam::Attributes{{"accountId", "A"}, {"serviceName", "container-registry"}});
  CHECK(policy->roles == std::set<std::string>{"crn:Reader", "crn:Writer"});
  CHECK_FALSE(policy->conditional);
  // The body has no id, so an id is put into it to read it again.
  const auto again = iam::read_policy(R"({"id":"x",)" + iam::policy_json(*policy).substr(1));
  REQUIRE(again);
  CHECK(again->resource == policy->resource);
  CHECK(again->roles == policy->roles);
  CHECK(again->iam_id == policy->iam_id);
  CHECK_FALSE(again->conditional);
}

TEST_CASE("what a policy has beside plain attributes makes it conditional", "[iam][policies]") {
  const auto conditional = [](const std::string& text) {
    const auto policy = iam::read_policy(text);
    REQUIRE(policy);
    return policy->conditional;
  };
  const std::string resource = R"("resource":{)";
  CHECK(conditional(replaced(kPolicy, resource, R"("rule":{"key":"k"},"resource":{)")));
  CHECK(conditional(replaced(kPolicy, resource, R"("pattern":"time-based","resource":{)")));
  CHECK(conditional(replaced(kPolicy, resource, R"("resource":{"tags":[{"key":"t"}],)")));
  CHECK(conditional(replaced(
      kPolicy, R"({"key":"serviceName","operator":"stringEquals","value":"container-registry"})",
      R"({"key":"serviceName","operator":"stringMatch","value":"container-*"})")));
}

TEST_CASE("a page of policies says where the next begins", "[iam][policies]") {
  const auto page = [](const std::string& next) {
    return iam::read_policy_page(R"({"limit":1,)" + next + R"("policies":[)" + kPolicy + "]}");
  };
  CHECK(page("")->next.empty());
  CHECK(page("")->policies.size() == 1);
  CHECK(page(R"("next":{"start":"a b"},)")->next == "a%20b");
  CHECK(page(R"("next":{"href":"https://evil.example/v2/policies?limit=1&start=abc"},)")->next ==
        "abc");
  CHECK_FALSE(page(R"("next":{"href":"https://x/?start=a b"},)"));
  CHECK_FALSE(iam::read_policy_page("{}"));
  CHECK_FALSE(iam::read_policy_page("<html>"));
  CHECK_FALSE(iam::read_policy_page(R"({"policies":[{"type":"access"}]})"));
}

TEST_CASE("a conflict names the policy, as an object or by its id", "[iam][policies]") {
  const auto conflict = [](const std::string& policy) {
    return iam::read_conflicting_policy(
        R"({"errors":[{"code":"policy_conflict_error","message":"m","details":{"conflicts_with":)"
        R"({"etag":"e","policy":)" +
        policy + "}}}]}");
  };
  CHECK(conflict(R"({"id":"p1","href":"h"})") == "p1");
  CHECK(conflict(R"("p1")") == "p1");
  CHECK_FALSE(conflict("{}"));
  CHECK_FALSE(conflict("7"));
  CHECK_FALSE(iam::read_conflicting_policy(R"({"errors":[{"code":"x"}]})"));
  CHECK_FALSE(iam::read_conflicting_policy(""));
}

TEST_CASE("roles are those of the service and of the platform", "[iam][policies]") {
  const auto roles = iam::read_roles(
      R"({"custom_roles":[],"service_roles":[{"display_name":"Reader","crn":"crn:R",)"
      R"("actions":["pull",7]}],"system_roles":[{"display_name":"Operator","crn":"crn:O"},{}]})");
  REQUIRE(roles);
  REQUIRE(roles->size() == 2);
  CHECK(roles->at(0).name == "Reader");
  CHECK(roles->at(0).actions == std::set<std::string>{"pull"});
  CHECK(roles->at(1).crn == "crn:O");
  CHECK_FALSE(iam::read_roles("{}"));
}

TEST_CASE("service IDs and profiles are listed", "[iam][identities]") {
  using Kind = iam::IdentityKind;
  const std::string entry =
      R"({"id":"I1","iam_id":"iam-I1","name":"n","description":"d","account_id":"A",)"
      R"("locked":true,"history":[{"id":"x"}],"apikey":{"id":"k","apikey":"hunter2"}})";
  const auto page = iam::read_identity_page(
      Kind::kServiceId,
      R"({"next":"https://h/v1/serviceids/?pagetoken=t2","serviceids":[)" + entry + "]}");
  REQUIRE(page);
  CHECK(page->next == "t2");
  REQUIRE(page->identities.size() == 1);
  const auto& one = page->identities.front();
  CHECK(one.id == "I1");
  CHECK(one.iam_id == "iam-I1");
  CHECK(one.name == "n");
  CHECK(one.description == "d");
  CHECK(one.locked);
  CHECK(iam::read_identity_page(Kind::kTrustedProfile, R"({"profiles":[]})")->identities.empty());
  CHECK_FALSE(iam::read_identity_page(Kind::kTrustedProfile, R"({"serviceids":[]})"));
  CHECK_FALSE(iam::read_identity_page(Kind::kServiceId, R"({"serviceids":[{"id":"x"}]})"));
  CHECK(iam::read_identity(Kind::kServiceId, entry)->id == "I1");
  CHECK_FALSE(iam::read_identity(Kind::kServiceId, R"({"id":"x"})"));
}

TEST_CASE("links and keys in detail", "[iam][identities]") {
  const iam::ProfileLink link{"", "ROKS_SA", "crn:c", "ops", "operator"};
  const auto links =
      iam::read_profile_links(R"({"links":[)" + iam::profile_link_json(link, "l") + "]}");
  REQUIRE(links);
  REQUIRE(links->size() == 1);
  CHECK(links->front().type == "ROKS_SA");
  CHECK(links->front().cluster == "crn:c");
  CHECK(links->front().ns == "ops");
  CHECK(links->front().account == "operator");
  const auto details = iam::read_key_details(
      R"({"id":"ApiKey-1","iam_id":"iam-1","account_id":"A","disabled":true,"apikey":"x"})");
  REQUIRE(details);
  CHECK(details->account_id == "A");
  CHECK(details->disabled);
  CHECK_FALSE(iam::read_key_details(R"({"id":"ApiKey-1"})"));
}

TEST_CASE("an image of a registry namespace", "[iam][registry_images]") {
  const auto first = [](const std::string& body) { return iam::read_image_list(body)->first; };
  CHECK(first("[]").empty());
  CHECK(first(R"([{"Id":"x","RepoTags":[]},{"RepoTags":["us.icr.io/team/app:1","b"]}])") ==
        "us.icr.io/team/app:1");
  CHECK(first(R"([{"RepoTags":null,"RepoDigests":["us.icr.io/team/app@sha256:0"]}])") ==
        "us.icr.io/team/app@sha256:0");
  CHECK_FALSE(iam::read_image_list("{}"));
  CHECK_FALSE(iam::read_image_list("<html>"));
}

}  // namespace policies_test
