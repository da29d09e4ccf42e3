// Whose a Secret and an entry of a service account are, and what becomes of those of others.
#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "harness/account_writer.hpp"
#include "harness/scene.hpp"
#include "icr/base64.hpp"

namespace ownership_test {

namespace {

using namespace itest;

const std::string kManagedByLabel = "app.kubernetes.io/managed-by";
const std::string kAdopt = "conflict: adopt\n";

std::string secrets_of(const std::string& ns) {
  return "/api/v1/namespaces/" + ns + "/secrets";
}

void patch_copy(const std::string& ns, const json& patch) {
  must(cluster().api().merge(secrets_of(ns) + "/" + kCopy, patch));
}

/// A pull secret as somebody else would keep one there, with a namespace for it.
std::string taken(Scene& scene, const json& more = json::object()) {
  const auto ns = scene.make({}, "taken");
  json body = {
      {"metadata",
       {{"name", kCopy},
        {"labels", {{kManagedByLabel, "Helm"}, {"team", "a"}}},
        {"annotations", {{"meta.helm.sh/release-name", "shop"}}}}},
      {"type", "kubernetes.io/dockerconfigjson"},
      {"data",
       {{".dockerconfigjson", icrps::icr::base64_encode(R"({"auths":{"old.example":{}}})")},
        {"theirs", "eA=="}}}};
  body.merge_patch(more);
  must(cluster().api().post(secrets_of(ns) + "?fieldManager=helm", body));
  return ns;
}

/// The labels, or annotations, of the copy.
json meta(const std::string& ns, const char* what) {
  return cluster().secret(ns)->at("metadata").value(what, json::object());
}

bool says(const json& event, const std::string& words) {
  return event["message"].get<std::string>().find(words) != std::string::npos;
}

/// A parameter keeps the map alive, which items() of a temporary in a loop would not.
std::set<std::string> keys_of(const json& map) {
  std::set<std::string> keys;
  for (const auto& [key, value] : map.items()) keys.insert(key);
  return keys;
}

/// What is on its way when this is called has been dealt with afterwards.
void expect_others_served(Scene& scene) {
  scene.expect_served(scene.make_in("us-south"));
}

}  // namespace

TEST_CASE("adopt keeps the object and its UID, and records who it was") {
  Scene scene;
  const auto ns = taken(scene);
  const auto before = *cluster().secret(ns);
  auto& op = scene.start_with(kAdopt);
  cluster().annotate(ns, {{kRegions, "us-south"}});
  scene.expect_served(ns);
  CHECK(uid_of(*cluster().secret(ns)) == uid_of(before));
  CHECK_FALSE(cluster().secret(ns)->at("data").contains("theirs"));

  CHECK(meta(ns, "labels")[kManagedByLabel] == "icr-pull-secrets");
  CHECK(meta(ns, "labels")["team"] == "a");
  CHECK(meta(ns, "annotations")["meta.helm.sh/release-name"] == "shop");
  CHECK(meta(ns, "annotations")["icr-pull-secrets/adopted-from"] ==
        "managed-by Helm, written by helm");
  CHECK(meta(ns, "annotations").contains("icr-pull-secrets/adopted-at"));

  const auto event = Scene::expect_event(ns, "SecretAdopted");
  CHECK(event["type"] == "Normal");
  CHECK(says(event, "managed-by Helm, written by helm"));
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "conflict"}}, 0);
  const auto patch = json::parse(matching(Scene::requests(ns), "PATCH", "/secrets/").at(0).body);
  CHECK(patch["metadata"]["uid"] == uid_of(before));
  CHECK(patch["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]);

  // Ours from now on: rotated in place, told about once, and 0 writes after a restart.
  scene.rotate();
  scene.expect_served(ns);
  CHECK(uid_of(*cluster().secret(ns)) == uid_of(before));
  CHECK(meta(ns, "annotations").contains("icr-pull-secrets/adopted-from"));
  CHECK(cluster().events(ns, "SecretAdopted").size() == 1);
  scene.stop();
  proxy().start_over();
  scene.start_with(kAdopt);
  expect_others_served(scene);
  CHECK(writes(Scene::requests(ns)).empty());

  // Also in the end.
  cluster().annotate(ns, {{kRegions, "none"}});
  Scene::expect_bare(ns);
}

TEST_CASE("adopt leaves alone what can't be taken over, and says why") {
  Scene scene;
  const auto other_type =
      taken(scene, {{"type", "Opaque"}, {"data", {{".dockerconfigjson", nullptr}}}});
  const auto immutable = taken(scene, {{"immutable", true}});
  scene.start_with(kAdopt);
  for (const auto& [ns, why] : std::vector<std::pair<std::string, std::string>>{
           {other_type, "its type is not"}, {immutable, "it is immutable"}}) {
    const auto before = *cluster().secret(ns);
    cluster().annotate(ns, {{kRegions, "us-south"}});
    const auto event = Scene::expect_event(ns, "SecretConflict");
    CHECK(event["type"] == "Warning");
    CHECK(says(event, why));
    expect_others_served(scene);
    CHECK(*cluster().secret(ns) == before);
    CHECK(cluster().pull_secrets(ns, "default").empty());
  }
}

TEST_CASE("an adopted Secret that its owner takes back is not fought over") {
  Scene scene;
  const auto ns = taken(scene);
  scene.start_with(kAdopt);
  cluster().annotate(ns, {{kRegions, "us-south"}});
  scene.expect_served(ns);
  patch_copy(ns, {{"metadata", {{"labels", {{kManagedByLabel, "Helm"}}}}}});
  CHECK(says(Scene::expect_event(ns, "SecretConflict"), "adopted before and taken back"));
  const auto before = *cluster().secret(ns);
  scene.rotate();
  expect_others_served(scene);
  CHECK(*cluster().secret(ns) == before);

  patch_copy(ns, {{"metadata", {{"annotations", {{"icr-pull-secrets/adopted-at", nullptr}}}}}});
  scene.expect_served(ns);
}

TEST_CASE("skip is the default and touches nothing") {
  Scene scene;
  const auto ns = taken(scene);
  const auto before = *cluster().secret(ns);
  scene.start();
  cluster().annotate(ns, {{kRegions, "us-south"}});
  Scene::expect_event(ns, "SecretConflict");
  expect_others_served(scene);
  CHECK(*cluster().secret(ns) == before);
  for (const auto& seen : writes(Scene::requests(ns))) CHECK(seen.path.ends_with("/events"));
}

TEST_CASE("a source Secret that is called like a copy is refused at the start and left alone") {
  Scene scene;
  // Called like the copy of the credential that comes from it, and labelled as if it were one.
  struct Source {
    explicit Source(const std::string& key) {
      cluster().put_secret(kOwn, kCopy, {{"apikey", key}});
      patch_copy(kOwn, {{"metadata", {{"labels", {{kManagedByLabel, "icr-pull-secrets"}}}}}});
    }
    ~Source() {
      cluster().annotate(kOwn, {{kRegions, nullptr}});
      cluster().delete_secret(kOwn, kCopy);
    }
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
  } const source(scene.key());
  const auto before = *cluster().secret(kOwn);
  cluster().annotate(kOwn, {{kRegions, "us-south"}});
  OperatorProcess::Options options{.kubeconfig = operator_kubeconfig()};
  options.config =
      "apiVersion: icr-pull-secrets/v1alpha1\n"
      "kind: OperatorConfiguration\n"
      "proof: off\n"
      "conflict: adopt\n"
      "credentials:\n"
      "- {name: default, apiKey: {secretRef: {name: icr-default, key: apikey}}}\n";
  const auto refused = refused_run(options);
  CHECK(refused.exit_code == 2);
  CHECK(refused.err.find("that is what the credential \"default\" comes from") !=
        std::string::npos);
  CHECK(*cluster().secret(kOwn) == before);
  CHECK(cluster().pull_secrets(kOwn, "default").empty());
}

TEST_CASE("ours with the wrong type or immutable is replaced, and said so each time") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  std::set<std::string> replaced;
  for (std::size_t round = 1; round <= 2; ++round) {
    const auto before = *cluster().secret(ns);
    replaced.insert(uid_of(before));
    patch_copy(ns, {{"immutable", true}});
    eventually("it is replaced", [&] {
      const auto now = cluster().secret(ns);
      return now && uid_of(*now) != uid_of(before) ? "" : "not yet";
    });
    scene.expect_served(ns);
    eventually("it is said", [&] {
      return cluster().events(ns, "SecretReplaced").size() == round ? "" : "not yet";
    });
  }
  std::set<std::string> told;
  for (const auto& event : cluster().events(ns, "SecretReplaced")) {
    CHECK(event["type"] == "Normal");
    CHECK(says(event, "it is immutable"));
    for (const auto& uid : replaced) {
      if (says(event, uid)) told.insert(uid);
    }
  }
  CHECK(told == replaced);

  // Made again with another type while nobody looks.
  scene.stop();
  cluster().delete_secret(ns, kCopy);
  must(cluster().api().post(
      secrets_of(ns),
      {{"metadata", {{"name", kCopy}, {"labels", {{kManagedByLabel, "icr-pull-secrets"}}}}},
       {"type", "Opaque"},
       {"data", {{"x", "eA=="}}}}));
  scene.start();
  scene.expect_served(ns);
  eventually("the third one is said", [&] {
    const auto events = cluster().events(ns, "SecretReplaced");
    return std::any_of(events.begin(), events.end(),
                       [](const auto& event) { return says(event, "its type is not"); })
               ? ""
               : json(events).dump();
  });
}

