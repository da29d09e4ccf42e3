// A reference of ours never outlives its Secret, whatever order things disappear in, and whoever
// has written the list meanwhile.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/cleanup.hpp"
#include "harness/scene.hpp"

namespace dangling_test {

namespace {

using namespace itest;
using Words = std::vector<std::string>;

/// More entries than the operator remembers of a list.
Words many() {
  Words names;
  for (int i = 0; i < 200; ++i) names.push_back(fmt::format("theirs-{}", i));
  return names;
}

std::string attached(const std::string& ns) {
  const auto account = *cluster().account(ns);
  return account["metadata"]
      .value("annotations", json::object())
      .value("icr-pull-secrets/attached", "");
}

void expect_list(const std::string& ns, const Words& names) {
  eventually("the account of " + ns + " is as it should be", [&] {
    const auto found = cluster().pull_secrets(ns, "default");
    return found == names ? "" : json(found).dump();
  });
}

}  // namespace

TEST_CASE("a copy that goes in the same moment as the opt-out leaves no reference behind") {
  Scene scene;
  scene.start();
  Words namespaces;
  for (int i = 0; i < 10; ++i) namespaces.push_back(scene.make_in("us-south"));
  for (const auto& ns : namespaces) scene.expect_served(ns);
  CHECK(attached(namespaces[0]) == kCopy);
  for (const auto& ns : namespaces) {
    cluster().delete_secret(ns, kCopy);
    cluster().annotate(ns, {{kRegions, nullptr}});
  }
  for (const auto& ns : namespaces) Scene::expect_bare(ns);
  eventually("nothing is left in the account", [&] { return attached(namespaces[0]); });
}

TEST_CASE("a copy that goes while nobody leads leaves no reference behind") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  const auto wanted = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.expect_served(wanted);
  scene.stop();
  // Somebody else writes the list, so that no field manager tells whose the entry is.
  for (const auto& each : {ns, wanted}) {
    cluster().set_pull_secrets(each, "default", {"theirs", kCopy});
    cluster().delete_secret(each, kCopy);
  }
  cluster().annotate(ns, {{kRegions, "none"}});
  // That of somebody who names a Secret before it exists stays.
  const auto other = scene.make({}, "other");
  cluster().set_pull_secrets(other, "default", {kCopy});
  scene.start();
  expect_list(ns, {"theirs"});
  scene.expect_served(wanted);
  expect_list(wanted, {"theirs", kCopy});
  CHECK(cluster().pull_secrets(other, "default") == Words{kCopy});
}

TEST_CASE("an account with more entries than anybody needs is told, and ours still go") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  auto names = many();
  names.insert(names.begin() + 150, kCopy);
  cluster().set_pull_secrets(ns, "default", names);

  const auto full = scene.make({}, "full");
  cluster().set_pull_secrets(full, "default", many());
  cluster().annotate(full, {{kRegions, "us-south"}});
  const auto event = Scene::expect_event(full, "TooManyPullSecrets");
  CHECK(event["message"].get<std::string>().find("service account \"default\" is too long") !=
        std::string::npos);
  CHECK(cluster().pull_secrets(full, "default") == many());
  CHECK(cluster().events(ns, "TooManyPullSecrets").empty());

  SECTION("at the opt-out") {
    cluster().annotate(ns, {{kRegions, nullptr}});
    expect_list(ns, many());
    eventually("the copy goes", [&] { return cluster().secret(ns) ? "it is there" : ""; });
  }
  SECTION("at the clean-up, also without the Secret") {
    scene.stop();
    cluster().delete_secret(ns, kCopy);
    const HookRights rights;
    const auto cleaned = cleanup();
    INFO(cleaned.out << cleaned.err);
    CHECK(cleaned.exit_code == 0);
    CHECK(cluster().pull_secrets(ns, "default") == many());
    CHECK_FALSE(cluster().secret(full));
  }
}

TEST_CASE("accounts from before they said which entries are ours get that with one patch each") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.stop();
  must(cluster().api().merge(
      "/api/v1/namespaces/" + ns + "/serviceaccounts/default",
      {{"metadata", {{"annotations", {{"icr-pull-secrets/attached", nullptr}}}}}}));
  proxy().start_over();
  scene.start();
  eventually("it says so", [&] { return attached(ns) == kCopy ? "" : "not yet"; });
  scene.expect_served(scene.make_in("us-south"));
  CHECK(text_of(writes(Scene::requests(ns))) == "PATCH default");
}

}  // namespace dangling_test
