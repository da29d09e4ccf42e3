// Answers that are not what one hoped for, and namespaces that make trouble: each gets what it
// deserves, and none delays the rest.
#include <chrono>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/scene.hpp"

namespace faults_test {

namespace {

using namespace itest;

std::string in_namespace(const std::string& ns) {
  return "/namespaces/" + ns + "/";
}

long now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Serves some namespaces that have nothing to do with the trouble, in no more than usual time.
void expect_rest_is_quick(Scene& scene) {
  std::vector<std::pair<std::string, long>> others;
  constexpr int kOthers = 10;
  for (int i = 0; i < kOthers; ++i) {
    const long made = now();
    others.emplace_back(scene.make_in("us-south"), made);
  }
  for (const auto& [ns, made] : others) {
    scene.expect_served(ns);
    const auto asked = Scene::requests(ns);
    REQUIRE(text_of(asked) == "POST secrets, PATCH default");
    // By the proxy's clock, which is also ours; the usual time is 10 ms on a machine at rest.
    CHECK(std::chrono::microseconds(asked[1].begun - made) < 4s * patience());
  }
}

double state(OperatorProcess& op, const std::string& name) {
  return op.metric("icr_pull_secrets_namespaces", {{"state", name}});
}

/// A namespace that can't end, because something in it has a finalizer.
std::string make_terminating(Scene& scene, const Annotations& annotations) {
  const auto ns = scene.make(annotations, "stuck");
  must(cluster().api().post(
      "/api/v1/namespaces/" + ns + "/configmaps",
      {{"metadata", {{"name", "holder"}, {"finalizers", {"integration.test/hold"}}}}}));
  return ns;
}

void release_terminating(const std::string& ns) {
  must(cluster().api().merge("/api/v1/namespaces/" + ns + "/configmaps/holder",
                             {{"metadata", {{"finalizers", nullptr}}}}));
}

}  // namespace

TEST_CASE("a failing namespace is tried again with backoff and never delays the rest") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = scene.make({}, "failing");
  proxy().add({.name = "failing", .path = in_namespace(ns), .action = "status", .status = 500});
  cluster().annotate(ns, {{kRegions, "us-south"}});
  eventually("it fails", [&] { return proxy().matched("failing") > 3 ? "" : "no"; });
  expect_rest_is_quick(scene);

  // 10 ms, doubled each time: at most 12 attempts within 20 s.
  CHECK(proxy().matched("failing") <= 12);
  const auto attempts = matching(Scene::requests(ns), "POST", "/secrets$");
  REQUIRE(attempts.size() >= 4);
  // Half of each delay is random: at least 5, 10 and 20 ms lie between the first four.
  const auto gap = [&](std::size_t i) { return attempts[i].begun - attempts[i - 1].begun; };
  CHECK(attempts[3].begun - attempts[0].begun >= 35'000);
  CHECK(gap(attempts.size() - 1) > gap(1));
  CHECK(op.metric("icr_pull_secrets_reconciles_total", {{"outcome", "retry"}}) >= 4);

  proxy().remove();
  scene.expect_served(ns);
}

TEST_CASE("a namespace that does not answer never delays the rest") {
  Scene scene;
  scene.start();
  const auto ns = scene.make({}, "hanging");
  proxy().add({.name = "hanging", .path = in_namespace(ns), .action = "hang"});
  cluster().annotate(ns, {{kRegions, "us-south"}});
  eventually("it hangs", [&] { return proxy().matched("hanging") == 1 ? "" : "no"; });
  expect_rest_is_quick(scene);
  proxy().remove();
  // The request that hangs has 10 s.
  scene.expect_served(ns);
}

TEST_CASE("a terminating namespace is left alone and never delays the rest") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = make_terminating(scene, {});
  cluster().delete_namespace(ns);
  eventually("it is terminating", [&] {
    const auto phase = must(cluster().api().get("/api/v1/namespaces/" + ns))["status"]["phase"];
    return phase == "Terminating" ? std::string() : phase.get<std::string>();
  });
  cluster().annotate(ns, {{kRegions, "us-south"}});
  eventually("it counts as terminating",
             [&] { return state(op, "terminating") >= 1 ? "" : op.text("/metrics"); });
  expect_rest_is_quick(scene);
  CHECK(Scene::requests(ns).empty());
  release_terminating(ns);
}

