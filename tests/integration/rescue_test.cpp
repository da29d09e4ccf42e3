// Pods that were created before their service account was served. There is no kubelet here: the
// tests say in its place that an image can't be pulled.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/scene.hpp"

namespace rescue_test {

namespace {

using namespace itest;

const std::string kRescue = "rescue: {enabled: true, after: 1s}";
const std::string kLooked = "looked for pods that were too early";
const std::string kFinalizer = "integration.test/hold";

std::string pods_in(const std::string& ns, const std::string& pod = {}) {
  return "/api/v1/namespaces/" + ns + "/pods" + (pod.empty() ? "" : "/" + pod);
}

std::optional<json> pod_of(const std::string& ns, const std::string& name) {
  const auto answer = cluster().api().get(pods_in(ns, name));
  if (answer.status == 404) return std::nullopt;
  return must(answer);
}

json containers(const std::string& image) {
  return {{{"name", "web"}, {"image", image}}};
}

/// Any object will do, as long as it is there: pods of owners that are not are swept away.
json owner_in(const std::string& ns) {
  const auto collection = "/api/v1/namespaces/" + ns + "/configmaps";
  cluster().api().post(collection, {{"metadata", {{"name", "owner"}}}});
  const auto owner = must(cluster().api().get(collection + "/owner"));
  return {{{"apiVersion", "v1"},
           {"kind", "ConfigMap"},
           {"name", "owner"},
           {"uid", uid_of(owner)},
           {"controller", true}}};
}

/// Of the pod's container, as the kubelet would write it.
void set_status(const std::string& ns, const std::string& pod, const std::string& phase,
                const json& state) {
  must(cluster().api().merge(pods_in(ns, pod) + "/status", {{"status",
                                                             {{"phase", phase},
                                                              {"containerStatuses",
                                                               {{{"name", "web"},
                                                                 {"image", "x"},
                                                                 {"imageID", ""},
                                                                 {"ready", false},
                                                                 {"restartCount", 0},
                                                                 {"state", state}}}}}}}));
}

void fail_to_pull(const std::string& ns, const std::string& pod,
                  const std::string& reason = "ErrImagePull") {
  set_status(ns, pod, "Pending", {{"waiting", {{"reason", reason}, {"message", "no"}}}});
}

void wait_for_account(const std::string& ns) {
  eventually("there is a service account",
             [&] { return cluster().account(ns) ? "" : "there is none"; });
}

/// A pod of a controller with the account `default`, which is not served yet; `change` may make
/// another one of it. It waits for its image.
void make_pod(
    const std::string& ns, const std::string& name,
    const std::function<void(json&)>& change = [](json&) {}) {
  json pod = {{"metadata", {{"name", name}, {"ownerReferences", owner_in(ns)}}},
              {"spec", {{"containers", containers("us.icr.io/team/app:1")}}}};
  change(pod);
  wait_for_account(ns);
  must(cluster().api().post(pods_in(ns), pod));
  fail_to_pull(ns, name);
}

void make_bare(json& pod) {
  pod["metadata"].erase("ownerReferences");
}

double looks(OperatorProcess& op, const std::string& outcome = "done") {
  return op.metric("icr_pull_secrets_rescue_looks_total", {{"outcome", outcome}});
}

void expect_evicted(OperatorProcess& op, double count) {
  op.expect_metric("icr_pull_secrets_rescue_pods_total", {{"outcome", "evicted"}}, count);
}

/// Waits for the first look at a namespace, and returns how many pods were found.
int found_by_look(OperatorProcess& op) {
  eventually("it has looked",
             [&] { return op.log_lines(kLooked).empty() ? op.log_so_far() : std::string(); });
  return op.log_lines(kLooked).front().at("found").get<int>();
}

Requests evictions(const std::string& ns) {
  return matching(Scene::requests(ns), "POST", "/eviction$");
}

Requests lists(const std::string& ns) {
  return matching(Scene::requests(ns), "GET", "/pods[?]");
}

class RescueScene : public Scene {
 public:
  explicit RescueScene(bool allowed = true) { let_rescue(allowed); }
};

}  // namespace

TEST_CASE("a pod of a controller that was too early is evicted, and its successor can pull") {
  RescueScene scene;
  auto& op = scene.start_with(kRescue);
  const auto ns = scene.make({});
  must(cluster().api().post(
      "/apis/apps/v1/namespaces/" + ns + "/deployments",
      {{"metadata", {{"name", "web"}}},
       {"spec",
        {{"replicas", 1},
         {"selector", {{"matchLabels", {{"app", "web"}}}}},
         {"template",
          {{"metadata", {{"labels", {{"app", "web"}}}}},
           {"spec", {{"containers", containers("us.icr.io/team/app:1")}}}}}}}}));
  json early;
  eventually("it has a pod", [&]() -> std::string {
    const auto list = must(cluster().api().get(pods_in(ns)))["items"];
    if (list.size() != 1) return list.dump();
    early = list[0];
    return {};
  });
  CHECK_FALSE(early["spec"].contains("imagePullSecrets"));
  fail_to_pull(ns, early["metadata"]["name"], "ImagePullBackOff");
  cluster().annotate(ns, {{kRegions, "us-south"}});
  eventually("there is another pod, with the Secret", [&]() -> std::string {
    const auto list = must(cluster().api().get(pods_in(ns)))["items"];
    if (list.size() != 1 || uid_of(list[0]) == uid_of(early)) return list.dump();
    const auto secrets = list[0]["spec"].value("imagePullSecrets", json::array());
    return secrets == json{{{"name", kCopy}}} ? "" : list[0].dump();
  });
  const auto event = Scene::expect_event(ns, "PodRescued");
  CHECK(event["type"] == "Normal");
  CHECK(event["involvedObject"]["kind"] == "Pod");
  CHECK(event["involvedObject"]["uid"] == uid_of(early));
  CHECK(event["message"].get<std::string>().find("us.icr.io/team/app:1") != std::string::npos);
  expect_evicted(op, 1);
  const auto asked = evictions(ns);
  REQUIRE(asked.size() == 1);
  CHECK(json::parse(asked[0].body)["deleteOptions"]["preconditions"]["uid"] == uid_of(early));
}

TEST_CASE("a bare pod that was too early is only told about") {
  RescueScene scene;
  scene.start_with(kRescue);
  const auto ns = scene.make({});
  make_pod(ns, "bare", make_bare);
  const auto before = *pod_of(ns, "bare");
  cluster().annotate(ns, {{kRegions, "us-south"}});
  const auto event = Scene::expect_event(ns, "PodNeedsRestart");
  CHECK(event["type"] == "Warning");
  CHECK(event["involvedObject"]["uid"] == uid_of(before));
  CHECK(event["message"].get<std::string>().find("delete it and create it again") !=
        std::string::npos);
  CHECK(evictions(ns).empty());
  CHECK(*pod_of(ns, "bare") == before);
}

TEST_CASE("other pods are left alone") {
  RescueScene scene;
  auto& op = scene.start_with(kRescue);
  const auto ns = scene.make({});
  cluster().make_account(ns, "builder");
  make_pod(ns, "early");
  make_pod(ns, "other-host",
           [](json& pod) { pod["spec"]["containers"] = containers("de.icr.io/team/app:1"); });
  make_pod(ns, "other-account", [](json& pod) { pod["spec"]["serviceAccountName"] = "builder"; });
  make_pod(ns, "attached",
           [](json& pod) { pod["spec"]["imagePullSecrets"] = {{{"name", kCopy}}}; });
  make_pod(ns, "going", [](json& pod) { pod["metadata"]["finalizers"] = {kFinalizer}; });
  must(cluster().api().remove(pods_in(ns, "going")));
  make_pod(ns, "running");
  set_status(ns, "running", "Running", {{"running", json::object()}});
  make_pod(ns, "waits");
  fail_to_pull(ns, "waits", "CreateContainerConfigError");
  cluster().annotate(ns, {{kRegions, "us-south"}});

  CHECK(found_by_look(op) == 1);
  // All but the one that runs; the pod garbage collector, which comes every 20 s, may have made
  // a failed one of the one that is going.
  CHECK(op.log_lines(kLooked).front().at("pending") >= 5);
  expect_evicted(op, 1);
  CHECK(evictions(ns).size() == 1);
  eventually("it is gone", [&] { return pod_of(ns, "early") ? "it is there" : ""; });
  for (const auto* const name : {"other-host", "other-account", "attached", "running", "waits"}) {
    const auto pod = pod_of(ns, name);
    REQUIRE(pod);
    CHECK_FALSE((*pod)["metadata"].contains("deletionTimestamp"));
  }
  must(cluster().api().merge(pods_in(ns, "going"), {{"metadata", {{"finalizers", nullptr}}}}));
}

TEST_CASE("an image outside the credential's registry namespaces is none of ours") {
  RescueScene scene;
  OperatorProcess::Options options;
  options.config = config_text(kRescue) + "    registryNamespaces: [team]\n";
  auto& op = scene.start(options);
  const auto ns = scene.make({});
  make_pod(ns, "early");
  make_pod(ns, "outside",
           [](json& pod) { pod["spec"]["containers"] = containers("us.icr.io/teams/app:1"); });
  cluster().annotate(ns, {{kRegions, "us-south"}});
  CHECK(found_by_look(op) == 1);
  expect_evicted(op, 1);
  CHECK(pod_of(ns, "outside"));
}

TEST_CASE("Kubernetes lets pods that never ran be evicted whatever a budget says") {
  RescueScene scene;
  auto& op = scene.start_with(kRescue);
  const auto ns = scene.make({});
  const auto budgets = "/apis/policy/v1/namespaces/" + ns + "/poddisruptionbudgets";
  must(cluster().api().post(budgets,
                            {{"metadata", {{"name", "all"}}},
                             {"spec", {{"minAvailable", "100%"}, {"selector", json::object()}}}}));
  make_pod(ns, "early");
  eventually("the budget is in force", [&]() -> std::string {
    const auto budget = must(cluster().api().get(budgets + "/all"));
    return budget["status"].value("observedGeneration", 0) > 0 ? "" : budget.dump();
  });
  cluster().annotate(ns, {{kRegions, "us-south"}});
  expect_evicted(op, 1);
}

TEST_CASE("an eviction that a budget forbids is tried again, after another look at the pod") {
  RescueScene scene;
  auto& op = scene.start_with(kRescue);
  const auto ns = scene.make({});
  make_pod(ns, "early");
  proxy().add({.name = "budget",
               .method = "POST",
               .path = "/eviction$",
               .action = "status",
               .status = 429,
               .times = 1,
               .headers = {{"Retry-After", "2"}, {"Content-Type", "application/json"}},
               .body = R"({"kind":"Status","status":"Failure","reason":"TooManyRequests","code":429,
                           "message":"Cannot evict pod as it would violate the budget.",
                           "details":{"causes":[{"reason":"DisruptionBudget"}]}})"});
  cluster().annotate(ns, {{kRegions, "us-south"}});
  expect_evicted(op, 1);
  const auto asked = evictions(ns);
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].status == 429);
  CHECK(asked[1].begun - asked[0].done >= 2'000'000);
  const auto looked = lists(ns);
  REQUIRE(looked.size() == 2);
  CHECK(looked[1].path.find("metadata.name=early,") != std::string::npos);
}

