// What the operator wrote is removed, and nothing else. With a thousand namespaces:
// cleanup_crowd_test.cpp.
#include "harness/cleanup.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/rotation_scene.hpp"

namespace cleanup_test {

namespace {

using namespace itest;

constexpr int kOk = 0;
constexpr int kFailure = 1;
constexpr int kUsage = 2;
constexpr int kNotGood = 3;

const std::string kLeases = "/apis/coordination.k8s.io/v1/namespaces/" + kOwn + "/leases";
const std::string kDeployments = "/apis/apps/v1/namespaces/" + kOwn + "/deployments";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Requests all_writes() {
  Requests found;
  for (auto& seen : proxy().requests()) {
    if (seen.is_write()) found.push_back(std::move(seen));
  }
  return found;
}

/// One of the operator's own name, of pods that nobody runs. With more in their metadata and spec.
void make_deployment(const json& more_metadata, const json& more_spec) {
  json metadata = {{"labels", {{"app", "x"}}}};
  metadata.update(more_metadata);
  json spec = {{"containers", {{{"name", "x"}, {"image", "x"}}}}};
  spec.update(more_spec);
  must(cluster().api().post(kDeployments,
                            {{"metadata", {{"name", kOwn}}},
                             {"spec",
                              {{"replicas", 2},
                               {"selector", {{"matchLabels", {{"app", "x"}}}}},
                               {"template", {{"metadata", metadata}, {"spec", spec}}}}}}));
}

json pods() {
  return must(
      cluster().api().get("/api/v1/namespaces/" + kOwn + "/pods?labelSelector=app%3Dx"))["items"];
}

/// Deletes what make_deployment() made.
struct Deployment {
  explicit Deployment(const json& more_metadata = json::object(),
                      const json& more_spec = json::object()) {
    make_deployment(more_metadata, more_spec);
    eventually("the Deployment has pods",
               [] { return pods().size() == 2 ? "" : std::to_string(pods().size()); });
  }
  ~Deployment() {
    static_cast<void>(cluster().api().remove(kDeployments + "/" + kOwn));
    for (const auto& pod : pods()) {
      const auto target =
          "/api/v1/namespaces/" + kOwn + "/pods/" + pod["metadata"]["name"].get<std::string>();
      static_cast<void>(cluster().api().merge(target, {{"metadata", {{"finalizers", nullptr}}}}));
      static_cast<void>(cluster().api().remove(target, {{"gracePeriodSeconds", 0}}));
    }
  }
  Deployment(const Deployment&) = delete;
  Deployment& operator=(const Deployment&) = delete;
};

}  // namespace

TEST_CASE(
    "cleanup leaves nothing of the operator, and everything of others, and the next has "
    "nothing to do") {
  Scene scene;
  const HookRights rights;
  scene.start();
  const auto shop = scene.make({{kRegions, "us-south"}, {kServiceAccounts, "*"}});
  const auto blog = scene.make_in("all");
  cluster().make_account(shop, "builder");
  scene.expect_served(shop, {"us.icr.io"}, "builder");
  scene.expect_served(shop);
  eventually(blog + " is served", [&] { return cluster().secret(blog) ? "" : "no copy"; });
  scene.stop();
  // Of others: an entry beside ours, and a Secret of our name with a reference to it.
  auto names = cluster().pull_secrets(shop, "builder");
  names.insert(names.begin(), "theirs");
  cluster().set_pull_secrets(shop, "builder", names);
  const auto foreign = scene.make({});
  cluster().put_secret(foreign, kCopy, {{"k", "v"}});
  cluster().make_account(foreign, "user");
  cluster().set_pull_secrets(foreign, "user", {kCopy});
  const auto uid = uid_of(*cluster().secret(foreign));
  // Of the operator: a reference whose Secret somebody deleted, and a Lease.
  const auto dangling = scene.make({});
  cluster().make_account(dangling, "user");
  cluster().set_pull_secrets(dangling, "user", {"icr-team", "other"});
  must(cluster().api().post(kLeases, {{"metadata", {{"name", kOwn}}}}));
  CHECK(traces() != "");

  const auto finished = cleanup();
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == kOk);
  CHECK(has(finished.out, "nothing is left"));
  CHECK(traces() == "");
  CHECK(cluster().pull_secrets(shop, "builder") == std::vector<std::string>{"theirs"});
  CHECK(cluster().pull_secrets(dangling, "user") == std::vector<std::string>{"other"});
  CHECK(cluster().pull_secrets(foreign, "user") == std::vector<std::string>{kCopy});
  CHECK(uid_of(*cluster().secret(foreign)) == uid);
  CHECK(cluster().secret(kOwn, kSource));

