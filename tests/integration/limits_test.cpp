// Several credentials, and who may use them.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"

namespace limits_test {

namespace {

using namespace itest;

const std::string kTeam = "team";
const std::string kTeamKey = "team-key";

Annotations asks(const std::string& credentials, const std::string& regions = "us-south") {
  return {{kRegions, regions}, {kCredentials, credentials}};
}

/// A null value takes the label away.
void label(const std::string& ns, const std::string& name, const json& value) {
  must(cluster().api().merge("/api/v1/namespaces/" + ns,
                             {{"metadata", {{"labels", {{name, value}}}}}}));
}

std::set<std::string> entries(const std::string& ns, const std::string& credential) {
  const auto copy = cluster().secret(ns, copy_of(credential));
  return copy ? hosts_of(*copy) : std::set<std::string>{};
}

void expect_entries(const std::string& ns, const std::string& credential,
                    const std::set<std::string>& wanted) {
  eventually(fmt::format("{} has the entries of {}", ns, credential), [&] {
    return entries(ns, credential) == wanted ? "" : json(entries(ns, credential)).dump();
  });
}

double not_allowed(OperatorProcess& op) {
  return op.metric("icr_pull_secrets_credential_not_allowed_total", {{"credential", kTeam}});
}

}  // namespace

TEST_CASE("a namespace pulls from several accounts, by one Secret for each credential") {
  IamScene scene;
  const auto team_key = scene.put_key(kTeamKey);
  auto& op = scene.start_for(api_key() + api_key(kTeam, kTeamKey));
  const auto both = scene.make(asks("default, team"));
  const auto one = scene.make(asks("team"));
  const auto usual = scene.make_in("us-south");

  scene.expect_password(both, scene.key());
  scene.expect_password(both, team_key, kTeam);
  scene.expect_password(one, team_key, kTeam);
  scene.expect_served(usual);
  eventually("the account names both", [&] {
    const auto names = cluster().pull_secrets(both, "default");
    return std::set<std::string>(names.begin(), names.end()) ==
                   std::set<std::string>{"icr-default", "icr-team"}
               ? ""
               : json(names).dump();
  });
  CHECK(Scene::bare(one) == "");  // of the default credential
  CHECK_FALSE(cluster().secret(usual, copy_of(kTeam)));
  op.expect_metric("icr_pull_secrets_rollout_namespaces",
                   {{"credential", "default"}, {"state", "current"}}, 2);
  op.expect_metric("icr_pull_secrets_rollout_namespaces",
                   {{"credential", kTeam}, {"state", "current"}}, 2);
}

TEST_CASE("one that may not use a credential gets an Event and is counted, never the Secret") {
  IamScene scene;
  const auto team_key = scene.put_key(kTeamKey);
  auto& op = scene.start_for(api_key() + api_key(kTeam, kTeamKey, "namespaces: [team-*, '?-ops']"));
  const auto allowed = scene.make(asks("team"), "team");
  const auto stranger = scene.make(asks("default,team"), "shop");

  scene.expect_password(allowed, team_key, kTeam);
  scene.expect_password(stranger, scene.key());
  const auto event = Scene::expect_event(stranger, "CredentialNotAllowed");
  CHECK(event["type"] == "Warning");
  CHECK(event["message"].get<std::string>().find("may not use credential \"team\"") !=
        std::string::npos);
  CHECK(not_allowed(op) == 1);
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "not_allowed"}}, 1);
  CHECK_FALSE(cluster().secret(stranger, copy_of(kTeam)));
  CHECK(matching(Scene::requests(stranger), "POST", "/secrets$").size() == 1);
}

TEST_CASE("a limit that is tightened takes the Secret away, and nothing else") {
  IamScene scene;
  const auto team_key = scene.put_key(kTeamKey);
  scene.start_for(api_key() + api_key(kTeam, kTeamKey));
  const auto stays = scene.make(asks("default,team"), "team");
  const auto loses = scene.make(asks("default,team"), "shop");
  for (const auto& ns : {stays, loses}) {
    scene.expect_password(ns, scene.key());
    scene.expect_password(ns, team_key, kTeam);
  }
  scene.stop();
  proxy().start_over();
  scene.start_for(api_key() + api_key(kTeam, kTeamKey, "namespaces: [team-*]"));
  IamScene::expect_none(loses, kTeam);
  CHECK(scene.served(loses) == "");
  scene.expect_password(stays, team_key, kTeam);
  Scene::expect_event(loses, "CredentialNotAllowed");
  // Detached first: no pod is made with a reference to what is gone.
  CHECK(text_of(writes(Scene::requests(loses))).starts_with("PATCH default, DELETE icr-team"));
  CHECK(writes(Scene::requests(stays)).empty());
}

TEST_CASE("a label that comes and goes gives a credential and takes it away") {
  IamScene scene;
  const auto team_key = scene.put_key(kTeamKey);
  const std::string limits =
      "namespaces: {matchLabels: {team: a}, matchExpressions: [{key: env, operator: NotIn, "
      "values: [test]}]}";
  auto& op = scene.start_for(api_key() + api_key(kTeam, kTeamKey, limits));
  const auto ns = scene.make(asks("default,team"));
  Scene::expect_event(ns, "CredentialNotAllowed");
  CHECK_FALSE(cluster().secret(ns, copy_of(kTeam)));

  label(ns, "team", "a");
  scene.expect_password(ns, team_key, kTeam);
  label(ns, "env", "test");
  IamScene::expect_none(ns, kTeam);
  label(ns, "env", nullptr);
  scene.expect_password(ns, team_key, kTeam);
  label(ns, "team", "b");
  IamScene::expect_none(ns, kTeam);
  CHECK(scene.served(ns) == "");
  eventually("each time is counted",
             [&] { return not_allowed(op) == 3 ? "" : std::to_string(not_allowed(op)); });
}

TEST_CASE("a credential serves the regions that it is for, and tells who asks for others only") {
  IamScene scene;
  scene.put_key(kTeamKey);
  scene.start_for(api_key() + api_key(kTeam, kTeamKey, "regions: [us-south, eu-de]"));
  const auto some = scene.make(asks("team", "us-south,jp-tok"));
  const auto none = scene.make(asks("team", "jp-tok"));
  expect_entries(some, kTeam, {"us.icr.io"});
  const auto event = Scene::expect_event(none, "CredentialNotForRegions");
  CHECK(event["message"].get<std::string>().find("It is for eu-de, us-south") != std::string::npos);
  CHECK_FALSE(cluster().secret(none, copy_of(kTeam)));
  cluster().annotate(some, {{kRegions, "all"}});
  expect_entries(some, kTeam, {"de.icr.io", "us.icr.io"});
  cluster().annotate(some, {{kRegions, "jp-tok"}});
  IamScene::expect_none(some, kTeam);
}

TEST_CASE("registry namespaces become entries with a path and its trailing slash") {
  IamScene scene;
  const auto team_key = scene.put_key(kTeamKey);
  scene.start_for(api_key() + api_key(kTeam, kTeamKey, "registryNamespaces: [alpha, beta]"));
  const auto ns = scene.make(asks("default,team", "us-south,eu-de"));
  scene.expect_served(ns, {"de.icr.io", "us.icr.io"});
  expect_entries(ns, kTeam,
                 {"de.icr.io/alpha", "de.icr.io/beta", "us.icr.io/alpha", "us.icr.io/beta"});
  scene.expect_password(ns, team_key, kTeam);
}

}  // namespace limits_test