TEST_CASE("one list for a namespace and a change, whatever is attached there") {
  RescueScene scene;
  auto& op = scene.start_with(kRescue);
  const auto ns = scene.make({});
  for (const auto* const name : {"a", "b", "c"}) cluster().make_account(ns, name);
  wait_for_account(ns);
  cluster().annotate(ns, {{kRegions, "us-south"}, {kServiceAccounts, "*"}});
  eventually("it has looked", [&] { return looks(op) == 1 ? "" : op.text("/metrics"); });
  const auto listed = lists(ns);
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].path.find("/pods?fieldSelector=status.phase=Pending&limit=") !=
        std::string::npos);
  CHECK_FALSE(listed[0].is_watch());
  CHECK(matching(Scene::requests(ns), "PATCH", "/serviceaccounts/").size() == 4);

  // Nothing is attached by more regions: what pods can pull with them they read from the Secret.
  cluster().annotate(ns, {{kRegions, "us-south,eu-de"}});
  scene.expect_served(ns, {"us.icr.io", "de.icr.io"});
  cluster().make_account(ns, "d");
  eventually("it has looked again", [&] { return looks(op) == 2 ? "" : op.text("/metrics"); });
  steadily("it looks no more", [&] { return lists(ns).size() == 2 ? "" : text_of(lists(ns)); }, 3s);
  CHECK(matching(proxy().requests(), "GET", "^/api/v1/pods").empty());
}