TEST_CASE("a namespace that begins to terminate under a write is no error") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = make_terminating(scene, {});
  // The operator does not hear of the deletion before its write is refused.
  const std::string watch = "/api/v1/namespaces[?].*watch=1";
  proxy().add({.name = "held", .method = "POST", .path = in_namespace(ns), .action = "hold"});
  cluster().annotate(ns, {{kRegions, "us-south"}});
  eventually("the write is on its way", [&] { return proxy().matched("held") == 1 ? "" : "no"; });
  REQUIRE(proxy().silence(watch) == 1);
  cluster().delete_namespace(ns);
  eventually("it is terminating", [&] {
    const auto phase = must(cluster().api().get("/api/v1/namespaces/" + ns))["status"]["phase"];
    return phase == "Terminating" ? std::string() : phase.get<std::string>();
  });
  proxy().remove();
  eventually("the write was refused", [&]() -> std::string {
    const auto posts = matching(Scene::requests(ns), "POST", "/secrets$");
    return !posts.empty() && posts[0].status == 403 ? "" : text_of(posts);
  });
  eventually("it is given up", [&] {
    return op.metric("icr_pull_secrets_reconciles_total", {{"outcome", "gone"}}) >= 1
               ? ""
               : op.text("/metrics");
  });
  proxy().cut_abruptly(watch);
  expect_rest_is_quick(scene);
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "forbidden"}}, 0);
  op.expect_metric("icr_pull_secrets_problems_total", 0);
  // The account goes too, and its events are reasons to look again while nobody has told that the
  // namespace itself is going.
  for (const auto& write : writes(Scene::requests(ns))) {
    CHECK(text_of({write}) == "POST secrets");
    CHECK(write.status == 403);
  }
  release_terminating(ns);
}

TEST_CASE("a forbidden namespace gets an Event, is tried again seldom and never delays the rest") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = scene.make({}, "forbidden");
  must(cluster().api().post(
      "/api/v1/namespaces/" + ns + "/resourcequotas",
      {{"metadata", {{"name", "no-secrets"}}}, {"spec", {{"hard", {{"secrets", "0"}}}}}}));
  eventually("the quota is in force", [&] {
    const auto quota =
        must(cluster().api().get("/api/v1/namespaces/" + ns + "/resourcequotas/no-secrets"));
    return quota["status"].contains("used") ? std::string() : quota.dump();
  });
  cluster().annotate(ns, {{kRegions, "us-south"}});
  const auto event = Scene::expect_event(ns, "Forbidden");
  const std::string message = event["message"];
  CHECK(message.find("exceeded quota: no-secrets") != std::string::npos);
  CHECK(message.find("Check the operator's RBAC, admission policies and quotas") !=
        std::string::npos);
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "forbidden"}}, 1);
  expect_rest_is_quick(scene);
  steadily(
      "it is not asked again",
      [&] {
        const auto posts = matching(Scene::requests(ns), "POST", "/secrets$");
        return posts.size() == 1 ? std::string() : text_of(posts);
      },
      2s);
  // Whoever mends it need not wait: any change of the namespace is a reason to look again.
  must(cluster().api().remove("/api/v1/namespaces/" + ns + "/resourcequotas/no-secrets"));
  cluster().annotate(ns, {{kRegions, "eu-de"}});
  scene.expect_served(ns, {"de.icr.io"});
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "forbidden"}}, 0);
}

TEST_CASE("the page of a load balancer is no word of the API server's, and is tried again") {
  Scene scene;
  auto& op = scene.start();
  const auto page = [](const std::string& method, const std::string& path, int status) {
    proxy().add({.name = "page",
                 .method = method,
                 .path = path,
                 .action = "status",
                 .status = status,
                 .times = 2,
                 .headers = {{"Content-Type", "text/html"}},
                 .body = "<html>no backend</html>"});
  };
  const auto over = [] {
    CHECK(proxy().matched("page") == 2);
    proxy().remove();
    proxy().start_over();
  };
  std::string ns;
  for (const int status : {404, 403, 422, 409}) {
    INFO(status);
    page("POST", "/secrets$", status);
    ns = scene.make_in("us-south");
    scene.expect_served(ns);
    over();
    page("PATCH", "/serviceaccounts/default", status);
    ns = scene.make_in("us-south");
    scene.expect_served(ns);
    over();
    // The copy that is there is neither given up nor made again.
    page("PATCH", "/secrets/", status);
    scene.rotate();
    scene.expect_served(ns);
    CHECK(matching(Scene::requests(ns), "POST", "/secrets").empty());
    CHECK(matching(Scene::requests(ns), "DELETE", "/secrets").empty());
    over();
    page("DELETE", "/secrets/", status);
    cluster().annotate(ns, {{kRegions, nullptr}});
    Scene::expect_bare(ns);
    over();
  }
  op.expect_metric("icr_pull_secrets_problems_total", 0);
}

TEST_CASE("429 with Retry-After: nobody asks again before it is over") {
  Scene scene;
  auto& op = scene.start();
  proxy().add({.name = "busy",
               .method = "POST",
               .path = "/secrets$",
               .action = "status",
               .status = 429,
               .times = 1,
               .headers = {{"Retry-After", "3"}}});
  const auto first = scene.make_in("us-south");
  eventually("it was refused", [&] { return proxy().matched("busy") == 1 ? "" : "no"; });
  const auto second = scene.make_in("us-south");
  const auto third = scene.make_in("us-south");
  for (const auto& ns : {first, second, third}) scene.expect_served(ns);
  const auto asked = writes(proxy().requests());
  REQUIRE(asked.size() == 7);
  CHECK(asked[0].status == 429);
  for (std::size_t i = 1; i < asked.size(); ++i) {
    CHECK(asked[i].begun - asked[0].done >= 3'000'000);
  }
  CHECK(asked.back().done - asked[0].done < 6'000'000 * patience());
  op.expect_metric("icr_pull_secrets_reconciles_total", {{"outcome", "throttled"}}, 1);
}

