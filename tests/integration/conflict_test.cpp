// A Secret of the copy's name that the operator did not make.
#include <catch2/catch.hpp>

#include "harness/scene.hpp"

namespace conflict_test {

namespace {

using namespace itest;

std::string foreign_namespace(Scene& scene) {
  const auto ns = scene.make({}, "foreign");
  cluster().put_secret(ns, kCopy, {{"mine", "precious"}});
  cluster().annotate(ns, {{kRegions, "us-south"}});
  return ns;
}

}  // namespace

TEST_CASE("a Secret of the same name that is not ours is left alone and told about once") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = foreign_namespace(scene);
  const auto before = *cluster().secret(ns);

  const auto event = Scene::expect_event(ns, "SecretConflict");
  CHECK(event["type"] == "Warning");
  CHECK(event["metadata"]["namespace"] == ns);
  CHECK(event["involvedObject"]["kind"] == "Namespace");
  CHECK(event["involvedObject"]["name"] == ns);
  const std::string message = event["message"];
  CHECK(message.find("Secret icr-default exists and is not managed by icr-pull-secrets") == 0);
  CHECK(message.find("Delete or rename it to get a managed one") != std::string::npos);
  op.expect_metric("icr_pull_secrets_problems_total", {{"reason", "SecretConflict"}}, 1);
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "conflict"}}, 1);

  // A rotation, another value of the annotation, a restart: it stays as it is.
  scene.rotate();
  cluster().annotate(ns, {{kRegions, "eu-de"}});
  const auto other = scene.make_in("us-south");
  scene.expect_served(other);
  scene.stop();
  scene.start();
  const auto another = scene.make_in("us-south");
  scene.expect_served(another);

  CHECK(*cluster().secret(ns) == before);
  CHECK(cluster().pull_secrets(ns, "default").empty());
  const auto events = cluster().events(ns);
  REQUIRE(events.size() == 1);
  CHECK(events[0]["count"] == 1);
  for (const auto& seen : writes(Scene::requests(ns))) CHECK(seen.path.ends_with("/events"));
}

TEST_CASE("a foreign Secret stays when the namespace opts out, and beside a foreign reference") {
  Scene scene;
  scene.start();
  const auto ns = foreign_namespace(scene);
  Scene::expect_event(ns, "SecretConflict");
  cluster().set_pull_secrets(ns, "default", {kCopy});
  const auto before = *cluster().secret(ns);
  cluster().annotate(ns, {{kRegions, "none"}});
  const auto other = scene.make_in("us-south");
  scene.expect_served(other);
  CHECK(*cluster().secret(ns) == before);
  CHECK(cluster().pull_secrets(ns, "default") == std::vector<std::string>{kCopy});
}

TEST_CASE("a foreign Secret that goes makes room for a managed one") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = foreign_namespace(scene);
  Scene::expect_event(ns, "SecretConflict");
  cluster().delete_secret(ns, kCopy);
  scene.expect_served(ns);
  eventually("it counts as ready", [&] {
    return op.metric("icr_pull_secrets_namespaces", {{"state", "conflict"}}) == 0
               ? ""
               : op.text("/metrics");
  });
}

TEST_CASE("a Secret that appears just before ours is not overwritten") {
  Scene scene;
  scene.start();
  proxy().add({.name = "held", .method = "POST", .path = "/secrets$", .action = "hold"});
  const auto ns = scene.make_in("us-south");
  eventually("the write is on its way", [&] { return proxy().matched("held") == 1 ? "" : "no"; });
  cluster().put_secret(ns, kCopy, {{"mine", "precious"}});
  const auto before = *cluster().secret(ns);
  proxy().remove();
  Scene::expect_event(ns, "SecretConflict");
  CHECK(*cluster().secret(ns) == before);
  CHECK(cluster().pull_secrets(ns, "default").empty());
}

TEST_CASE("a copy whose managed-by label is taken away belongs to whoever did that") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  must(cluster().api().merge(
      "/api/v1/namespaces/" + ns + "/secrets/" + kCopy,
      {{"metadata", {{"labels", {{"app.kubernetes.io/managed-by", nullptr}}}}}}));
  Scene::expect_event(ns, "SecretConflict");
  const auto before = *cluster().secret(ns);
  scene.rotate();
  const auto other = scene.make_in("us-south");
  scene.expect_served(other);
  CHECK(*cluster().secret(ns) == before);
}

}  // namespace conflict_test
