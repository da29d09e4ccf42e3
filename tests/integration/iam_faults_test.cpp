// IAM answers nonsense, or not at all: what works goes on, and it is told what is wrong.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"

namespace iam_faults_test {

namespace {

using namespace itest;

constexpr auto kBearer = "iambearer";

struct Nonsense {
  std::string name;
  json rule;
  std::string text;  ///< in the log
};

const std::vector<Nonsense>& nonsense() {
  constexpr auto kTenYears = 315360000;
  static const std::vector<Nonsense> table{
      {"HTML", {{"action", "status"}, {"status", 200}, {"body", "<html>login</html>"}}, ": 200 "},
      {"an error with status 200",
       {{"action", "status"},
        {"status", 200},
        {"body",
         R"({"errorCode":"BXNIM0415E","errorMessage":"Provided API key could not be found."})"}},
       ": 200 "},
      {"no token", {{"action", "edit"}, {"remove", {"access_token"}}}, "access_token"},
      {"a token that is none",
       {{"action", "edit"}, {"set", {{"access_token", "a b"}}}},
       "access_token"},
      {"expires at once", {{"action", "edit"}, {"set", {{"expires_in", 0}}}}, "expires_in"},
      {"has expired", {{"action", "edit"}, {"set", {{"expires_in", -3600}}}}, "expires_in"},
      {"expires in text", {{"action", "edit"}, {"set", {{"expires_in", "3600"}}}}, "expires_in"},
      {"expires in ten years",
       {{"action", "edit"}, {"set", {{"expires_in", kTenYears}}}},
       "expires_in"},
      {"no expiry", {{"action", "edit"}, {"remove", {"expires_in"}}}, "expires_in"},
      {"100 MB",
       {{"action", "status"}, {"status", 200}, {"body", "{"}, {"body_bytes", 100'000'000}},
       "iam.cloud.ibm.com"},
      {"truncated",
       {{"action", "status"},
        {"status", 200},
        {"body", R"({"access_token":"x)"},
        {"truncate", true}},
       "iam.cloud.ibm.com"},
      {"empty", {{"action", "status"}, {"status", 200}}, ": 200 "},
      {"a firewall's page instead of a refusal",
       {{"action", "status"}, {"status", 403}, {"body", "<html>Request blocked</html>"}},
       ": 403 "},
      {"a gateway's page instead of a bad request",
       {{"action", "status"}, {"status", 400}, {"body", "<html>Bad Request</html>"}},
       ": 400 "},
      {"dropped", {{"action", "drop"}}, "iam.cloud.ibm.com"},
  };
  return table;
}

std::string details(OperatorProcess& op) {
  std::string text;
  for (const auto& line : op.log_lines("credential not proved")) {
    text += line.value("detail", "") + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("whatever IAM answers, the last good token stays, and all is well when that is over") {
  IamScene scene;
  auto& op = scene.start_for(access_token());
  const auto ns = scene.make_in("us-south");
  auto login = scene.expect_login(ns, kBearer);
  for (const auto& row : nonsense()) {
    INFO(row.name);
    auto rule = row.rule;
    rule.update({{"name", row.name}, {"path", "/identity/token"}});
    iam().add_rule(rule);
    const auto before = op.log_lines("credential not proved").size();
    scene.put_key(kSource);
    eventually("it is told", [&]() -> std::string {
      const auto lines = op.log_lines("credential not proved");
      if (lines.size() == before) return op.log_so_far();
      const auto detail = lines[before].value("detail", "");
      return detail.find(row.text) != std::string::npos ? "" : detail;
    });
    CHECK(op.log_lines("credential not proved")[before]["outcome"] == "unknown");
    CHECK(scene.login(ns) == login);
    iam().remove_rules();
    login = scene.expect_new_login(ns, login);
  }
  CHECK(op.probe("/livez") == 200);
  constexpr long kMuch = 64L * 1024;
  CHECK(op.resident_kib() < kMuch * patience());  // of 100 MB nothing is kept
}

TEST_CASE("nonsense that lasts is told in an Event, once") {
  IamScene scene;
  scene.start_for(access_token());
  const auto ns = scene.make_in("us-south");
  const auto login = scene.expect_login(ns, kBearer);
  iam().add_rule({{"name", "html"},
                  {"path", "/identity/token"},
                  {"action", "status"},
                  {"status", 200},
                  {"body", "<html>"}});
  scene.put_key(kSource);
  IamScene::expect_source_event("SourceUnproved", "iam.cloud.ibm.com: 200");
  CHECK(cluster().events(kOwn, "SourceUnproved").size() == 1);
  CHECK(scene.login(ns) == login);
  expect_recorded("proof", "unknown");
}

/// Without it a new process knows no token to go on with, and asks for one.
void forget_the_record() {
  cluster().api().remove("/api/v1/namespaces/" + kOwn + "/configmaps/icr-pull-secrets-status");
}

TEST_CASE("a wrong certificate or an unknown name of IAM is told, and copies stay") {
  IamScene scene;
  scene.start_for(access_token());
  const auto ns = scene.make_in("us-south");
  auto login = scene.expect_login(ns, kBearer);
  scene.stop();
  IamDouble stranger("127.0.0.1:0");
  struct Case {
    std::string name;
    std::string endpoint;
    std::string text;
  };
  const std::vector<Case> table{
      {"certificate", fmt::format("https://localhost:{}", stranger.port()), "certificate"},
      {"name", "https://nobody.invalid", "nobody.invalid"},
      {"nobody there", "https://localhost:1", "localhost:1"}};
  for (const auto& row : table) {
    INFO(row.name);
    forget_the_record();
    auto& op = scene.start_for(access_token(), fmt::format("iam: {{endpoint: '{}', caFile: {}}}",
                                                           row.endpoint, iam().ca_file()));
    scene.expect_failure(row.text);
    INFO(details(op));
    CHECK(scene.login(ns) == login);
    CHECK(Scene::bare(ns) != "");
    scene.stop();
  }
  CHECK(stranger.token_calls() == 0);  // nothing was sent to it
  forget_the_record();
  scene.start_for(access_token());
  scene.expect_new_login(ns, login);
}

TEST_CASE("a manager that may not make keys is told about") {
  IamScene scene;
  cluster().delete_secret(kOwn, "icr-pull-secrets-state-rotating");
  scene.put_key("icr-manager", {{"account", "A"}, {"iamId", "iam-ServiceId-7"}});
  iam().set({{"identities", {{{"iamId", "iam-ServiceId-1"}, {"account", "A"}}}}});
  auto& op = scene.start_for(
      "  - name: rotating\n"
      "    serviceId:\n"
      "      iamId: iam-ServiceId-1\n"
      "      accountId: A\n"
      "      manager: {apiKey: {secretRef: {name: icr-manager, key: apikey}}}\n");
  const auto ns = scene.make({{kRegions, "us-south"}, {kCredentials, "rotating"}});
  const auto event = IamScene::expect_source_event("ManagerRefused", "403");
  CHECK(event["type"] == "Warning");
  CHECK_FALSE(cluster().secret(ns, "icr-rotating"));
  CHECK(op.probe("/livez") == 200);
}

}  // namespace iam_faults_test
