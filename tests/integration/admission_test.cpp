// The chart's admission policy in a real API server. No operator runs here: what pods get, they get
// from the policy alone.
#include <fmt/format.h>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "harness/process.hpp"
#include "harness/scene.hpp"

namespace admission_test {

namespace {

using namespace itest;

using Words = std::vector<std::string>;

const std::string kOne =
    R"({"credentials": [{"name": "default", "apiKey": {"secretRef": {"name": "k", "key": "k"}}}]})";

void kubectl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "kubectl");
  must_run(arguments, {"KUBECONFIG=" + environment("KUBECONFIG")});
}

/// The chart's policy and binding for a configuration, in the cluster until the end.
class Policy {
 public:
  explicit Policy(const json& configuration, const std::string& release = kOwn,
                  const std::string& ns = kOwn) {
    const auto values =
        scratch_file("values.json", json{{"podAdmission", "on"}, {"config", configuration}}.dump());
    file_ = scratch_file(
        "policy.yaml",
        must_run({"helm", "template", release, environment("ICRPS_CHART"), "--namespace", ns,
                  "--values", values, "--show-only", "templates/pod-admission.yaml"}));
    kubectl({"create", "--validate=strict", "--filename", file_});
  }
  ~Policy() { run_command({"kubectl", "delete", "--filename", file_}, {kubeconfig()}); }
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;

  /// Another text in its place.
  void replace(const std::string& from, const std::string& to) const {
    auto text = read_text(file_);
    text.replace(text.find(from), from.size(), to);
    kubectl({"replace", "--filename", scratch_file("policy.yaml", text)});
  }

 private:
  static std::string kubeconfig() { return "KUBECONFIG=" + environment("KUBECONFIG"); }
  std::string file_;
};

json pod(const Words& own = {}, const std::string& account = "default") {
  json body = {{"metadata", {{"name", "pod"}}},
               {"spec",
                {{"serviceAccountName", account},
                 {"containers", {{{"name", "web"}, {"image", "us.icr.io/team/app:1"}}}}}}};
  for (const auto& name : own) body["spec"]["imagePullSecrets"].push_back({{"name", name}});
  return body;
}

std::string pods_of(const std::string& ns) {
  return "/api/v1/namespaces/" + ns + "/pods";
}

Words references_of(const json& made) {
  Words names;
  const auto list = made["spec"].value("imagePullSecrets", json::array());
  for (const auto& entry : list) names.push_back(entry["name"]);
  return names;
}

/// What admission makes of the pod; nothing is kept.
Words admitted(const std::string& ns, const json& body) {
  return references_of(must(cluster().api().post(pods_of(ns) + "?dryRun=All", body)));
}

/// The namespaces of a test, deleted at its end.
class Namespaces {
 public:
  Namespaces() = default;
  ~Namespaces() {
    for (const auto& name : names_) cluster().api().remove("/api/v1/namespaces/" + name);
  }
  Namespaces(const Namespaces&) = delete;
  Namespaces& operator=(const Namespaces&) = delete;

  /// With this service account. `annotations`: without their prefix.
  std::string make(const Annotations& annotations, const std::string& name = {},
                   const Annotations& labels = {}, const std::string& account = "default") {
    static int number = 0;
    const auto ns = name.empty() ? fmt::format("admission-{}", ++number) : name;
    json metadata = {{"name", ns}, {"labels", labels}};
    for (const auto& [key, value] : annotations) {
      metadata["annotations"]["icr-pull-secrets/" + key] = value;
    }
    must(cluster().api().post("/api/v1/namespaces", {{"metadata", metadata}}));
    names_.push_back(ns);
    // The control plane makes the default one, too, and is sometimes faster.
    const auto made = cluster().api().post("/api/v1/namespaces/" + ns + "/serviceaccounts",
                                           json{{"metadata", {{"name", account}}}});
    constexpr int kConflict = 409;
    if (made.status != kConflict) must(made);
    return ns;
  }

 private:
  Words names_;
};

/// A policy comes into force, and goes, about a second after it is written.
void expect_admitted(const std::string& ns, const json& body, const Words& expected) {
  eventually("the pod has " + json(expected).dump(), [&] {
    const auto got = admitted(ns, body);
    return got == expected ? "" : json(got).dump();
  });
}

/// One row of the table, with a namespace of its own.
struct Row {
  std::string name;
  std::string ns;
  json body;
  Words own;
  Words expected;
};

std::vector<Row> rows_of(const json& table, const std::string& configuration,
                         Namespaces& namespaces) {
  std::vector<Row> rows;
  for (const auto& one : table["cases"]) {
    if (one["configuration"] != configuration) continue;
    const auto account = one.value("account", "default");
    const auto own = one.value("own", Words{});
    rows.push_back(
        {one["name"],
         namespaces.make(one["annotations"].get<Annotations>(), one.value("namespace", ""),
                         one.value("labels", Annotations{}), account),
         pod(own, account), own, one["references"].get<Words>()});
  }
  return rows;
}

}  // namespace

