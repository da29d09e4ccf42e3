// Mistakes of namespace owners: nothing crashes, nothing that worked stops working, and the
// message says what is accepted.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/scene.hpp"

namespace bad_input_test {

namespace {

using namespace itest;

const std::string kAcceptedRegions =
    "accepted: au-syd, br-sao, ca-mon, ca-tor, eu-de, eu-es, eu-fr2, eu-gb, in-che, in-mum, "
    "jp-osa, jp-tok, us-south, their old names and hosts (us.icr.io), global, all; none by itself";

bool mentions(const json& event, const std::string& text) {
  return event["message"].get<std::string>().find(text) != std::string::npos;
}

struct Mistake {
  std::string name;
  json annotations;
  std::string reason;
  std::vector<std::string> message;
};

/// Each mistake is made in a namespace that works and in a new one; neither may change or be
/// served, both get one Event of their own.
void expect_harmless(Scene& scene, const std::vector<Mistake>& table) {
  auto& op = scene.start();
  std::vector<std::string> working;
  for (std::size_t i = 0; i < table.size(); ++i) working.push_back(scene.make_in("us-south"));
  for (const auto& ns : working) scene.expect_served(ns);
  proxy().start_over();
  for (std::size_t i = 0; i < table.size(); ++i) {
    INFO(table[i].name);
    const auto fresh = scene.make({}, "fresh");
    cluster().annotate(fresh, {{kRegions, "us-south"}});
    scene.expect_served(fresh);
    cluster().annotate(working[i], table[i].annotations);
    const auto event = Scene::expect_event(working[i], table[i].reason);
    for (const auto& text : table[i].message) {
      INFO(event["message"]);
      CHECK(mentions(event, text));
    }
    CHECK(event["message"].get<std::string>().size() <= 1024);
    CHECK(event["type"] == "Warning");
    CHECK(event["involvedObject"]["kind"] == "Namespace");
    CHECK(event["involvedObject"]["name"] == working[i]);
    CHECK(scene.served(working[i]) == "");
    CHECK(text_of(writes(Scene::requests(working[i]))) == "POST events");
  }
  const auto made = static_cast<double>(table.size());
  op.expect_metric("icr_pull_secrets_problems_total", made);
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "mistake"}}, made);

  // A rotated key still reaches them, and a value that makes sense works again.
  scene.rotate();
  for (const auto& ns : working) scene.expect_served(ns);
  for (const auto& ns : working) {
    cluster().annotate(ns, {{kRegions, "eu-de"},
                            {kEndpoints, nullptr},
                            {kServiceAccounts, nullptr},
                            {kCredentials, nullptr}});
  }
  for (const auto& ns : working) scene.expect_served(ns, {"de.icr.io"});
  eventually("no namespace counts as a mistake", [&] {
    return op.metric("icr_pull_secrets_namespaces", {{"state", "mistake"}}) == 0
               ? ""
               : op.text("/metrics");
  });
}

}  // namespace