TEST_CASE("two other writers and 1,000 rounds on one account: nobody's entry is lost") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  must(cluster().api().json_patch(
      "/api/v1/namespaces/" + ns + "/serviceaccounts/default",
      {{{"op", "add"}, {"path", "/imagePullSecrets/-"}, {"value", {{"name", "from-git"}}}}}));
  constexpr int kRoundsEach = 500;
  AccountWriter first(ns, "first");
  AccountWriter second(ns, "second");
  std::atomic<int> running = 2;
  const auto run = [&](AccountWriter& writer) {
    writer.run(kRoundsEach);
    --running;
  };
  std::thread one([&] { run(first); });
  std::thread two([&] { run(second); });
  // Meanwhile the operator attaches and detaches as often as it can.
  int toggles = 0;
  while (running > 0) {
    cluster().annotate(ns, {{kRegions, ++toggles % 2 == 0 ? "us-south" : "none"}});
    static_cast<void>(wait_for(
        [&] {
          const auto names = cluster().pull_secrets(ns, "default");
          const bool attached = std::count(names.begin(), names.end(), kCopy) == 1;
          return running == 0 || attached == (toggles % 2 == 0) ? std::string() : "not yet";
        },
        2s));
  }
  one.join();
  two.join();
  INFO(toggles << " times opted in or out, " << first.conflicts() + second.conflicts()
               << " conflicts of the others");
  CHECK(first.wrong() == "");
  CHECK(second.wrong() == "");
  CHECK(toggles >= 2);

  cluster().annotate(ns, {{kRegions, "us-south"}});
  scene.expect_served(ns);
  auto expected = first.entries();
  expected.insert(second.entries().begin(), second.entries().end());
  expected.insert({"from-git", kCopy});
  const auto names = cluster().pull_secrets(ns, "default");
  CHECK(std::set<std::string>(names.begin(), names.end()) == expected);
  CHECK(names.size() == expected.size());

  cluster().annotate(ns, {{kRegions, "none"}});
  Scene::expect_bare(ns);
  expected.erase(kCopy);
  const auto left = cluster().pull_secrets(ns, "default");
  CHECK(std::set<std::string>(left.begin(), left.end()) == expected);
}

