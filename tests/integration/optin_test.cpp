// Namespaces that take part without having asked.
#include <catch2/catch.hpp>

#include "harness/scene.hpp"

namespace optin_test {

namespace {

using namespace itest;

const std::string kBySelector =
    "optIn:\n"
    "  mode: selector\n"
    "  selector: {matchLabels: {pull: icr}, matchExpressions: [{key: env, operator: NotIn, "
    "values: [test]}]}\n"
    "  regions: [us-south]\n";

/// A null value takes the label away.
void label(const std::string& ns, const std::string& name, const json& value) {
  must(cluster().api().merge("/api/v1/namespaces/" + ns,
                             {{"metadata", {{"labels", {{name, value}}}}}}));
}

/// Made with that name and without annotations; the test's end deletes it.
void make_named(Scene& scene, const std::string& ns) {
  must(cluster().api().post("/api/v1/namespaces", {{"metadata", {{"name", ns}}}}));
  scene.track(ns);
}

}  // namespace

TEST_CASE("a label selector opts namespaces in and out at run time") {
  Scene scene;
  auto& op = scene.start_with(kBySelector);
  const auto ns = scene.make({});
  label(ns, "pull", "icr");
  scene.expect_served(ns);
  label(ns, "env", "test");
  Scene::expect_bare(ns);
  label(ns, "env", nullptr);
  scene.expect_served(ns);
  label(ns, "pull", "other");
  Scene::expect_bare(ns);
  CHECK(cluster().events(ns).empty());
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "ready"}}, 0);
}

TEST_CASE("the annotation wins over the selector, and none opts out") {
  Scene scene;
  scene.start_with(kBySelector);
  const auto selected = scene.make({});
  label(selected, "pull", "icr");
  scene.expect_served(selected);
  cluster().annotate(selected, {{kRegions, "eu-de"}});
  scene.expect_served(selected, {"de.icr.io"});
  cluster().annotate(selected, {{kRegions, "none"}});
  Scene::expect_bare(selected);
  cluster().annotate(selected, {{kRegions, nullptr}});
  scene.expect_served(selected);

  // A mistake is no opt-out: what was in force stays.
  cluster().annotate(selected, {{kRegions, "nowhere"}});
  Scene::expect_event(selected, "InvalidRegions");
  CHECK(scene.served(selected) == "");

  const auto unselected = scene.make_in("jp-tok");
  scene.expect_served(unselected, {"jp.icr.io"});
  // The other annotations hold for both.
  cluster().annotate(selected, {{kRegions, nullptr}, {kEndpoints, "private"}});
  scene.expect_served(selected, {"private.us.icr.io"});
}

TEST_CASE("what is opted in by a label is not written again after a restart") {
  Scene scene;
  scene.start_with(kBySelector);
  const auto ns = scene.make({});
  label(ns, "pull", "icr");
  scene.expect_served(ns);
  scene.stop();
  proxy().start_over();
  scene.start_with(kBySelector);
  const auto fence = scene.make_in("us-south");
  scene.expect_served(fence);
  CHECK(writes(Scene::requests(ns)).empty());
  CHECK(scene.served(ns) == "");

  // Without the setting it is as if it had never been.
  scene.stop();
  scene.start();
  Scene::expect_bare(ns);
  CHECK(scene.served(fence) == "");
}

TEST_CASE("all namespaces take part but the systems' own, which must ask themselves") {
  Scene scene;
  const auto before = scene.make({});
  make_named(scene, "ibm-observe");
  make_named(scene, "openshift-itest");
  scene.start_with("optIn: {mode: all, regions: [us-south, eu-de]}\n");
  scene.expect_served(before, {"de.icr.io", "us.icr.io"});
  const auto later = scene.make({});
  scene.expect_served(later, {"de.icr.io", "us.icr.io"});
  scene.expect_served("default", {"de.icr.io", "us.icr.io"});
  for (const std::string ns : {"kube-system", "kube-public", "ibm-observe", "openshift-itest"}) {
    CHECK(Scene::bare(ns) == "");
    CHECK(writes(Scene::requests(ns)).empty());
  }
  CHECK(Scene::bare(kOwn) == "");  // the operator's own

  cluster().annotate("ibm-observe", {{kRegions, "us-south"}});
  scene.expect_served("ibm-observe");
  cluster().annotate("ibm-observe", {{kRegions, nullptr}});
  Scene::expect_bare("ibm-observe");
  cluster().annotate(later, {{kRegions, "none"}});
  Scene::expect_bare(later);
  scene.stop();

  // Without the setting it is all taken back, also what belongs to no test.
  scene.start();
  for (const auto& ns : {before, std::string("default")}) Scene::expect_bare(ns);
}

}  // namespace optin_test
