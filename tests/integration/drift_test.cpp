// What others do to copies and references is undone, whether the operator was there or not.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/scene.hpp"
#include "icr/base64.hpp"

namespace drift_test {

namespace {

using namespace itest;

std::string copy_path(const std::string& ns) {
  return "/api/v1/namespaces/" + ns + "/secrets/" + kCopy;
}

void patch_copy(const std::string& ns, const json& patch) {
  must(cluster().api().merge(copy_path(ns), patch));
}

struct Drift {
  std::string name;
  void (*make)(const std::string& ns);
  /// "" when nothing of it is left, besides being served.
  std::string (*left)(const json& copy);
};

std::string nothing(const json& /*copy*/) {
  return {};
}

const std::vector<Drift> kDrifts{
    {"edited data",
     [](const std::string& ns) {
       patch_copy(ns, {{"data",
                        {{".dockerconfigjson",
                          icrps::icr::base64_encode(R"({"auths":{"evil.example":{}}})")}}}});
     },
     nothing},
    {"an extra key", [](const std::string& ns) { patch_copy(ns, {{"data", {{"extra", "eA=="}}}}); },
     [](const json& copy) { return copy["data"].contains("extra") ? "extra key" : std::string(); }},
    {"a deleted copy", [](const std::string& ns) { cluster().delete_secret(ns, kCopy); }, nothing},
    {"a removed label",
     [](const std::string& ns) {
       patch_copy(ns, {{"metadata", {{"labels", {{"icr-pull-secrets/credential", nullptr}}}}}});
     },
     [](const json& copy) {
       return copy["metadata"]["labels"].value("icr-pull-secrets/credential", "") == "default"
                  ? std::string()
                  : "no label";
     }},
    {"removed annotations",
     [](const std::string& ns) { patch_copy(ns, {{"metadata", {{"annotations", nullptr}}}}); },
     [](const json& copy) {
       return copy["metadata"].contains("annotations") &&
                      copy["metadata"]["annotations"].size() == 5
                  ? std::string()
                  : "no annotations";
     }},
    {"an edited hash",
     [](const std::string& ns) {
       patch_copy(ns, {{"metadata", {{"annotations", {{"icr-pull-secrets/content-hash", "x"}}}}}});
     },
     [](const json& copy) {
       return copy["metadata"]["annotations"]["icr-pull-secrets/content-hash"] == "x"
                  ? "x"
                  : std::string();
     }},
    {"a copy that was made immutable",
     [](const std::string& ns) {
       // Its content must be wrong too: a right one may well be immutable until it has to change.
       patch_copy(ns, {{"data", {{"extra", "eA=="}}}, {"immutable", true}});
     },
     [](const json& copy) { return copy["data"].contains("extra") ? "extra key" : std::string(); }},
    {"a copy of another type",
     [](const std::string& ns) {
       auto copy = *cluster().secret(ns);
       cluster().delete_secret(ns, kCopy);
       const json body = {{"metadata", {{"name", kCopy}, {"labels", copy["metadata"]["labels"]}}},
                          {"type", "Opaque"},
                          {"data", {{"x", "eA=="}}}};
       // The operator may be faster; that is as good.
       static_cast<void>(cluster().api().post("/api/v1/namespaces/" + ns + "/secrets", body));
     },
     nothing},
    {"a removed reference",
     [](const std::string& ns) { cluster().set_pull_secrets(ns, "default", {}); }, nothing},
    {"a replaced list of references",
     [](const std::string& ns) { cluster().set_pull_secrets(ns, "default", {"other"}); }, nothing},
    {"a deleted account",
     [](const std::string& ns) {
       must(cluster().api().remove("/api/v1/namespaces/" + ns + "/serviceaccounts/default"));
     },
     nothing},
};

std::vector<std::string> make_served(Scene& scene) {
  std::vector<std::string> namespaces;
  for (std::size_t i = 0; i < kDrifts.size(); ++i) {
    namespaces.push_back(scene.make_in("us-south"));
  }
  for (const auto& ns : namespaces) scene.expect_served(ns);
  return namespaces;
}

void expect_repaired(const Scene& scene, const std::vector<std::string>& namespaces) {
  for (std::size_t i = 0; i < kDrifts.size(); ++i) {
    eventually(kDrifts[i].name + " is repaired", [&] {
      const auto wrong = scene.served(namespaces[i]);
      if (!wrong.empty()) return wrong;
      // It may be gone again: what can't be mended is made anew.
      const auto copy = cluster().secret(namespaces[i]);
      return copy ? kDrifts[i].left(*copy) : "gone";
    });
  }
}

}  // namespace

TEST_CASE("drift is repaired as it happens") {
  Scene scene;
  scene.start();
  const auto namespaces = make_served(scene);
  for (std::size_t i = 0; i < kDrifts.size(); ++i) kDrifts[i].make(namespaces[i]);
  expect_repaired(scene, namespaces);
  CHECK(cluster().pull_secrets(namespaces[9], "default") ==
        std::vector<std::string>{"other", kCopy});
}

TEST_CASE("drift that happened while the operator was down is repaired when it starts") {
  Scene scene;
  scene.start();
  const auto namespaces = make_served(scene);
  scene.stop();
  for (std::size_t i = 0; i < kDrifts.size(); ++i) kDrifts[i].make(namespaces[i]);
  scene.start();
  expect_repaired(scene, namespaces);
}

TEST_CASE("one edit is repaired with one write, and its author is named") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  proxy().start_over();
  patch_copy(ns, {{"data", {{"extra", "eA=="}}}});
  eventually("it is repaired", [&] {
    const auto copy = cluster().secret(ns);
    return copy && !(*copy)["data"].contains("extra") ? "" : "no";
  });
  const auto event = Scene::expect_event(ns, "SecretRepaired");
  CHECK(event["type"] == "Normal");
  CHECK(event["involvedObject"]["kind"] == "Namespace");
  const std::string message = event["message"];
  CHECK(
      message.starts_with("the content of Secret icr-default was changed by somebody else "
                          "(integration-tests)"));
  CHECK(text_of(Scene::requests(ns)) == "GET icr-default, PATCH icr-default, POST events");