TEST_CASE("labels and annotations of others on our Secret survive an update") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  const json labels = {{"team", "a"}, {"app.kubernetes.io/instance", "shop"}};
  const json annotations = {{"argocd.argoproj.io/compare-options", "IgnoreExtraneous"},
                            {"example.com/owner", "b"}};
  patch_copy(ns, {{"metadata", {{"labels", labels}, {"annotations", annotations}}}});
  cluster().annotate(ns, {{kRegions, "eu-de"}});
  scene.expect_served(ns, {"de.icr.io"});
  scene.rotate();
  scene.expect_served(ns, {"de.icr.io"});
  for (const auto& [key, value] : labels.items()) CHECK(meta(ns, "labels")[key] == value);
  for (const auto& [key, value] : annotations.items()) CHECK(meta(ns, "annotations")[key] == value);
}

TEST_CASE("what Argo CD and Flux write on a source or a namespace is never copied") {
  Scene scene;
  const json marks = {
      {"labels",
       {{"app.kubernetes.io/instance", "credentials"},
        {"argocd.argoproj.io/instance", "credentials"},
        {"kustomize.toolkit.fluxcd.io/name", "credentials"},
        {"kustomize.toolkit.fluxcd.io/namespace", "flux-system"}}},
      {"annotations",
       {{"argocd.argoproj.io/tracking-id", "credentials:/Secret:icr-pull-secrets/icr-api-key"},
        {"kubectl.kubernetes.io/last-applied-configuration", "{}"}}}};
  must(cluster().api().merge(secrets_of(kOwn) + "/" + kSource, {{"metadata", marks}}));
  scene.start();
  const auto ns = scene.make({});
  must(cluster().api().merge("/api/v1/namespaces/" + ns, {{"metadata", marks}}));
  cluster().annotate(ns, {{kRegions, "us-south"}});
  scene.expect_served(ns);
  cluster().annotate(ns, {{kRegions, "eu-de"}});
  scene.expect_served(ns, {"de.icr.io"});
  CHECK(keys_of(meta(ns, "labels")) ==
        std::set<std::string>{"app.kubernetes.io/component", kManagedByLabel,
                              "app.kubernetes.io/name", "app.kubernetes.io/part-of",
                              "icr-pull-secrets/credential"});
  CHECK(keys_of(meta(ns, "annotations")) ==
        std::set<std::string>{"icr-pull-secrets/content-hash", "icr-pull-secrets/hosts",
                              "icr-pull-secrets/installation", "icr-pull-secrets/made-for",
                              "icr-pull-secrets/revision"});
}

