// Secrets with a name of their own, and such whose name changes.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"

namespace moved_test {

namespace {

using namespace itest;

const std::string kNew = "all-icr-io";

std::string config(const std::string& secret_name, const std::string& retired) {
  return "apiVersion: icr-pull-secrets/v1alpha1\nkind: OperatorConfiguration\nproof: off\n" +
         retired + "credentials:\n" + api_key() +
         (secret_name.empty() ? "" : "    secretName: " + secret_name + "\n");
}

OperatorProcess& start(Scene& scene, const std::string& text) {
  OperatorProcess::Options options;
  options.config = text;
  return scene.start(std::move(options));
}

/// What was written there, as "VERB resource", without Events.
std::vector<std::string> written(const std::string& ns) {
  std::vector<std::string> lines;
  for (const auto& seen : writes(Scene::requests(ns))) {
    if (seen.path.find("/events") != std::string::npos) continue;
    const bool secret = seen.path.find("/secrets") != std::string::npos;
    lines.push_back(seen.method + (secret ? " secret" : " account"));
  }
  return lines;
}

void expect_named(const Scene& scene, const std::string& ns, const std::string& secret) {
  eventually(fmt::format("{} has {}", ns, secret), [&]() -> std::string {
    const auto copy = cluster().secret(ns, secret);
    if (!copy) return "no Secret";
    if (password_of(*copy) != scene.key()) return "another password";
    const auto names = cluster().pull_secrets(ns, "default");
    return names == std::vector<std::string>{secret} ? "" : json(names).dump();
  });
}

}  // namespace

TEST_CASE("a secretName that changed while the operator was down moves") {
  Scene scene;
  start(scene, config({}, {}));
  const auto ns = scene.make_in("us-south");
  const auto taken = scene.make_in("us-south");
  const auto opted_out = scene.make_in("us-south");
  for (const auto& each : {ns, taken, opted_out}) scene.expect_served(each);
  scene.stop();
  cluster().annotate(opted_out, {{kRegions, "none"}});
  cluster().put_secret(taken, kNew, {{"k", "v"}});
  proxy().start_over();

  const auto moves = config(kNew, "retired: [{name: default, secretName: icr-default}]\n");
  start(scene, moves);
  expect_named(scene, ns, kNew);
  eventually("the old one is gone",
             [&] { return cluster().secret(ns, kCopy) ? "it is there" : ""; });
  // The new copy first, then one patch, then the end of the old one: a good one is named all along.
  CHECK(written(ns) == std::vector<std::string>{"POST secret", "PATCH account", "DELETE secret"});
  Scene::expect_bare(opted_out);
  CHECK_FALSE(cluster().secret(opted_out, kNew));

  // Where the new name is somebody else's the old copy goes on, and a new key reaches it.
  Scene::expect_event(taken, "SecretConflict");
  scene.rotate();
  expect_named(scene, ns, kNew);
  expect_named(scene, taken, kCopy);
  cluster().delete_secret(taken, kNew);
  expect_named(scene, taken, kNew);
  eventually("the old one is gone there, too",
             [&] { return cluster().secret(taken, kCopy) ? "it is there" : ""; });
}

TEST_CASE("a name that is given back moves back, without a restart") {
  Scene scene;
  auto& op = start(scene, config(kNew, {}));
  const auto ns = scene.make_in("us-south");
  expect_named(scene, ns, kNew);
  write_text(op.config_file(), config({}, "retired: [{name: default, secretName: all-icr-io}]\n"));
  expect_named(scene, ns, kCopy);
  eventually("the old one is gone",
             [&] { return cluster().secret(ns, kNew) ? "it is there" : ""; });
}

TEST_CASE("a name that changed and was not retired is told at each start, and takes nothing away") {
  IamScene scene;
  start(scene, config({}, {}));
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  eventually("the name is recorded", [] {
    return recorded().value("secretNames", json::array()) == json::array({kCopy}) ? "" : "no";
  });
  scene.stop();
  start(scene, config(kNew, {}));
  const auto event = Scene::expect_event(kOwn, "CredentialForgotten");
  CHECK(event["message"].get<std::string>().find(
            "put {name: default, secretName: icr-default} into retired") != std::string::npos);
  eventually("both are there and named", [&]() -> std::string {
    if (!cluster().secret(ns, kNew) || !cluster().secret(ns, kCopy)) return "one is missing";
    const auto names = cluster().pull_secrets(ns, "default");
    return names == std::vector<std::string>{kCopy, kNew} ? "" : json(names).dump();
  });
  scene.stop();
  start(scene, config(kNew, "retired: [{name: default, secretName: icr-default}]\n"));
  expect_named(scene, ns, kNew);
  eventually("the name is not recorded any more", [] {
    return recorded().value("secretNames", json::array()) == json::array({kNew}) ? "" : "no";
  });
}

TEST_CASE("a credential that gets another name and keeps its secretName goes on with its copies") {
  const auto called = [](const std::string& name) {
    return "apiVersion: icr-pull-secrets/v1alpha1\nkind: OperatorConfiguration\nproof: off\n"
           "credentials:\n" +
           api_key(name) + "    secretName: " + kNew + "\n";
  };
  Scene scene;
  start(scene, called("default"));
  const auto ns = scene.make_in("us-south");
  expect_named(scene, ns, kNew);
  const auto uid = cluster().secret(ns, kNew).value()["metadata"]["uid"];
  eventually("the name is recorded", [] {
    return recorded().value("secretNames", json::array()) == json::array({kNew}) ? "" : "no";
  });
  scene.stop();
  cluster().annotate(ns, {{kCredentials, "base"}});
  start(scene, called("base"));
  eventually("the copy is the other credential's", [&]() -> std::string {
    const auto labels = cluster().secret(ns, kNew).value()["metadata"]["labels"];
    return labels.value("icr-pull-secrets/credential", "") == "base" ? "" : labels.dump();
  });
  eventually("the former one is not recorded any more",
             [] { return recorded("default").is_null() ? "" : recorded("default").dump(); });
  CHECK(cluster().secret(ns, kNew).value()["metadata"]["uid"] == uid);
  for (const auto& event : cluster().events(kOwn, "CredentialForgotten")) {
    CHECK(event["message"].get<std::string>().find("Secrets " + kNew) == std::string::npos);
  }
}

TEST_CASE("a Cloud Pak finds the entitlement key under the name that its pods have") {
  Scene scene;
  const auto key = scene.new_key();
  cluster().put_secret(kOwn, "entitlement", {{"password", key}});
  start(scene, config({}, {}) +
                   "  - name: entitled\n    secretName: ibm-entitlement-key\n    basic: {username: "
                   "cp, hosts: [cp.icr.io], password: {secretRef: {name: entitlement, key: "
                   "password}}}\n");
  const auto ns = scene.make({}, "cp4i");
  cluster().expect_account(ns);
  // As the charts of Cloud Paks make them: the name is in the pod, the account names nothing.
  json pod = {{"metadata", {{"name", "navigator"}}}};
  pod["spec"]["imagePullSecrets"] = json::array({{{"name", "ibm-entitlement-key"}}});
  pod["spec"]["containers"] = json::array({{{"name", "main"}, {"image", "cp.icr.io/cp/app:1"}}});
  must(cluster().api().post("/api/v1/namespaces/" + ns + "/pods", pod));
  cluster().annotate(ns, {{kRegions, "global"}, {kCredentials, "entitled"}});
  const auto made = must(cluster().api().get("/api/v1/namespaces/" + ns + "/pods/navigator"));
  const auto named = made["spec"]["imagePullSecrets"][0]["name"].get<std::string>();
  eventually("it is there", [&]() -> std::string {
    const auto copy = cluster().secret(ns, named);
    if (!copy) return "no Secret";
    const auto entry = docker_config(*copy)["auths"];
    if (entry.size() != 1 || entry.value("cp.icr.io", json::object()).value("username", "") != "cp")
      return "another entry";
    return entry["cp.icr.io"].value("password", "") == key ? "" : "another password";
  });
  CHECK_FALSE(cluster().secret(ns, kCopy));
  cluster().annotate(ns, {{kRegions, "none"}});
  eventually("an opt-out takes it away",
             [&] { return cluster().secret(ns, "ibm-entitlement-key") ? "it is there" : ""; });
}

}  // namespace moved_test
