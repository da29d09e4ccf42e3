// Who writes against the operator: met with pauses and named, never in a loop.
#include <fmt/format.h>
#include <functional>
#include <thread>

#include <catch2/catch.hpp>

#include "harness/process.hpp"
#include "harness/scene.hpp"

namespace feuds_test {

namespace {

using namespace itest;

std::string secrets_of(const std::string& ns) {
  return "/api/v1/namespaces/" + ns + "/secrets";
}

/// Does the same again and again, as fast as it can, until it ends.
class Opponent {
 public:
  explicit Opponent(std::function<void(Api&)> act)
      : act_(std::move(act)), thread_([this](const std::stop_token& stop) {
          Api api(environment("KUBECONFIG"));
          while (!stop.stop_requested()) {
            act_(api);
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
          }
        }) {}

 private:
  const std::function<void(Api&)> act_;
  std::jthread thread_;
};

long writes_in(const std::string& ns, const std::string& method) {
  long count = 0;
  for (const auto& seen : writes(Scene::requests(ns))) {
    const bool ours = seen.path.find("/events") == std::string::npos;
    if (seen.method == method && ours) ++count;
  }
  return count;
}

/// From now on the pauses are longer than a second.
void expect_pauses(const std::string& ns, const std::string& method) {
  const auto so_far = writes_in(ns, method);
  const auto took = eventually(
      "it goes on writing", [&] { return writes_in(ns, method) > so_far + 1 ? "" : "not yet"; },
      std::chrono::seconds(60));
  CHECK(took > std::chrono::milliseconds(900));
  CHECK(writes_in(ns, method) <= 12);
}

std::string message_of(const json& event) {
  return event["message"];
}

}  // namespace

TEST_CASE(
    "a tool that makes a replica without marks again and again is met with pauses and named") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  const auto other = scene.make({}, "blog");
  scene.expect_served(ns);
  const auto copy = *cluster().secret(ns);
  const json replica = {{"metadata", {{"name", kCopy}, {"labels", copy["metadata"]["labels"]}}},
                        {"type", copy["type"]},
                        {"data", copy["data"]}};
  const Opponent replicator([&](Api& api) {
    static_cast<void>(api.post(secrets_of(other) + "?fieldManager=replicator", replica));
  });
  const auto message = message_of(Scene::expect_event(other, "WrittenAgainst"));
  INFO(message);
  CHECK(message.find("Secret icr-default is undone each time by replicator") != std::string::npos);
  expect_pauses(other, "DELETE");
  // Nobody else waits for it.
  const auto fresh = scene.make_in("us-south");
  scene.expect_served(fresh);
  scene.op().expect_metric("icr_pull_secrets_problems_total", {{"reason", "WrittenAgainst"}}, 1);
}

TEST_CASE("a tool that writes a copy, or an account's list, again and again is met with pauses") {
  Scene scene;
  scene.start();
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  std::string method = "PATCH";
  std::string told;
  std::function<void(Api&)> act;
  SECTION("a copy") {
    told = "Secret icr-default is undone each time by editor";
    act = [&](Api& api) {
      static_cast<void>(api.merge(secrets_of(ns) + "/" + kCopy + "?fieldManager=editor",
                                  {{"data", {{".dockerconfigjson", "eyJhdXRocyI6e319"}}}}));
    };
  }
  SECTION("an account") {
    // Of an account that was created empty the API server keeps no field managers.
    told =
        "service account default is undone each time by somebody whom the API server doesn't name";
    act = [&](Api& api) {
      static_cast<void>(
          api.merge("/api/v1/namespaces/" + ns + "/serviceaccounts/default?fieldManager=editor",
                    {{"imagePullSecrets", json::array({{{"name", "theirs"}}})}}));
    };
  }
  const Opponent editor(std::move(act));
  const auto message = message_of(Scene::expect_event(ns, "WrittenAgainst"));
  INFO(message);
  CHECK(message.find(told) != std::string::npos);
  expect_pauses(ns, method);
}

TEST_CASE("a mutating policy that changes our labels is told and not fought") {
  Scene scene;
  const auto ns = scene.make({}, "policed");
  const auto file = scratch_file("relabel.yaml", fmt::format(R"(
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {{name: relabel}}
spec:
  failurePolicy: Fail
  reinvocationPolicy: Never
  matchConstraints:
    namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {}}}}}
    resourceRules:
      - {{apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets]}}
  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration:
        expression: >-
          Object{{metadata: Object.metadata{{labels: {{"icr-pull-secrets/credential": "company"}}}}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {{name: relabel}}
spec: {{policyName: relabel}}
)",
                                                             ns));
  const std::vector<std::string> administrator{"KUBECONFIG=" + environment("KUBECONFIG")};
  must_run({"kubectl", "create", "--filename", file}, administrator);
  eventually("the policy is in force", [&]() -> std::string {
    const auto made = must(
        cluster().api().post(secrets_of(ns) + "?dryRun=All", json{{"metadata", {{"name", "x"}}}}));
    return made["metadata"].contains("labels") ? "" : made.dump();
  });
  scene.start();
  cluster().annotate(ns, {{kRegions, "us-south"}});
  const auto message = message_of(Scene::expect_event(ns, "RewrittenByPolicy"));
  INFO(message);
  CHECK(message.find("icr-pull-secrets/credential") != std::string::npos);
  CHECK(cluster().secret(ns));
  scene.expect_served(scene.make_in("us-south"));
  CHECK(writes_in(ns, "PATCH") <= 2);
  must_run({"kubectl", "delete", "--filename", file}, administrator);
}

}  // namespace feuds_test