TEST_CASE("503 with Retry-After is heeded for the namespace that got it") {
  Scene scene;
  scene.start();
  proxy().add({.name = "busy",
               .method = "POST",
               .path = "/secrets$",
               .action = "status",
               .status = 503,
               .times = 1,
               .headers = {{"Retry-After", "2"}}});
  const auto ns = scene.make_in("us-south");
  eventually("it was refused", [&] { return proxy().matched("busy") == 1 ? "" : "no"; });
  expect_rest_is_quick(scene);
  scene.expect_served(ns);
  const auto posts = matching(Scene::requests(ns), "POST", "/secrets$");
  REQUIRE(posts.size() == 2);
  CHECK(posts[1].begun - posts[0].done >= 2'000'000);
}

TEST_CASE("401 while a token rotates is tried again") {
  Scene scene;
  auto& op = scene.start();
  proxy().add(
      {.name = "stale", .method = "POST|PATCH", .action = "status", .status = 401, .times = 4});
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  CHECK(proxy().matched("stale") == 4);
  op.expect_metric("icr_pull_secrets_problems_total", 0);
}

TEST_CASE("409 on an update is settled by reading and deciding again") {
  Scene scene;
  auto& op = scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  proxy().start_over();
  proxy().add({.name = "conflict",
               .method = "PATCH",
               .path = "/secrets/",
               .action = "status",
               .status = 409,
               .times = 2});
  scene.rotate();
  scene.expect_served(ns);
  CHECK(text_of(Scene::requests(ns)) ==
        "PATCH icr-default, GET icr-default, PATCH icr-default, GET icr-default, "
        "PATCH icr-default");
  op.expect_metric("icr_pull_secrets_reconciles_total", {{"outcome", "stale"}}, 2);
  op.expect_metric("icr_pull_secrets_problems_total", 0);
}

TEST_CASE("404 on an update, because the copy was just deleted, makes a new one") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  proxy().add(
      {.name = "held", .method = "PATCH", .path = "/secrets/", .action = "hold", .times = 1});
  scene.rotate();
  eventually("the write is on its way", [&] { return proxy().matched("held") == 1 ? "" : "no"; });
  cluster().delete_secret(ns, kCopy);
  proxy().remove();
  scene.expect_served(ns);
}

TEST_CASE("a dropped answer to a POST gives exactly one Secret and no error") {
  Scene scene;
  auto& op = scene.start();
  proxy().add({.name = "dropped",
               .method = "POST",
               .path = "/secrets$",
               .action = "drop-answer",
               .times = 2});
  const auto first = scene.make_in("us-south");
  const auto second = scene.make_in("us-south");
  scene.expect_served(first);
  scene.expect_served(second);
  CHECK(proxy().matched("dropped") == 2);
  for (const auto& ns : {first, second}) {
    const auto all = must(cluster().api().get("/api/v1/namespaces/" + ns + "/secrets"))["items"];
    CHECK(all.size() == 1);
    CHECK(cluster().events(ns).empty());
  }
  op.expect_metric("icr_pull_secrets_problems_total", 0);
  eventually("nothing is left to do",
             [&] { return state(op, "pending") == 0 ? "" : op.text("/metrics"); });
}

TEST_CASE("dropped answers to every other write are got over, with nothing done twice") {
  Scene scene;
  auto& op = scene.start();
  const auto updated = scene.make_in("us-south");
  const auto removed = scene.make_in("us-south");
  scene.expect_served(updated);
  scene.expect_served(removed);
  const auto uid = uid_of(*cluster().secret(updated));
  proxy().add(
      {.name = "a", .method = "PATCH", .path = "/secrets/", .action = "drop-answer", .times = 2});
  proxy().add({.name = "b",
               .method = "PATCH",
               .path = "/serviceaccounts/",
               .action = "drop-answer",
               .times = 2});
  proxy().add(
      {.name = "c", .method = "DELETE", .path = "/secrets/", .action = "drop-answer", .times = 1});
  cluster().annotate(removed, {{kRegions, nullptr}});
  Scene::expect_bare(removed);
  scene.rotate();
  scene.expect_served(updated);
  const auto added = scene.make_in("us-south");
  scene.expect_served(added);
  CHECK(uid_of(*cluster().secret(updated)) == uid);
  CHECK(cluster().pull_secrets(added, "default") == std::vector<std::string>{kCopy});
  op.expect_metric("icr_pull_secrets_problems_total", 0);
}

TEST_CASE("connections that are dropped before the request arrives are replaced") {
  Scene scene;
  auto& op = scene.start();
  proxy().add({.name = "dropped", .method = "POST|PATCH|DELETE", .action = "drop", .times = 10});
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  cluster().annotate(ns, {{kRegions, "none"}});
  Scene::expect_bare(ns);
  CHECK(proxy().matched("dropped") == 10);
  op.expect_metric("icr_pull_secrets_problems_total", 0);
}

}  // namespace faults_test
