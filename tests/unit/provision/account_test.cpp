// Patience with IAM, and what people are told, against a scripted IAM.
#include "provision/account.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/fake_clock.hpp"
#include "unit/support/fake_transport.hpp"

namespace account_test {

using namespace icrps;
using namespace std::chrono_literals;

namespace {

const SecretString kBearer(std::string("bearer-hunter2"));
const std::string kPolicyJson =
    R"({"id":"p1","subject":{"attributes":[{"key":"iam_id","operator":"stringEquals",)"
    R"("value":"iam-1"}]},"resource":{"attributes":[{"key":"resource","operator":"stringEquals",)"
    R"("value":"team"}]},"control":{"grant":{"roles":[{"role_id":"crn:Reader"}]}}})";
const std::string kConflict =
    R"({"errors":[{"code":"policy_conflict_error","message":"conflict",)"
    R"("details":{"conflicts_with":{"etag":"e","policy":{"id":"p1"}}}}]})";
const std::string kGone = R"({"errors":[{"code":"policy_not_found","message":"not found"}]})";
const std::string kForbidden =
    R"({"errors":[{"code":"insufficent_permissions","message":"not allowed"}]})";

struct Rig {
  test::FakeTransport server;
  test::FakeClock clock;
  std::vector<std::string> said;
  std::chrono::milliseconds slept{0};
  iam::Observer nobody = [](auto, auto) {};
  iam::Client keys{server, "iam.example.com", nobody};
  iam::Directory directory{iam::Exchange(server, "iam.example.com", nobody)};
  provision::Account account{keys,
                             directory,
                             kBearer,
                             "A",
                             {clock,
                              [this](std::chrono::milliseconds time) {
                                slept += time;
                                clock.advance(time);
                              },
                              [this](const std::string& text) { said.push_back(text); }}};