TEST_CASE("podsOnly leaves service accounts alone and takes our references out of them") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  must(cluster().api().json_patch(
      "/api/v1/namespaces/" + ns + "/serviceaccounts/default",
      {{{"op", "add"}, {"path", "/imagePullSecrets/0"}, {"value", {{"name", "from-git"}}}}}));
  const auto uid = uid_of(*cluster().secret(ns));
  scene.stop();
  proxy().start_over();

  scene.start_with("attach: podsOnly\n");
  eventually("only the entry of others is left", [&] {
    const auto names = cluster().pull_secrets(ns, "default");
    return names == std::vector<std::string>{"from-git"} ? "" : json(names).dump();
  });
  CHECK(text_of(writes(Scene::requests(ns))) == "PATCH default");
  const auto fresh = scene.make({{kRegions, "us-south"}, {kServiceAccounts, "default,later"}});
  eventually("the copy is written as ever", [&] {
    const auto copy = cluster().secret(fresh);
    return copy && password_of(*copy) == scene.key() ? "" : "not yet";
  });
  scene.rotate();
  eventually("and rotated", [&] {
    return password_of(*cluster().secret(ns)) == scene.key() &&
                   password_of(*cluster().secret(fresh)) == scene.key()
               ? ""
               : "not yet";
  });
  CHECK(uid_of(*cluster().secret(ns)) == uid);
  CHECK(matching(Scene::requests(fresh), "PATCH", "/serviceaccounts/").empty());
  scene.op().expect_metric("icr_pull_secrets_namespaces", {{"state", "ready"}}, 2);
  scene.stop();

  scene.start();
  scene.expect_served(ns);
  scene.expect_served(fresh);
}

}  // namespace ownership_test