  proxy().start_over();
  const auto again = cleanup();
  CHECK(again.exit_code == kOk);
  CHECK(text_of(all_writes()) == "");
  CHECK(has(again.out, "0 writes in namespaces, 0 objects of the operator's own deleted; nothing"));
}

TEST_CASE("cleanup detaches before it deletes, and deletes what it saw") {
  Scene scene;
  const HookRights rights;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.stop();
  const auto uid = uid_of(*cluster().secret(ns));
  proxy().start_over();
  CHECK(cleanup().exit_code == kOk);
  const auto mine = writes(Scene::requests(ns));
  CHECK(text_of(mine) == "PATCH default, DELETE icr-default");
  REQUIRE(mine.size() == 2);
  CHECK(mine[0].done <= mine[1].begun);
  const auto guard = json::parse(mine[1].body)["preconditions"];
  CHECK(guard["uid"] == uid);
  CHECK(guard["resourceVersion"].is_string());
}

TEST_CASE("cleanup of one namespace leaves the others, and what the operator keeps for itself") {
  Scene scene;
  const HookRights rights;
  scene.start();
  const auto first = scene.make_in("us-south");
  const auto second = scene.make_in("us-south");
  scene.expect_served(first);
  scene.expect_served(second);
  scene.stop();
  must(cluster().api().post(kLeases, {{"metadata", {{"name", kOwn}}}}));
  proxy().start_over();
  const auto finished = cleanup({"--only", first, "--only", "no-such-namespace"});
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == kOk);
  CHECK(has(finished.err, "there is no namespace no-such-namespace"));
  CHECK(Scene::bare(first) == "");
  CHECK(scene.served(second) == "");
  CHECK(text_of(all_writes()) == "PATCH default, DELETE icr-default");
  CHECK(cleanup().exit_code == kOk);
  CHECK(traces() == "");
}

TEST_CASE("a dry run of cleanup says what would be removed, and writes nothing") {
  Scene scene;
  const HookRights rights;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.stop();
  must(cluster().api().post(kLeases, {{"metadata", {{"name", kOwn}}}}));
  proxy().start_over();
  const auto finished = cleanup({"--dry-run", "--stop-deployment", kOwn});
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == kOk);
  CHECK(has(finished.out, "scale Deployment icr-pull-secrets to 0"));
  CHECK(has(finished.out, "patch ServiceAccount default: -icr-default"));
  CHECK(has(finished.out, "delete Secret icr-default"));
  CHECK(has(finished.out, "delete Lease icr-pull-secrets"));
  CHECK(has(finished.out, "nothing was written"));
  CHECK(text_of(all_writes()) == "");
  CHECK(scene.served(ns) == "");
  CHECK(cleanup().exit_code == kOk);
}

TEST_CASE("what can't be removed is told with the reason, and holds up nobody else") {
  Scene scene;
  const HookRights rights;
  scene.start();
  const auto stuck = scene.make_in("us-south");
  const auto other = scene.make_in("us-south");
  scene.expect_served(stuck);
  scene.expect_served(other);
  scene.stop();
  proxy().add({.name = "refused",
               .method = "PATCH",
               .path = "/namespaces/" + stuck + "/serviceaccounts/",
               .action = "status",
               .status = 403});
  const auto finished = cleanup();
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == kNotGood);
  CHECK(has(finished.out, stuck));
  CHECK(has(finished.out, "ServiceAccount default"));
  CHECK(Scene::bare(other) == "");
  // Detached before deleted: what pods there still name is still there.
  CHECK(scene.served(stuck) == "");
  proxy().remove();
  CHECK(cleanup().exit_code == kOk);
  CHECK(traces() == "");
}

