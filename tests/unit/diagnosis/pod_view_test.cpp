#include "diagnosis/pod_view.hpp"

#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace pod_view_test {

using namespace icrps::diagnosis;
using nlohmann::json;

namespace {

json a_pod() {
  return json::parse(R"({
    "metadata": {"name": "web-1", "namespace": "shop"},
    "spec": {"serviceAccountName": "builder", "nodeName": "n1",
             "imagePullSecrets": [{"name": "a"}, {"name": "b"}],
             "initContainers": [{"name": "init", "image": "us.icr.io/t/init"}],
             "containers": [{"name": "app", "image": "us.icr.io/t/app:1"}, {"name": "side", "image": "x"}]},
    "status": {"phase": "Pending",
      "initContainerStatuses": [{"name": "init", "state": {"terminated": {"exitCode": 0}}}],
      "containerStatuses": [
        {"name": "side", "state": {"running": {}}},
        {"name": "app", "state": {"waiting": {"reason": "ErrImagePull", "message": "no"}}}]}})");
}

}  // namespace

TEST_CASE("a pod is read with its containers in order", "[diagnosis][pod]") {
  const auto pod = read_pod(a_pod().dump());
  REQUIRE(pod);
  CHECK(pod->ns == "shop");
  CHECK(pod->name == "web-1");
  CHECK(pod->account == "builder");
  CHECK(pod->node == "n1");
  CHECK(pod->pull_secrets == std::vector<std::string>{"a", "b"});
  REQUIRE(pod->containers.size() == 3);
  CHECK(pod->containers[0].name == "init");
  CHECK(pod->containers[0].started);
  CHECK(pod->containers[1].image == "us.icr.io/t/app:1");
  CHECK(pod->containers[1].reason == "ErrImagePull");
  CHECK(pod->containers[1].message == "no");
  CHECK(pod->containers[2].started);
  CHECK(pod->waits_for_image());
}

TEST_CASE("what is no pod, or half of one, is survived", "[diagnosis][pod]") {
  for (const char* text : {"", "[]", "{}", "null", R"({"metadata": 5})",
                           R"({"metadata": {"name": "a"}, "spec": []})"}) {
    CHECK_FALSE(read_pod(text));
    CHECK(read_pods(text).empty());
    CHECK(pull_failure(text, "a", "b").empty());
    CHECK(platform_of_node(text).empty());
    CHECK_FALSE(any_ready(text));
    CHECK(config_text(text).empty());
  }
  const auto bare = read_pod(R"({"metadata": {"name": "a"}, "spec": {"containers": [5, {}]}})");
  REQUIRE(bare);
  CHECK(bare->account == "default");
  CHECK(bare->containers.size() == 2);
  CHECK_FALSE(bare->waits_for_image());
}

TEST_CASE("pods that are over or on their way out are passed over", "[diagnosis][pod]") {
  auto over = a_pod();
  over["status"]["phase"] = "Succeeded";
  auto going = a_pod();
  going["metadata"]["deletionTimestamp"] = "2026-11-23T06:20:44Z";
  CHECK(read_pods(json{{"items", {a_pod(), over, going}}}.dump()).size() == 1);
}

TEST_CASE("a container that waits for something else waits not for its image", "[diagnosis][pod]") {
  auto pod = a_pod();
  for (const char* reason : {"ContainerCreating", "PodInitializing", "CrashLoopBackOff"}) {
    pod["status"]["containerStatuses"][1]["state"]["waiting"]["reason"] = reason;
    CHECK_FALSE(read_pod(pod.dump())->waits_for_image());
  }
}

TEST_CASE("the last failed pull is found among the events", "[diagnosis][pod]") {
  const auto event = [](const char* pod, const char* message, const char* at) {
    return json{{"involvedObject", {{"name", pod}}}, {"message", message}, {"lastTimestamp", at}};
  };
  const auto events =
      json{{"items",
            {event("web-1", "Failed to pull image \"i:1\": second", "2026-11-23T06:20:44Z"),
             event("web-1", "Failed to pull image \"i:1\": first", "2026-11-23T06:10:44Z"),
             event("web-1", "Error: ImagePullBackOff", "2026-11-23T06:30:44Z"),
             event("web-2", "Failed to pull image \"i:1\": other", "2026-11-23T06:30:44Z")}}}
          .dump();
  CHECK(pull_failure(events, "web-1", "i:1") == "second");
  CHECK(pull_failure(events, "web-1", "i:2").empty());
}

TEST_CASE("a namespace and an account are read", "[diagnosis][pod]") {
  const auto ns = read_namespace(
      R"({"metadata": {"name": "shop", "labels": {"a": "b", "c": 5}, "annotations": {"d": "e"}}})");
  REQUIRE(ns);
  CHECK(ns->name == "shop");
  CHECK(ns->labels == icrps::plan::Labels{{"a", "b"}});
  CHECK(ns->annotations == icrps::plan::Annotations{{"d", "e"}});
  CHECK_FALSE(read_namespace("{}"));
  CHECK(pull_secrets_of(R"({"imagePullSecrets": [{"name": "a"}]})") ==
        std::vector<std::string>{"a"});
}

TEST_CASE("nodes, Deployments and ConfigMaps say what is asked of them", "[diagnosis][pod]") {
  CHECK(platform_of_node(
            R"({"status": {"nodeInfo": {"architecture": "s390x", "operatingSystem": "linux"}}})") ==
        "linux/s390x");
  CHECK(any_ready(R"({"items": [{"status": {}}, {"status": {"readyReplicas": 1}}]})") == true);
  CHECK(any_ready(R"({"items": [{"status": {"replicas": 1}}]})") == false);
  CHECK_FALSE(any_ready(R"({"items": []})"));
  CHECK(config_text(R"({"items": [{"data": {"a": "b"}}, {"data": {"config.yaml": "kind: X"}}]})") ==
        "kind: X");
}

}  // namespace pod_view_test
