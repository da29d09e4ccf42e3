// `doctor`: pods as a kubelet would tell of them, in a real cluster, with the registries' double.
#include <algorithm>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"
#include "icr/base64.hpp"

namespace doctor_test {

namespace {

using namespace itest;
using Catch::Contains;

constexpr int kOk = 0;
constexpr int kFailure = 1;
constexpr int kUsage = 2;
constexpr int kNotGood = 3;

const std::string kImage = "us.icr.io/team/app:1";
const std::string kAnonymous =
    "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized";
const std::string kRefused =
    "failed to authorize: failed to fetch oauth token: unexpected status: 400 Bad Request";

Finished doctor(std::vector<std::string> arguments, const std::string& kubeconfig = {}) {
  std::vector<std::string> command{environment("ICRPS_OPERATOR"), "doctor", "--ca-file",
                                   iam().ca_file()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run_command(
      command, {"KUBECONFIG=" + (kubeconfig.empty() ? environment("KUBECONFIG") : kubeconfig)});
}

/// A pod that the kubelet could not start.
void make_pod(const std::string& ns, const std::string& name, const std::string& said,
              const json& more = json::object()) {
  json spec{{"containers", {{{"name", "app"}, {"image", kImage}}}}};
  spec.update(more);
  auto& api = cluster().api();
  must(api.post("/api/v1/namespaces/" + ns + "/pods",
                {{"metadata", {{"name", name}}}, {"spec", spec}}));
  const json waiting{{"reason", "ErrImagePull"}, {"message", said}};
  must(api.merge("/api/v1/namespaces/" + ns + "/pods/" + name + "/status",
                 {{"status",
                   {{"containerStatuses",
                     {{{"name", "app"},
                       {"image", kImage},
                       {"imageID", ""},
                       {"ready", false},
                       {"restartCount", 0},
                       {"state", {{"waiting", waiting}}}}}}}}}));
}

void make_pull_secret(const std::string& ns, const std::string& name, const std::string& content) {
  must(cluster().api().post(
      "/api/v1/namespaces/" + ns + "/secrets",
      {{"metadata", {{"name", name}}},
       {"type", "kubernetes.io/dockerconfigjson"},
       {"data", {{".dockerconfigjson", icrps::icr::base64_encode(content)}}}}));
}

json names(const std::string& secret) {
  return {{"imagePullSecrets", {{{"name", secret}}}}};
}

json report(const std::vector<std::string>& arguments, const std::string& kubeconfig = {}) {
  auto all = arguments;
  all.insert(all.end(), {"-o", "json"});
  const auto done = doctor(all, kubeconfig);
  INFO(done.out << done.err);
  REQUIRE(json::accept(done.out));
  return json::parse(done.out);
}

std::string verdict(const std::string& pod, const std::string& kubeconfig = {}) {
  const auto all = report({pod}, kubeconfig);
  INFO(all.dump(2));
  REQUIRE(all["results"].size() == 1);
  return all["results"][0]["verdict"];
}

}  // namespace

TEST_CASE("doctor tells why a pod has no login") {
  IamScene scene;
  const auto ns = scene.make({});
  cluster().expect_account(ns);
  make_pod(ns, "bare", kAnonymous);
  CHECK(verdict(ns + "/bare") == "not_opted_in");
  cluster().annotate(ns, {{kRegions, "eu-de"}});
  CHECK(verdict(ns + "/bare") == "region_not_asked_for");
  cluster().annotate(ns, {{kRegions, "us-sooth"}});
  CHECK(verdict(ns + "/bare") == "annotation_mistake");
  cluster().annotate(ns, {{kRegions, "us-south"}});
  CHECK(verdict(ns + "/bare") == "not_there_yet");
  make_pod(ns, "lost", kAnonymous, names("nowhere"));
  scene.start_for(api_key());
  scene.expect_password(ns, scene.key());
  scene.expect_served(ns);
  CHECK(verdict(ns + "/bare") == "pod_too_old");
  CHECK(verdict(ns + "/lost") == "pod_has_own_list");

  const auto everywhere = report({"-A"});
  const auto& seen = everywhere["results"];
  const auto here = [&](const json& result) { return result["namespace"] == ns; };
  CHECK(std::count_if(seen.begin(), seen.end(), here) == 2);
  CHECK(report({"-n", ns, "bare"})["results"][0]["verdict"] == "pod_too_old");
  CHECK_THAT(doctor({"-A", ns}).err, Contains("-A looks at all namespaces"));

  const auto table = doctor({ns});
  INFO(table.out << table.err);
  CHECK(table.exit_code == kNotGood);
  CHECK_THAT(table.out, Contains(ns + "/bare, container app: " + kImage) &&
                            Contains("verdict  pod_too_old") && Contains("next     kubectl"));
}

TEST_CASE("doctor proves the very entry that the kubelet would take") {
  IamScene scene;
  iam().set({{"images", {{{"name", "team/app"}, {"reference", "1"}}}}});
  scene.start_for(api_key());
  const auto ns = scene.make_in("us-south");
  scene.expect_password(ns, scene.key());
  scene.expect_served(ns);
  make_pod(ns, "web", kRefused, names(kCopy));
  const auto good = report({ns + "/web"});
  INFO(good.dump(2));
  CHECK(good["results"][0]["verdict"] == "works_now");
  CHECK(good["results"][0]["entries"][0]["secret"] == kCopy);
  CHECK(good["results"][0]["entries"][0]["answer"] == "good");
  CHECK(good.dump().find(scene.key()) == std::string::npos);
  CHECK(doctor({ns + "/web"}).exit_code == kOk);

  const auto image = report({ns, "--image", kImage});
  CHECK(image["results"][0]["verdict"] == "fine");

  const json auth{{"auth", icrps::icr::base64_encode("iamapikey:no-such-key-anywhere")}};
  make_pull_secret(ns, "wrong", json{{"auths", {{"us.icr.io", auth}}}}.dump());
  make_pod(ns, "wrong", kRefused, names("wrong"));
  CHECK(verdict(ns + "/wrong") == "login_refused");

  make_pull_secret(ns, "broken", R"({"auths":{"us.icr.io":{"auth":"bm9jb2xvbg=="}}})");
  make_pod(ns, "broken", "no", names("broken"));
  CHECK(verdict(ns + "/broken") == "broken_secret");

  make_pull_secret(ns, "elsewhere", json{{"auths", {{"ghcr.io", auth}}}}.dump());
  make_pod(ns, "platform", "no match for platform in manifest: not found", names("elsewhere"));
  CHECK(verdict(ns + "/platform") == "wrong_platform");
}

TEST_CASE("doctor works with few rights and says what it could not look at") {
  IamScene scene;
  const auto ns = scene.make({});
  cluster().expect_account(ns);
  make_pull_secret(ns, "mine", R"({"auths":{}})");
  make_pod(ns, "web", kAnonymous, names("mine"));
  cluster().make_account(ns, "guest");
  const std::string group = "/apis/rbac.authorization.k8s.io/v1/namespaces/" + ns;
  must(cluster().api().post(
      group + "/roles",
      {{"metadata", {{"name", "guest"}}},
       {"rules", {{{"apiGroups", {""}}, {"resources", {"pods"}}, {"verbs", {"get"}}}}}}));
  must(cluster().api().post(
      group + "/rolebindings",
      {{"metadata", {{"name", "guest"}}},
       {"roleRef",
        {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", "guest"}}},
       {"subjects", {{{"kind", "ServiceAccount"}, {"name", "guest"}, {"namespace", ns}}}}}));
  const auto guest = token_kubeconfig(cluster().token(ns, "guest"));
  const auto seen = report({ns + "/web"}, guest);
  INFO(seen.dump(2));
  CHECK(seen["results"][0]["verdict"] == "unknown");
  CHECK(seen["results"][0]["secrets"][0]["state"] == "unread");
  CHECK(seen["results"][0]["kubelet"]["symptom"] == "anonymous");
  CHECK(seen["notLookedAt"].size() >= 3);

  const auto none = doctor({ns + "/no-such-pod"}, guest);
  CHECK(none.exit_code == kFailure);
  CHECK_THAT(none.err, Contains("no-such-pod"));
  const auto wrong = doctor({ns + "/A_b"}, guest);
  CHECK(wrong.exit_code == kUsage);
  CHECK_THAT(wrong.err, Contains("is not the name of a pod"));
}

}  // namespace doctor_test