TEST_CASE("off, which is the default, nobody asks for pods") {
  RescueScene scene;
  auto& op = scene.start();
  const auto ns = scene.make({});
  make_pod(ns, "early");
  make_pod(ns, "bare", make_bare);
  cluster().annotate(ns, {{kRegions, "us-south"}});
  scene.expect_served(ns);
  steadily(
      "nobody asks",
      [&] {
        for (const auto& seen : proxy().requests()) {
          if (seen.path.find("/pods") != std::string::npos) return seen.path;
        }
        return std::string();
      },
      3s);
  CHECK(pod_of(ns, "early"));
  CHECK(op.text("/metrics").find("icr_pull_secrets_rescue_looks_total{") == std::string::npos);
}

TEST_CASE("without the rights for it the namespace is told, and served as ever") {
  RescueScene scene(false);
  auto& op = scene.start_with(kRescue);
  const auto ns = scene.make({});
  make_pod(ns, "early");
  cluster().annotate(ns, {{kRegions, "us-south"}});
  const auto event = Scene::expect_event(ns, "Forbidden");
  CHECK(event["involvedObject"]["kind"] == "Namespace");
  const std::string message = event["message"];
  CHECK(message.find("cannot list resource \"pods\"") != std::string::npos);
  CHECK(message.find("rescue.enabled") != std::string::npos);
  scene.expect_served(ns);
  CHECK(looks(op, "forbidden") == 1);
  op.expect_metric("icr_pull_secrets_namespaces", {{"state", "forbidden"}}, 0);
  CHECK(pod_of(ns, "early"));
}

TEST_CASE("a list of pods that does not answer delays neither the work nor the end") {
  RescueScene scene;
  scene.start_with(kRescue);
  proxy().add({.name = "hanging", .method = "GET", .path = "/pods[?]", .action = "hang"});
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  eventually("it hangs", [&] { return proxy().matched("hanging") == 1 ? "" : "no"; });
  const auto other = scene.make_in("eu-de");
  scene.expect_served(other, {"de.icr.io"});
  scene.stop();
}

TEST_CASE("what waits for its look does not delay the end") {
  RescueScene scene;
  scene.start_with("rescue: {enabled: true, after: 1h}");
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  scene.stop();
  CHECK(lists(ns).empty());
}

}  // namespace rescue_test
