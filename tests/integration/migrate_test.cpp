// Moving in from other tools, with objects as they leave them: docs/migrate.md. At every moment
// each account names a pull secret that exists and works.
#include <atomic>
#include <fmt/format.h>
#include <thread>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"
#include "icr/base64.hpp"

namespace migrate_test {

namespace {

using namespace itest;
using Words = std::vector<std::string>;

const std::string kOurs = "all-icr-io";
const std::string kOldKey = "what-they-pulled-with-before";

/// What a tool has left in a namespace.
struct Tool {
  std::string name;
  std::string secret;
  json metadata;
  bool in_place = false;  ///< its Secret has the name that ours gets, and is adopted
};

std::vector<Tool> tools() {
  const auto annotated = [](json annotations) { return json{{"annotations", annotations}}; };
  return {
      {"by-hand", kOurs, json::object(), true},
      {"patcher", kOurs, annotated({{"app.kubernetes.io/managed-by", "imagepullsecret-patcher"}}),
       true},
      {"replicator", kOurs,
       annotated({{"replicator.v1.mittwald.de/replicated-at", "2026-11-23T06:20:44Z"},
                  {"replicator.v1.mittwald.de/replicated-from-version", "680"}}),
       true},
      {"old-names", "default-icr-io", json::object()},
      {"registry-creds", "ibm-registrycreds", json::object()},
      {"reflector", "mirrored-pull",
       annotated({{"reflector.v1.k8s.emberstack.com/auto-reflects", "True"},
                  {"reflector.v1.k8s.emberstack.com/reflects", "default/mirrored-pull"}})},
      {"external-secrets",
       "eso-pull",
       {{"labels", {{"reconcile.external-secrets.io/managed", "true"}}}}},
  };
}

std::string docker_config_of(const std::string& password) {
  const json entry = {{"username", "iamapikey"},
                      {"password", password},
                      {"auth", icrps::icr::base64_encode("iamapikey:" + password)}};
  return json{{"auths", {{"us.icr.io", entry}}}}.dump();
}

void leave(const Tool& tool, const std::string& ns) {
  auto metadata = tool.metadata;
  metadata["name"] = tool.secret;
  must(cluster().api().post(
      "/api/v1/namespaces/" + ns + "/secrets",
      {{"metadata", metadata},
       {"type", "kubernetes.io/dockerconfigjson"},
       {"data", {{".dockerconfigjson", icrps::icr::base64_encode(docker_config_of(kOldKey))}}}}));
  cluster().set_pull_secrets(ns, "default", {tool.secret});
}

/// Looks all the time whether a pull secret that works is named.
class Onlooker {
 public:
  Onlooker(Words namespaces, std::string key)
      : namespaces_(std::move(namespaces)), key_(std::move(key)) {}

  [[nodiscard]] std::string gaps() {
    thread_.request_stop();
    thread_.join();
    return rounds_ == 0 ? "it never looked" : gaps_;
  }

 private:
  [[nodiscard]] bool works(const std::string& ns) {
    for (const auto& name : eyes_.pull_secrets(ns, "default")) {
      const auto secret = eyes_.secret(ns, name);
      if (!secret) continue;
      const auto password = password_of(*secret);
      if (password == key_ || password == kOldKey) return true;
    }
    return false;
  }
  /// Between two requests the names may change once: only who sees nothing twice saw a gap.
  void look() {
    for (const auto& ns : namespaces_) {
      if (!works(ns) && !works(ns)) gaps_ += ns + " had none; ";
    }
    ++rounds_;
  }

  Cluster eyes_{environment("KUBECONFIG")};
  const Words namespaces_;
  const std::string key_;
  std::string gaps_;
  std::atomic<unsigned> rounds_ = 0;
  std::jthread thread_{[this](const std::stop_token& stop) {
    while (!stop.stop_requested()) look();
  }};
};

std::string config(const std::string& more) {
  return "apiVersion: icr-pull-secrets/v1alpha1\nkind: OperatorConfiguration\nproof: off\n" + more +
         "credentials:\n" + api_key() + "    secretName: " + kOurs + "\n";
}

/// As an administrator, who may look for Secrets of others.
std::string planned(const std::string& text, const std::string& ns) {
  const auto finished = run_command({environment("ICRPS_OPERATOR"), "plan", "-o", "json",
                                     "--config", scratch_file("plan.yaml", text), "--kubeconfig",
                                     environment("KUBECONFIG"), "--namespace", kOwn});
  INFO(finished.err);
  const auto report = json::parse(finished.out);
  for (const auto& one : report["namespaces"]) {
    if (one["namespace"] == ns) return one.dump();
  }
  return "nothing is said of it";
}

void expect_only_ours(const Scene& scene, const std::string& ns) {
  eventually(ns + " has ours and no other", [&]() -> std::string {
    const auto copy = cluster().secret(ns, kOurs);
    if (!copy) return "no Secret";
    if (password_of(*copy) != scene.key()) return "another password";
    const auto names = cluster().pull_secrets(ns, "default");
    return names == Words{kOurs} ? "" : json(names).dump();
  });
}

}  // namespace

TEST_CASE("from other tools to this one without a moment that has no pull secret") {
  Scene scene;
  Words namespaces;
  for (const auto& tool : tools()) {
    namespaces.push_back(scene.make({}, tool.name));
    leave(tool, namespaces.back());
  }
  Onlooker onlooker(namespaces, scene.key());
  for (const auto& ns : namespaces) cluster().annotate(ns, {{kRegions, "us-south"}});

  // What will change is said before.
  const auto moving_in = config("conflict: adopt\n");
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    const auto said = planned(moving_in, namespaces[i]);
    INFO(said);
    const auto* const expected = tools()[i].in_place ? "would be adopted" : "all-icr-io is new";
    CHECK(said.find(expected) != std::string::npos);
    CHECK(said.find("\"remove\":[\"") == std::string::npos);
  }

  // It stops half-way: the Secrets are there, the accounts are not.
  proxy().add({.name = "half-way", .method = "PATCH", .path = "serviceaccounts", .action = "hang"});
  OperatorProcess::Options options;
  options.config = moving_in;
  scene.start(options);
  eventually("an account waits", [] { return proxy().matched("half-way") > 0 ? "" : "none"; });
  scene.kill();
  proxy().remove("half-way");
  scene.start(options);
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    if (tools()[i].in_place) expect_only_ours(scene, namespaces[i]);
    eventually(namespaces[i] + " is served", [&]() -> std::string {
      const auto copy = cluster().secret(namespaces[i], kOurs);
      if (!copy || password_of(*copy) != scene.key()) return "no copy with the key";
      const auto names = cluster().pull_secrets(namespaces[i], "default");
      return std::count(names.begin(), names.end(), kOurs) == 1 ? "" : json(names).dump();
    });
  }

  // The other tools go, and with them their Secrets. Their names stay in the accounts.
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    if (!tools()[i].in_place) cluster().delete_secret(namespaces[i], tools()[i].secret);
  }
  const auto said = planned(moving_in, namespaces.back());
  INFO(said);
  CHECK(said.find("account default also names eso-pull, which no Secret has") != std::string::npos);

  // The names are given away.
  scene.stop();
  options.config = config(
      "retired: [{name: old, secretName: default-icr-io}, {name: creds, secretName: "
      "ibm-registrycreds}, {name: mirrored, secretName: mirrored-pull}, {name: eso, secretName: "
      "eso-pull}]\n");
  scene.start(options);
  for (const auto& ns : namespaces) expect_only_ours(scene, ns);
  CHECK(onlooker.gaps() == "");
}

}  // namespace migrate_test