  // The same again is the same Event.
  patch_copy(ns, {{"data", {{"extra", "eA=="}}}});
  eventually("it is counted", [&]() -> std::string {
    const auto events = cluster().events(ns, "SecretRepaired");
    return events.size() == 1 && events[0]["count"] == 2 ? "" : json(events).dump();
  });
}

TEST_CASE("who rotates a key or moves a namespace repairs nothing") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.rotate();
  scene.expect_served(ns);
  cluster().annotate(ns, {{kRegions, "eu-de"}});
  scene.expect_served(ns, {"de.icr.io"});
  CHECK(text_of(Scene::requests(ns)) ==
        "POST secrets, PATCH default, PATCH icr-default, PATCH icr-default");
}

TEST_CASE("labels and annotations that others put on a copy stay") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  patch_copy(
      ns, {{"metadata", {{"labels", {{"team", "blue"}}}, {"annotations", {{"note", "hello"}}}}}});
  scene.rotate();
  scene.expect_served(ns);
  const auto copy = *cluster().secret(ns);
  CHECK(copy["metadata"]["labels"]["team"] == "blue");
  CHECK(copy["metadata"]["annotations"]["note"] == "hello");
}

TEST_CASE("what was opted out of, or came and went, while the operator was down is caught up on") {
  Scene scene;
  scene.start();
  const auto leaves = scene.make_in("us-south");
  const auto changes = scene.make_in("us-south");
  const auto goes = scene.make_in("us-south");
  for (const auto& ns : {leaves, changes, goes}) scene.expect_served(ns);
  scene.stop();
  cluster().annotate(leaves, {{kRegions, nullptr}});
  cluster().annotate(changes, {{kRegions, "eu-de"}});
  cluster().delete_namespace(goes);
  const auto comes = scene.make_in("global");
  scene.rotate();
  scene.start();
  scene.expect_served(changes, {"de.icr.io"});
  scene.expect_served(comes, {"icr.io"});
  Scene::expect_bare(leaves);
}

}  // namespace drift_test
