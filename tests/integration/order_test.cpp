// What is written, in which order, and how it is guarded.
#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <thread>

#include <catch2/catch.hpp>

#include "harness/account_writer.hpp"
#include "harness/scene.hpp"

namespace order_test {

using namespace itest;

TEST_CASE("opt-in costs one POST and one PATCH, no read and no Event") {
  Scene scene;
  scene.start();
  std::vector<std::string> namespaces;
  for (int i = 0; i < 10; ++i) namespaces.push_back(scene.make_in("us-south"));
  for (const auto& ns : namespaces) scene.expect_served(ns);
  for (const auto& ns : namespaces) {
    CHECK(text_of(Scene::requests(ns)) == "POST secrets, PATCH default");
    CHECK(cluster().events(ns).empty());
  }
}

TEST_CASE("the Secret is created before its service account exists, and one patch is left then") {
  Scene scene;
  scene.start();
  const auto ns = scene.make({{kRegions, "us-south"}, {kServiceAccounts, "builder"}});
  eventually("the copy is there", [&] { return cluster().secret(ns) ? "" : "no"; });
  CHECK(text_of(Scene::requests(ns)) == "POST secrets");
  CHECK(!cluster().account(ns, "builder"));

  cluster().make_account(ns, "builder");
  scene.expect_served(ns, {"us.icr.io"}, "builder");
  CHECK(text_of(Scene::requests(ns)) == "POST secrets, PATCH builder");
}

TEST_CASE("a copy that is deleted before the answer to its own update comes is made again") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  proxy().add({.name = "late",
               .method = "PATCH",
               .path = "/secrets/icr-default$",
               .action = "late",
               .delay = 1500ms,
               .times = 1});
  scene.rotate();
  scene.expect_served(ns);  // it is written, and only the operator does not know it
  cluster().delete_secret(ns, kCopy);
  scene.expect_served(ns);
  CHECK(proxy().matched("late") == 1);
}

TEST_CASE("an account's event that overtakes its namespace's costs no fixed wait") {
  Scene scene;
  constexpr auto kDelay = 700ms;
  proxy().add({.name = "late namespaces",
               .method = "GET",
               .path = "/namespaces[?].*watch=1",
               .action = "slow-stream",
               .delay = kDelay});
  scene.start();
  eventually("the watch runs",
             [&] { return proxy().matched("late namespaces") == 1 ? "" : "not yet"; });
  const auto ns = scene.make_in("us-south");
  cluster().expect_account(ns);  // before the namespace's event
  CHECK(Scene::requests(ns).empty());
  scene.expect_served(ns);
  const auto requests = Scene::requests(ns);
  REQUIRE(text_of(requests) == "POST secrets, PATCH default");
  // The account is long known by then: nothing is left to wait for between the two.
  const auto gap = std::chrono::microseconds(requests[1].begun - requests[0].done);
  INFO("gap of " << gap.count() << " microseconds");
  CHECK(gap < 100ms * patience());
}

TEST_CASE("a Secret is created before it is attached and detached before it is deleted") {
  Scene scene;
  scene.start();
  // Slow answers would show anything that does not wait for them.
  proxy().add({.name = "slow", .method = "POST|PATCH|DELETE", .action = "late", .delay = 150ms});
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  cluster().annotate(ns, {{kRegions, nullptr}});
  Scene::expect_bare(ns);
  const auto requests = Scene::requests(ns);
  REQUIRE(text_of(requests) == "POST secrets, PATCH default, PATCH default, DELETE icr-default");
  for (std::size_t i = 0; i + 1 < requests.size(); ++i) {
    CHECK(requests[i].done <= requests[i + 1].begun);
  }
}

TEST_CASE("service accounts are patched guarded by resourceVersion") {
  Scene scene;
  scene.start();
  proxy().add({.name = "held", .method = "PATCH", .path = "/serviceaccounts/", .action = "hold"});
  const auto ns = scene.make_in("us-south");
  eventually("the patch is on its way", [&] { return proxy().matched("held") == 1 ? "" : "no"; });
  // Somebody else is faster.
  cluster().set_pull_secrets(ns, "default", {"other"});
  proxy().remove();
  scene.expect_served(ns);
  CHECK(cluster().pull_secrets(ns, "default") == std::vector<std::string>{"other", kCopy});

  const auto patches = matching(Scene::requests(ns), "PATCH", "/serviceaccounts/default$");
  REQUIRE(patches.size() == 2);
  CHECK(patches[0].status == 422);
  for (const auto& patch : patches) {
    CHECK(patch.type == "application/json-patch+json");
    const auto operations = json::parse(patch.body);
    CHECK(operations[0]["op"] == "test");
    CHECK(operations[0]["path"] == "/metadata/resourceVersion");
  }
}