  [[nodiscard]] std::string header(std::size_t request, const std::string& name) const {
    return test::header(server.requests.at(request).headers, name);
  }
};

iam::Policy wanted() {
  iam::Policy policy;
  policy.iam_id = "iam-1";
  policy.resource = {{"resource", "team"}};
  policy.roles = {"crn:Reader"};
  return policy;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a policy that is there already is read, also when it is new", "[provision][account]") {
  Rig rig;
  rig.server.will(409, kConflict).will(404, kGone).will(404, kGone).will(200, kPolicyJson);
  const auto policy = rig.account.make_policy(wanted());
  REQUIRE(policy);
  CHECK(policy->id == "p1");
  CHECK(rig.server.lines == std::vector<std::string>{"POST /v2/policies", "GET /v2/policies/p1",
                                                     "GET /v2/policies/p1", "GET /v2/policies/p1"});
  CHECK(rig.slept == 4s);
  CHECK(rig.header(0, "Authorization") == "Bearer bearer-hunter2");
}

TEST_CASE("IAM that is busy is asked again, as it asks", "[provision][account]") {
  Rig rig;
  rig.server.will(429, "", {{"Retry-After", "7"}}).will(503).will(201, kPolicyJson);
  CHECK(rig.account.make_policy(wanted()));
  CHECK(rig.slept == 9s);
  CHECK(rig.said.size() == 1);
}

TEST_CASE("patience has an end", "[provision][account]") {
  Rig rig;
  rig.server.answer = [](const http::Request&) { return http::Result(test::response(503)); };
  const auto list = rig.account.identities(iam::IdentityKind::kServiceId, "pull");
  REQUIRE_FALSE(list);
  CHECK(has(list.error(), "503"));
  CHECK(rig.slept <= 60s);
  CHECK(rig.server.requests.size() > 10);
}

TEST_CASE("what was perhaps made is not made again", "[provision][account]") {
  Rig rig;
  SECTION("a key") {
    rig.server.will(test::failure(http::Failure::Kind::kTimeout));
    CHECK_FALSE(rig.account.make_key({}, "name", "why"));
  }
  SECTION("a service ID") {
    rig.server.will(500);
    CHECK_FALSE(rig.account.make_identity({}));
  }
  CHECK(rig.server.requests.size() == 1);
}

TEST_CASE("a new service ID that IAM does not know everywhere yet", "[provision][account]") {
  Rig rig;
  const std::string unknown = R"({"errors":[{"message_code":"BXNIM0102E","message":"none"}]})";
  rig.server.will(404, unknown).will(201, R"({"id":"ApiKey-1","apikey":"value"})");
  const auto key = rig.account.make_key({}, "name", "why");
  REQUIRE(key);
  CHECK(key->id == "ApiKey-1");
}

TEST_CASE("a policy is changed as it was read a moment ago", "[provision][account]") {
  Rig rig;
  rig.server.will(200, kPolicyJson, {{"ETag", "e1"}})
      .will(412, R"({"errors":[{"code":"request_not_processed","message":"stale"}]})")
      .will(200, kPolicyJson, {{"ETag", "e2"}})
      .will(200, kPolicyJson);
  auto policy = wanted();
  policy.id = "p1";
  CHECK(rig.account.change_policy(policy));
  CHECK(rig.header(1, "If-Match") == "e1");
  CHECK(rig.header(3, "If-Match") == "e2");
}

TEST_CASE("what is gone already counts as deleted", "[provision][account]") {
  Rig rig;
  rig.server.will(404, kGone).will(204);
  CHECK(rig.account.delete_policy("p1"));
  CHECK(rig.account.delete_policy("p1"));
}

TEST_CASE("a 403 names the role that is missing", "[provision][account]") {
  Rig rig;
  rig.server.answer = [](const http::Request&) {
    return http::Result(test::response(403, kForbidden));
  };
  const auto says = [](const auto& answer, const std::string& role) {
    REQUIRE_FALSE(answer);
    INFO(answer.error());
    CHECK(has(answer.error(), "iam.example.com: 403"));
    CHECK(has(answer.error(), role));
    CHECK_FALSE(has(answer.error(), "hunter"));
  };
  const iam::Identity identity;
  says(rig.account.make_identity(identity), "Service ID creator");
  says(rig.account.make_policy(wanted()), "Administrator on Container Registry");
  says(rig.account.delete_policy("p"), "Administrator on Container Registry");
  says(rig.account.make_key(identity, "n", "d"), "User API key creator");
  says(rig.account.delete_key("k"), "Operator on the service ID");
  says(rig.account.api_keys(identity), "Viewer on the service ID");
  says(rig.account.policies({}), "Viewer on Container Registry");
  says(rig.account.role("container-registry", "Reader", ""), "Viewer on Container Registry");
  says(rig.account.make_link(identity, {}, "n"), "Administrator on the trusted profile");
  says(rig.account.delete_identity(identity), "Administrator on the service ID");
  CHECK(rig.slept == 0s);
}

TEST_CASE("a lock is guessed from a 409", "[provision][account]") {
  Rig rig;
  rig.server.will(409, R"({"errors":[{"code":"request_not_processed","message":"no"}]})");
  const auto policy = rig.account.make_policy(wanted());
  REQUIRE_FALSE(policy);
  CHECK(has(policy.error(), "locked?"));
}

TEST_CASE("a role is looked up in English, and must be good for a pull", "[provision][account]") {
  Rig rig;
  const std::string roles =
      R"({"service_roles":[{"display_name":"Reader","crn":"crn:R","actions":["pull"]}]})";
  rig.server.will(200, roles).will(200, roles).will(200, roles);
  CHECK(rig.account.role("container-registry", "Reader", "pull") == "crn:R");
  CHECK(rig.header(0, "Accept-Language") == "en");
  CHECK(has(rig.account.role("container-registry", "Reader", "push").error(), "does not allow"));
  CHECK(has(rig.account.role("container-registry", "Writer", "").error(), "no role Writer"));
}

TEST_CASE("whose a key is", "[provision][account]") {
  Rig rig;
  const std::string unknown = R"({"errors":[{"message_code":"BXNIM0102E","message":"none"}]})";
  const std::string known = R"({"id":"ApiKey-1","iam_id":"iam-1","account_id":"A"})";
  const SecretString value(std::string("value-hunter3"));
  SECTION("somebody's") {
    rig.server.will(200, known);
    CHECK(rig.account.key_details(value, false).value()->id == "ApiKey-1");
    CHECK(rig.header(0, "IAM-ApiKey") == "value-hunter3");
  }
  SECTION("nobody's") {
    rig.server.will(404, unknown);
    CHECK_FALSE(rig.account.key_details(value, false).value());
  }
  SECTION("one that is new is waited for") {
    rig.server.will(404, unknown).will(200, known);
    CHECK(rig.account.key_details(value, true).value()->id == "ApiKey-1");
  }
  SECTION("IAM does not say") {
    rig.server.will(403, kForbidden);
    CHECK_FALSE(rig.account.key_details(value, false));
  }
}

}  // namespace account_test