TEST_CASE("cleanup goes on through throttling, breakdowns and conflicts") {
  Scene scene;
  const HookRights rights;
  scene.start();
  std::vector<std::string> namespaces;
  for (int i = 0; i < 8; ++i) namespaces.push_back(scene.make_in("us-south"));
  for (const auto& ns : namespaces) scene.expect_served(ns);
  scene.stop();
  proxy().add({.name = "busy",
               .method = "PATCH",
               .path = "/serviceaccounts/",
               .action = "status",
               .status = 429,
               .times = 2,
               .headers = {{"Retry-After", "1"}}});
  proxy().add({.name = "down",
               .method = "DELETE",
               .path = "/secrets/",
               .action = "status",
               .status = 503,
               .times = 5});
  proxy().add({.name = "conflict",
               .method = "DELETE",
               .path = "/secrets/",
               .action = "status",
               .status = 409,
               .times = 3});
  proxy().add({.name = "no list",
               .method = "GET",
               .path = "/api/v1/serviceaccounts",
               .action = "status",
               .status = 500,
               .times = 2});
  const auto finished = cleanup();
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == kOk);
  CHECK(traces() == "");
}

TEST_CASE("an operator that runs on is noticed") {
  Scene scene;
  const HookRights rights;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  const auto finished = cleanup({"--timeout", "30s"});
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == kNotGood);
  CHECK(has(finished.out, "is there again: if an operator runs, stop it first"));
  scene.expect_served(ns);
  scene.stop();
  CHECK(cleanup().exit_code == kOk);
}

TEST_CASE("cleanup stops the operator's Deployment first, and waits for the end of its pods") {
  Scene scene;
  const HookRights rights;
  const Deployment deployment;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.stop();
  proxy().start_over();
  const auto finished = cleanup({"--stop-deployment", kOwn});
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == kOk);
  CHECK(pods().empty());
  CHECK(must(cluster().api().get(kDeployments + "/" + kOwn))["spec"]["replicas"] == 0);
  const auto all = all_writes();
  REQUIRE(!all.empty());
  CHECK(all[0].path == kDeployments + "/" + kOwn + "/scale");
  CHECK(traces() == "");
}

TEST_CASE("nothing is removed while a pod of the operator runs") {
  Scene scene;
  const HookRights rights;
  // On a node, for the control plane ends pods that go and have none.
  const Deployment deployment(json{{"finalizers", json::array({"tests.example.com/stay"})}},
                              json{{"nodeName", "nowhere"}});
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.stop();
  const auto finished = cleanup({"--stop-deployment", kOwn, "--timeout", "3s"});
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == kFailure);
  CHECK(has(finished.err, "still has 2 pods"));
  CHECK(scene.served(ns) == "");
}

TEST_CASE("a Deployment that does not exist is stopped, and a wrong duration is refused") {
  Scene scene;
  const HookRights rights;
  const auto finished = cleanup({"--stop-deployment", kOwn});
  CHECK(finished.exit_code == kOk);
  CHECK(has(finished.err, "there is no Deployment icr-pull-secrets"));
  CHECK(traces() == "");
  CHECK(cleanup({"--timeout", "soon"}).exit_code == kUsage);
}

TEST_CASE("cleanup deletes the state of a rotation, and says which keys stay at IAM") {
  RotationScene scene;
  const HookRights rights;
  scene.start_rotating();
  const auto user = scene.make_user();
  const auto id = scene.expect_first_key();
  eventually(user + " has its copy",
             [&] { return cluster().secret(user, "icr-rotating") ? "" : "no copy"; });
  scene.stop();
  const auto finished = cleanup({}, scene.config_file());
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == kOk);
  CHECK(has(finished.out, "ibmcloud iam service-api-key-delete " + id + " ServiceId-"));
  CHECK_FALSE(cluster().secret(kOwn, kState));
  CHECK_FALSE(cluster().secret(user, "icr-rotating"));
  CHECK(scene.ours().size() == 1);
}

}  // namespace cleanup_test
