// Credentials that are no more.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"

namespace retired_test {

namespace {

using namespace itest;

const std::string kTeam = "team";
const std::string kTeamKey = "team-key";

std::string config(const std::string& more, bool with_team) {
  return "apiVersion: icr-pull-secrets/v1alpha1\nkind: OperatorConfiguration\nproof: off\n" + more +
         "credentials:\n" + api_key() + (with_team ? api_key(kTeam, kTeamKey) : "");
}

OperatorProcess& start(Scene& scene, const std::string& text) {
  OperatorProcess::Options options;
  options.config = text;
  return scene.start(std::move(options));
}

}  // namespace

TEST_CASE("a retired credential is removed everywhere, and who asks for it is told") {
  Scene scene;
  cluster().put_secret(kOwn, kTeamKey, {{"apikey", scene.new_key()}});
  start(scene, config({}, true));
  const auto both = scene.make({{kRegions, "us-south"}, {kCredentials, "default,team"}});
  const auto out = scene.make({{kRegions, "us-south"}, {kCredentials, "team"}});
  scene.expect_served(both);
  for (const auto& ns : {both, out}) {
    eventually(ns + " has both", [&] {
      const auto names = cluster().pull_secrets(ns, "default");
      return std::count(names.begin(), names.end(), copy_of(kTeam)) == 1 ? "" : "not attached";
    });
  }
  scene.stop();
  // Meanwhile it changes its mind, and a third has a Secret of that name of its own.
  cluster().annotate(out, {{kRegions, "none"}});
  const auto foreign = scene.make_in("us-south");
  cluster().put_secret(foreign, copy_of(kTeam), {{"k", "v"}});

  start(scene, config("retired: [team]\n", false));
  for (const auto& ns : {both, out}) IamScene::expect_none(ns, kTeam);
  scene.expect_served(both);
  scene.expect_served(foreign);
  CHECK(cluster().secret(foreign, copy_of(kTeam)));
  const auto event = Scene::expect_event(both, "InvalidCredentials");
  const auto message = event["message"].get<std::string>();
  INFO(message);
  CHECK(message.find("there is no credential \"team\"; accepted: a comma list of default.") !=
        std::string::npos);

  // Once more, and there is nothing to do.
  scene.stop();
  proxy().start_over();
  auto& op = start(scene, config("retired: [team]\n", false));
  eventually("every namespace was looked at", [&] {
    return op.metric("icr_pull_secrets_reconciles_total", {{"outcome", "unchanged"}}) >= 3
               ? ""
               : op.text("/metrics");
  });
  for (const auto& ns : {both, out, foreign}) {
    for (const auto& seen : writes(Scene::requests(ns))) {
      CHECK(seen.path.find("/events") != std::string::npos);
    }
  }
}

}  // namespace retired_test