TEST_CASE("the admission policy adds to pods what the operator attaches to service accounts") {
  const auto table = json::parse(read_text(environment("ICRPS_AGREEMENT")));
  for (const auto& [name, configuration] : table["configurations"].items()) {
    DYNAMIC_SECTION("configuration " << name) {
      Namespaces namespaces;
      const auto rows = rows_of(table, name, namespaces);
      const auto shows = std::find_if(rows.begin(), rows.end(),
                                      [](const Row& row) { return row.expected != row.own; });
      REQUIRE(shows != rows.end());
      {
        const Policy policy(configuration);
        expect_admitted(shows->ns, shows->body, shows->expected);
        for (const auto& row : rows) {
          INFO(row.name);
          CHECK(admitted(row.ns, row.body) == row.expected);
        }
      }
      expect_admitted(shows->ns, shows->body, shows->own);
    }
  }
}

TEST_CASE("the policies of two releases add to each other, and nothing twice") {
  const auto two = json::parse(kOne);
  auto other = two;
  other["credentials"].push_back(two["credentials"][0]);
  other["credentials"][1]["name"] = "team";
  Namespaces namespaces;
  const auto ns = namespaces.make({{"regions", "us-south"}, {"credentials", "default,team"}});
  {
    const Policy first(two);
    expect_admitted(ns, pod(), {"icr-default"});
    const Policy second(other, kOwn, "elsewhere");  // of the same name, in another namespace
    expect_admitted(ns, pod(), {"icr-default", "icr-team"});
    CHECK(admitted(ns, pod({"icr-team"})) == Words{"icr-team", "icr-default"});
  }
  expect_admitted(ns, pod(), {});
}

TEST_CASE("a pod that has its service account's list gets what that lacks") {
  Namespaces namespaces;
  const auto ns = namespaces.make({{"regions", "us-south"}});
  const auto attached = namespaces.make({{"regions", "us-south"}});
  cluster().set_pull_secrets(ns, "default", {"own"});
  cluster().set_pull_secrets(attached, "default", {"icr-default", "own"});
  const Policy policy(json::parse(kOne));
  expect_admitted(ns, pod(), {"own", "icr-default"});
  CHECK(admitted(attached, pod()) == Words{"icr-default", "own"});
}

TEST_CASE("pods that are there, and those of the kubelet itself, are left alone") {
  Namespaces namespaces;
  const auto ns = namespaces.make({{"service-accounts", "*"}});
  auto there = pod();
  there["metadata"]["name"] = "there";
  must(cluster().api().post(pods_of(ns), there));
  cluster().annotate(ns, {{kRegions, "us-south"}});
  const Policy policy(json::parse(kOne));
  expect_admitted(ns, pod(), {"icr-default"});

  const auto updated = must(
      cluster().api().merge(pods_of(ns) + "/there", {{"metadata", {{"labels", {{"a", "b"}}}}}}));
  CHECK(references_of(updated).empty());

  auto mirror = pod();
  mirror["metadata"]["name"] = "mirror";
  mirror["metadata"]["annotations"] = {{"kubernetes.io/config.mirror", "hash"}};
  mirror["spec"]["nodeName"] = "node";
  mirror["spec"].erase("serviceAccountName");
  CHECK(admitted(ns, mirror).empty());
}

TEST_CASE("a policy that fails keeps no pod from being created") {
  Namespaces namespaces;
  const auto ns = namespaces.make({{"regions", "us-south"}});
  const Policy policy(json::parse(kOne));
  expect_admitted(ns, pod({"own"}), {"own", "icr-default"});
  policy.replace("object.spec.?serviceAccountName.orValue(\"\")", "object.spec.thereIsNoSuchField");
  expect_admitted(ns, pod({"own"}), {"own"});
}

TEST_CASE("annotations without end keep neither pods nor the API server waiting") {
  constexpr std::size_t kLongest = 4096;
  std::string accounts = "default";
  while (accounts.size() + 3 <= kLongest) accounts += ",a*";
  Namespaces namespaces;
  const auto longest = namespaces.make({{"regions", "us-south"}, {"service-accounts", accounts}});
  const auto longer =
      namespaces.make({{"regions", "us-south"}, {"service-accounts", accounts + ",abc"}});
  const Policy policy(json::parse(kOne));
  expect_admitted(longest, pod(), {"icr-default"});
  CHECK(admitted(longer, pod({"own"})) == Words{"own"});
}

}  // namespace admission_test