TEST_CASE("a wrong value of regions changes nothing that works and says what is accepted") {
  Scene scene;
  expect_harmless(
      scene,
      {{"unknown region",
        {{kRegions, "us-sooth"}},
        "InvalidRegions",
        {"unknown region \"us-sooth\" (did you mean \"us-south\"?)", kAcceptedRegions,
         "What was in force stays."}},
       {"one of two",
        {{kRegions, "eu-de,mars"}},
        "InvalidRegions",
        {"unknown region \"mars\"", kAcceptedRegions}},
       {"empty", {{kRegions, ""}}, "InvalidRegions", {"no region given", kAcceptedRegions}},
       {"only blanks and commas", {{kRegions, " , ,"}}, "InvalidRegions", {"no region given"}},
       {"10,000 characters",
        {{kRegions, std::string(10'000, 'x')}},
        "InvalidRegions",
        {"has more than 4096 characters; accepted: at most so many", "What was in force stays."}},
       {"700 entries",
        {{kRegions,
          [] {
            std::string text;
            for (int i = 0; i < 700; ++i) text += fmt::format("r{},", i);
            return text;
          }()}},
        "InvalidRegions",
        {"and 697 more", kAcceptedRegions}},
       {"none beside others",
        {{kRegions, "none,us-south"}},
        "InvalidRegions",
        {"none by itself", "us-south"}},
       {"not ASCII",
        {{kRegions, "\xc3\xbcs-south"}},
        "InvalidRegions",
        {"\\xc3\\xbcs-south", kAcceptedRegions}},
       {"a quote, a backslash and a line end",
        {{kRegions, "a\"b\\c\nd"}},
        "InvalidRegions",
        {"a\\\"b\\\\c\\nd", kAcceptedRegions}}});
}

TEST_CASE("a wrong value of another annotation changes nothing that works, and says the same") {
  Scene scene;
  expect_harmless(
      scene, {{"endpoints",
               {{kEndpoints, "publik"}},
               "InvalidEndpoints",
               {"\"publik\" is not accepted; accepted: public, private, all"}},
              {"empty endpoints",
               {{kEndpoints, ""}},
               "InvalidEndpoints",
               {"accepted: public, private, all"}},
              {"accounts",
               {{kServiceAccounts, "Default"}},
               "InvalidServiceAccounts",
               {"\"Default\" is not accepted; accepted: a comma list of service account names"}},
              {"empty accounts",
               {{kServiceAccounts, ""}},
               "InvalidServiceAccounts",
               {"accepted: a comma list"}},
              {"none beside others",
               {{kServiceAccounts, "default,none"}},
               "InvalidServiceAccounts",
               {"none alone"}},
              {"a long one",
               {{kServiceAccounts, std::string(10'000, 'a')}},
               "InvalidServiceAccounts",
               {"has more than 4096 characters; accepted: at most so many"}},
              {"credential",
               {{kCredentials, "gold"}},
               "InvalidCredentials",
               {"there is no credential \"gold\"; accepted: a comma list of default"}}});
}

TEST_CASE("a namespace whose first value is a mistake gets nothing until it is mended") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-sooth");
  Scene::expect_event(ns, "InvalidRegions");
  CHECK(Scene::bare(ns) == "");
  cluster().annotate(ns, {{kRegions, "us-south"}});
  scene.expect_served(ns);
}

TEST_CASE("the same mistake gives one Event, also after a restart, and its return is counted") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-sooth");
  Scene::expect_event(ns, "InvalidRegions");
  scene.stop();
  auto& op = scene.start();
  eventually("it is noticed again", [&] {
    return op.metric("icr_pull_secrets_problems_total", {{"reason", "InvalidRegions"}}) == 1
               ? ""
               : op.text("/metrics");
  });
  eventually("the Event was offered again", [&] {
    return op.metric("icr_pull_secrets_api_requests_total", {{"resource", "events"}}) >= 1 ? ""
                                                                                           : "no";
  });
  CHECK(cluster().events(ns).size() == 1);
  CHECK(cluster().events(ns)[0]["count"] == 1);

  cluster().annotate(ns, {{kRegions, "us-south"}});
  scene.expect_served(ns);
  cluster().annotate(ns, {{kRegions, "us-sooth"}});
  eventually("it is counted", [&]() -> std::string {
    const auto events = cluster().events(ns);
    return events.size() == 1 && events[0]["count"] == 2 ? "" : json(events).dump();
  });
}

TEST_CASE("an unknown service account holds nobody up and is served once it exists") {
  Scene scene;
  scene.start();
  const auto ns = scene.make({{kRegions, "us-south"}, {kServiceAccounts, "default,later"}});
  scene.expect_served(ns);
  // Accounts usually appear within moments, so that this one is told about only when it lasts.
  CHECK(cluster().events(ns).empty());
  cluster().make_account(ns, "later");
  scene.expect_served(ns, {"us.icr.io"}, "later");
}

TEST_CASE("a namespace deleted in the middle is no error") {
  Scene scene;
  auto& op = scene.start();
  proxy().add({.name = "slow", .method = "POST", .path = "/secrets$", .action = "hold"});
  const auto ns = scene.make_in("us-south");
  eventually("the write is on its way", [&] { return proxy().matched("slow") == 1 ? "" : "no"; });
  cluster().delete_namespace(ns);
  eventually("the namespace is going", [&] {
    const auto answer = cluster().api().get("/api/v1/namespaces/" + ns);
    return answer.status == 404 || answer.body()["status"]["phase"] == "Terminating" ? ""
                                                                                     : answer.text;
  });
  proxy().remove();
  const auto other = scene.make_in("us-south");
  scene.expect_served(other);
  eventually("it is given up", [&] {
    return op.metric("icr_pull_secrets_reconciles_total", {{"outcome", "gone"}}) == 1 &&
                   op.metric("icr_pull_secrets_namespaces", {{"state", "pending"}}) == 0
               ? ""
               : op.text("/metrics");
  });
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "forbidden"}}, 0);
  op.expect_metric("icr_pull_secrets_problems_total", 0);
  CHECK(text_of(writes(Scene::requests(ns))) == "POST secrets");
}

}  // namespace bad_input_test
