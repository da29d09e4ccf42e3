// What was read from the cluster → the report of `status`.
#include "cli/status/status_report.hpp"

#include <chrono>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "plan/names.hpp"
#include "runtime/timestamp.hpp"

namespace status_report_test {

using namespace icrps;
using namespace icrps::cli;
using namespace std::chrono_literals;

namespace {

const WallTime kNow = *parse_rfc3339("2026-11-23T06:20:44Z");

config::Config two_credentials() {
  config::Config config;
  config.credentials = {
      {"default", config::ApiKeySource{{"key", "apikey"}}, {}, {}},
      {"team", config::ApiKeySource{{"other", "apikey"}}, {}, {}},
  };
  config.credentials[1].limits.namespaces = {"team-*"};
  return config;
}

plan::NamespaceFacts asking(const std::string& name, const std::string& credentials = {}) {
  plan::NamespaceFacts ns;
  ns.name = name;
  ns.annotations[std::string(plan::kRegions)] = "us-south";
  if (!credentials.empty()) ns.annotations[std::string(plan::kCredentials)] = credentials;
  return ns;
}

plan::CopyFacts copy(const std::string& revision, bool ours = true) {
  plan::CopyFacts facts;
  facts.ours = ours;
  facts.revision = revision;
  return facts;
}

credentials::Status proved(const std::string& revision) {
  credentials::Status status;
  status.source = "apiKey";
  status.revision = revision;
  status.since = kNow - 10min;
  status.proof = "proved";
  status.proof_at = kNow - 5min;
  return status;
}

}  // namespace

TEST_CASE("status counts who has the current revision, and says why the others haven't",
          "[cli][status]") {
  Inventory inventory;
  inventory.statuses["default"] = proved("r2");
  inventory.statuses["team"] = proved("t1");
  inventory.namespaces = {asking("current"),
                          asking("old"),
                          asking("new"),
                          asking("foreign"),
                          asking("team-a", "team"),
                          asking("stranger", "team")};
  inventory.namespaces.push_back(asking("going"));
  inventory.namespaces.back().terminating = true;
  inventory.namespaces.emplace_back();  // not opted in
  inventory.copies["default"] = {
      {"current", copy("r2")}, {"old", copy("r1")}, {"foreign", copy("", false)}};
  inventory.copies["team"] = {{"team-a", copy("t1")}};

  const auto report = make_report(two_credentials(), inventory);
  REQUIRE(report.size() == 2);
  CHECK(report[0].wanted == 4);
  CHECK(report[0].current == 1);
  CHECK_FALSE(report[0].good());
  std::map<std::string, std::string> reasons;
  for (const auto& [ns, reason] : report[0].behind) reasons[ns] = reason;
  CHECK(reasons == std::map<std::string, std::string>{
                       {"old", "has revision r1"},
                       {"new", "no Secret yet"},
                       {"foreign", "a Secret of that name is not managed by icr-pull-secrets"}});
  CHECK(report[1].wanted == 1);
  CHECK(report[1].current == 1);
  CHECK(report[1].good());
  REQUIRE(report[1].behind.size() == 1);
  CHECK(report[1].behind[0].ns == "stranger");
  CHECK(report[1].behind[0].reason == "may not use this credential");
}

TEST_CASE("status counts namespaces that take part by the configuration", "[cli][status][optin]") {
  auto config = two_credentials();
  config.opt_in = {plan::OptIn::Mode::kAll, {}, "us-south", {"kube-*"}};
  config.credentials[0].limits.namespaces = {"sh*", "operators"};
  Inventory inventory;
  inventory.own_namespace = "operators";
  inventory.statuses["default"] = proved("r1");
  for (const auto* const name : {"shop", "shelf", "kube-system", "operators", "stranger"}) {
    inventory.namespaces.emplace_back();
    inventory.namespaces.back().name = name;
  }
  inventory.copies["default"] = {{"shop", copy("r1")}};
  const auto report = make_report(config, inventory);
  CHECK(report[0].wanted == 2);
  CHECK(report[0].current == 1);
  REQUIRE(report[0].behind.size() == 1);  // of the stranger nobody asked it
  CHECK(report[0].behind[0].ns == "shelf");
  CHECK(report[1].wanted == 0);
}

TEST_CASE("a credential that nobody has proved is not good", "[cli][status]") {
  for (const auto* const proof : {"proved", "unproved", "refused", "policy", "unknown", ""}) {
    CredentialReport report;
    report.status.revision = "r";
    report.status.proof = proof;
    CHECK(report.good() == std::string(proof).ends_with("proved"));
  }
  CHECK_FALSE(CredentialReport{}.good());
}

TEST_CASE("the table of status is for people", "[cli][status]") {
  CredentialReport report;
  report.name = "short-lived";
  report.status = proved("d971d6b35193");
  report.status.source = "accessToken";
  report.status.expires_at = kNow + 43min;
  report.wanted = 3;
  report.current = 2;
  report.behind = {{"shop", "no Secret yet"}};
  CredentialReport unknown;
  unknown.name = "default";
  CHECK(report_table({report, unknown}, kNow) ==
        "CREDENTIAL   SOURCE       REVISION      NAMESPACES  SINCE    EXPIRES  PROOF          "
        "DETAIL\n"
        "short-lived  accessToken  d971d6b35193  2/3         10m ago  in 43m   proved 5m ago\n"
        "default      -            -             0/0         -        -        -\n"
        "\nshort-lived in shop: no Secret yet\n");
}

TEST_CASE("the table shows ten that are behind and counts the rest", "[cli][status]") {
  CredentialReport report;
  report.name = "default";
  for (int i = 0; i < 25; ++i)
    report.behind.push_back({"ns-" + std::to_string(i), "no Secret yet"});
  const auto table = report_table({report}, kNow);
  CHECK_THAT(table, Catch::Contains("ns-9:") && !Catch::Contains("ns-10:") &&
                        Catch::Contains("default: 15 more; -o json has them all\n"));
}

TEST_CASE("the JSON of status has everything", "[cli][status]") {
  CredentialReport report;
  report.name = "default";
  report.status = proved("r2");
  report.wanted = 2;
  report.current = 1;
  report.behind = {{"shop", "no Secret yet"}};
  const auto json = nlohmann::json::parse(report_json({report}));
  CHECK(json == nlohmann::json::parse(R"({"credentials":[{
    "name":"default","source":"apiKey","revision":"r2","since":"2026-11-23T06:10:44Z",
    "expiresAt":null,"good":false,
    "proof":{"outcome":"proved","at":"2026-11-23T06:15:44Z","message":""},
    "namespaces":{"wanted":2,"current":1,
                  "behind":[{"namespace":"shop","reason":"no Secret yet"}]}}]})"));
}

}  // namespace status_report_test