TEST_CASE("updates and deletions of a copy are guarded by its uid and resourceVersion") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  const auto uid = uid_of(*cluster().secret(ns));
  proxy().start_over();
  cluster().annotate(ns, {{kRegions, "eu-de"}});
  scene.expect_served(ns, {"de.icr.io"});
  cluster().annotate(ns, {{kRegions, "none"}});
  Scene::expect_bare(ns);
  const auto requests = Scene::requests(ns);
  REQUIRE(text_of(requests) == "PATCH icr-default, PATCH default, DELETE icr-default");
  const auto update = json::parse(requests[0].body);
  CHECK(requests[0].type == "application/merge-patch+json");
  CHECK(update["metadata"]["uid"] == uid);
  CHECK(update["metadata"].contains("resourceVersion"));
  const auto deletion = json::parse(requests[2].body);
  CHECK(deletion["preconditions"]["uid"] == uid);
  CHECK(deletion["preconditions"].contains("resourceVersion"));
}

TEST_CASE("no entry of another writer is lost, however often both write") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  constexpr int kRounds = 200;
  AccountWriter writer(ns);
  std::atomic<bool> done = false;
  std::thread thread([&] {
    writer.run(kRounds);
    done = true;
  });
  // Meanwhile the operator attaches and detaches as often as it can.
  int toggles = 0;
  while (!done) {
    cluster().annotate(ns, {{kRegions, ++toggles % 2 == 0 ? "us-south" : "none"}});
    static_cast<void>(wait_for(
        [&] {
          const auto names = cluster().pull_secrets(ns, "default");
          const bool attached = std::count(names.begin(), names.end(), kCopy) == 1;
          return done || attached == (toggles % 2 == 0) ? std::string() : "not yet";
        },
        2s));
  }
  thread.join();
  INFO(toggles << " times opted in or out, " << writer.conflicts() << " conflicts of the other");
  CHECK(writer.wrong() == "");
  CHECK(toggles >= 2);  // each way: how often depends on who wins the race for the account

  cluster().annotate(ns, {{kRegions, "us-south"}});
  scene.expect_served(ns);
  const auto names = cluster().pull_secrets(ns, "default");
  CHECK(std::count(names.begin(), names.end(), "other-always") == 1);
  CHECK(std::count(names.begin(), names.end(), fmt::format("other-{}", kRounds - 1)) == 1);
}

TEST_CASE("service accounts created later are served too") {
  Scene scene;
  scene.start();
  const auto ns = scene.make({{kRegions, "us-south"}, {kServiceAccounts, "*"}});
  scene.expect_served(ns);
  proxy().start_over();
  cluster().make_account(ns, "later");
  scene.expect_served(ns, {"us.icr.io"}, "later");
  // One that is made anew too.
  must(cluster().api().remove("/api/v1/namespaces/" + ns + "/serviceaccounts/later"));
  cluster().make_account(ns, "later");
  scene.expect_served(ns, {"us.icr.io"}, "later");
  CHECK(text_of(Scene::requests(ns)) == "PATCH later, PATCH later");
}

TEST_CASE("a copy carries the labels and annotations that the reference names, and no others") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south,eu-de");
  scene.expect_served(ns, {"us.icr.io", "de.icr.io"});
  const auto copy = *cluster().secret(ns);
  const auto& metadata = copy["metadata"];
  CHECK(metadata["labels"] == json{{"app.kubernetes.io/managed-by", "icr-pull-secrets"},
                                   {"app.kubernetes.io/name", "icr-pull-secrets"},
                                   {"app.kubernetes.io/component", "pull-secret"},
                                   {"app.kubernetes.io/part-of", "icr-pull-secrets"},
                                   {"icr-pull-secrets/credential", "default"}});
  CHECK(metadata["annotations"]["icr-pull-secrets/hosts"] == "de.icr.io,us.icr.io");
  CHECK(metadata["annotations"].contains("icr-pull-secrets/revision"));
  CHECK(metadata["annotations"].contains("icr-pull-secrets/content-hash"));
  CHECK(metadata["annotations"]["icr-pull-secrets/installation"].get<std::string>().starts_with(
      kOwn + "/"));
  CHECK(metadata["annotations"]["icr-pull-secrets/made-for"] ==
        ns + "/" + uid_of(must(cluster().api().get("/api/v1/namespaces/" + ns))));
  CHECK(metadata["annotations"].size() == 5);
  CHECK(!metadata.contains("finalizers"));
  CHECK(!metadata.contains("ownerReferences"));
  CHECK(copy["data"].size() == 1);
}

}  // namespace order_test
