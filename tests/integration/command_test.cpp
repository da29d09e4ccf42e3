// status, verify and rotate, against the same cluster as the operator.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/rotation_scene.hpp"

namespace command_test {

namespace {

using namespace itest;

constexpr int kOk = 0;
constexpr int kUsage = 2;
constexpr int kNotGood = 3;

const std::string kTeam = "team";
const std::string kTeamKey = "team-key";

Finished command(const std::string& config, std::vector<std::string> arguments) {
  std::vector<std::string> all{environment("ICRPS_OPERATOR")};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const std::vector<std::string> common{"--config",     scratch_file("config.yaml", config),
                                        "--kubeconfig", operator_kubeconfig(),
                                        "--namespace",  kOwn};
  all.insert(all.end(), common.begin(), common.end());
  return run_command(all);
}

/// The rows of a table, each with single blanks.
std::vector<std::string> rows(const std::string& text) {
  std::vector<std::string> found{{}};
  for (const char c : text) {
    if (c == '\n') {
      found.emplace_back();
    } else if (c != ' ' || (!found.back().empty() && found.back().back() != ' ')) {
      found.back() += c;
    }
  }
  found.pop_back();
  return found;
}

bool has_row(const std::string& text, const std::string& row) {
  const auto all = rows(text);
  return std::find(all.begin(), all.end(), row) != all.end();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

json of_credential(const std::string& text, const std::string& name) {
  const auto report = json::parse(text);
  for (const auto& entry : report["credentials"]) {
    if (entry["name"] == name) return entry;
  }
  return {};
}

Annotations asks(const std::string& credentials) {
  return {{kRegions, "us-south"}, {kCredentials, credentials}};
}

}  // namespace

TEST_CASE("status tells revision, roll-out, expiry and proof of each credential") {
  IamScene scene;
  scene.put_key(kTeamKey);
  const auto credentials = api_key() + access_token(kTeam, kTeamKey);
  scene.start_for(credentials);
  const auto first = scene.make(asks("default,team"));
  const auto second = scene.make(asks("default"));
  scene.expect_password(first, scene.key());
  scene.expect_password(second, scene.key());
  scene.expect_login(first, "iambearer", kTeam);

  const auto config = iam_config(credentials);
  const auto as_json = command(config, {"status", "-o", "json"});
  INFO(as_json.out << as_json.err);
  CHECK(as_json.exit_code == kOk);
  const auto usual = of_credential(as_json.out, "default");
  CHECK(usual["source"] == "apiKey");
  CHECK(usual["good"] == true);
  CHECK(usual["namespaces"]["wanted"] == 2);
  CHECK(usual["namespaces"]["current"] == 2);
  CHECK(usual["proof"]["outcome"] == "proved");
  CHECK(usual["expiresAt"].is_null());
  CHECK(usual["since"].is_string());
  const auto copy = *cluster().secret(first, copy_of(kTeam));
  const auto& annotations = copy["metadata"]["annotations"];
  const auto team = of_credential(as_json.out, kTeam);
  CHECK(team["revision"] == annotations["icr-pull-secrets/revision"]);
  CHECK(team["expiresAt"] == annotations["icr-pull-secrets/expires-at"]);
  CHECK(team["namespaces"]["current"] == 1);

  const auto table = command(config, {"status"});
  CHECK(table.exit_code == kOk);
  CHECK(has(table.out, "2/2"));
  CHECK(rows(table.out).size() == 3);
}

TEST_CASE("status says why a credential is not everywhere, and why it is not proved") {
  IamScene scene;
  scene.put_wrong_key(kTeamKey);
  const auto credentials =
      api_key("default", kSource, "namespaces: [shop-*]") + api_key(kTeam, kTeamKey);
  scene.start_for(credentials);
  const auto served = scene.make(asks("default"));
  const auto stranger = scene.make(asks("default"), "other");
  const auto waiting = scene.make(asks("team"));
  scene.expect_served(served);
  Scene::expect_event(stranger, "CredentialNotAllowed");
  IamScene::expect_source_event("SourceRefused", "BXNIM0415E");

  const auto config = iam_config(credentials);
  const auto table = command(config, {"status"});
  INFO(table.out);
  CHECK(table.exit_code == kNotGood);
  CHECK(has(table.out, "BXNIM0415E"));
  CHECK(has_row(table.out, fmt::format("default in {}: may not use this credential", stranger)));
  CHECK(has(table.out, fmt::format("team in {}: ", waiting)));

  const auto as_json = command(config, {"status", "-o", "json"});
  CHECK(as_json.exit_code == kNotGood);
  const auto team = of_credential(as_json.out, kTeam);
  CHECK(team["good"] == false);
  CHECK(team["proof"]["outcome"] == "refused");
  CHECK(team["namespaces"]["behind"][0]["namespace"] == waiting);

  // The same without an operator: it reads the cluster.
  scene.stop();
  CHECK(command(config, {"status"}).exit_code == kNotGood);
  CHECK(command(config, {"status", "-o", "yaml"}).exit_code == kUsage);
}

TEST_CASE("verify asks IAM and every host that a credential is for") {
  IamScene scene;
  scene.put_key(kTeamKey, {{"hosts", {"us.icr.io"}}});
  const auto config = iam_config(api_key("default", kSource, "regions: [us-south, eu-de]") +
                                 access_token(kTeam, kTeamKey, "regions: [us-south]"));
  const auto good = command(config, {"verify", "--host", "us.icr.io", "--host", "de.icr.io"});
  INFO(good.out << good.err);
  CHECK(good.exit_code == kOk);
  CHECK(rows(good.out) ==
        std::vector<std::string>{"CREDENTIAL SOURCE AT RESULT DETAIL", "default apiKey iam ok",
                                 "default apiKey de.icr.io ok", "default apiKey us.icr.io ok",
                                 "team accessToken iam ok", "team accessToken us.icr.io ok"});

  const auto everywhere = command(iam_config(api_key()), {"verify"});
  CHECK(everywhere.exit_code == kOk);
  CHECK(rows(everywhere.out).size() > 12);

  iam().add_rule({{"host", "de\\.icr\\.io"}, {"action", "status"}, {"status", 503}});
  const auto down = command(config, {"verify", "--credential", "default"});
  CHECK(down.exit_code == kNotGood);
  CHECK(has(down.out, "de.icr.io  unknown"));
  CHECK_FALSE(has(down.out, "accessToken"));
  iam().remove_rules();

  scene.put_wrong_key();
  const auto refused = command(config, {"verify"});
  CHECK(refused.exit_code == kNotGood);
  CHECK(has(refused.out, "iam        refused  iam.cloud.ibm.com: 400 BXNIM0415E"));
  cluster().delete_secret(kOwn, kSource);
  const auto missing = command(config, {"verify", "--credential", "default"});
  CHECK(missing.exit_code == kNotGood);
  CHECK(has(missing.out, "invalid"));
  CHECK(command(config, {"verify", "--credential", "nobody"}).exit_code == kUsage);
  for (const auto& output : {good.out, down.out, refused.out, missing.out}) {
    CHECK_FALSE(has(output, scene.key()));
  }
}

TEST_CASE("verify with an image proves the right to pull, where the credential is for it") {
  IamScene scene;
  iam().set({{"images", {{{"name", "team/app"}, {"reference", "1"}}}}});
  const auto password = scene.new_key();
  cluster().put_secret(kOwn, "entitlement", {{"password", password}});
  iam().add_login("cp", password, {{"hosts", {"cp.icr.io"}}});
  const auto config = iam_config(
      api_key() +
      "  - name: entitled\n"
      "    basic: {username: cp, hosts: [cp.icr.io], password: {secretRef: {name: entitlement, "
      "key: password}}}\n");
  const auto good = command(config, {"verify", "--image", "us.icr.io/team/app:1"});
  INFO(good.out);
  CHECK(good.exit_code == kOk);
  CHECK(has_row(good.out, "default apiKey us.icr.io/team/app ok"));
  // The other one is for another host, and was not sent to this one.
  for (const auto& request : iam().requests()) CHECK(request.value("user", "") != "cp");

  const auto missing = command(config, {"verify", "--image", "us.icr.io/team/other:1"});
  CHECK(missing.exit_code == kNotGood);
  CHECK(has(missing.out, "policy"));
  scene.put_key(kSource, {{"namespaces", {"other"}}});
  const auto denied =
      command(config, {"verify", "--credential", "default", "--image", "us.icr.io/team/app:1"});
  CHECK(denied.exit_code == kNotGood);
  CHECK(has(denied.out, "the login is good, but may not pull team/app:1"));
  CHECK(command(config, {"verify", "--image", "no image"}).exit_code == kUsage);
}

TEST_CASE("verify tells whether the manager of a service ID may look at its keys") {
  RotationScene scene;
  scene.start_rotating();
  scene.expect_first_key();
  const auto good = scene.verify();
  INFO(good.out << good.err);
  CHECK(good.exit_code == kOk);
  CHECK(rows(good.out) == std::vector<std::string>{
                              "CREDENTIAL SOURCE AT RESULT DETAIL", "rotating serviceId manager ok",
                              "rotating serviceId iam ok", "rotating serviceId us.icr.io ok"});

  scene.allow_manager(false);
  const auto forbidden = scene.verify();
  CHECK(forbidden.exit_code == kNotGood);
  CHECK(has(forbidden.out, "manager    policy  listing the API keys: iam.cloud.ibm.com: 403"));
  CHECK(has_row(forbidden.out, "rotating serviceId iam ok"));
  scene.put_wrong_key(kManager);
  const auto refused = scene.verify();
  CHECK(refused.exit_code == kNotGood);
  CHECK(has(refused.out, "manager    refused  iam.cloud.ibm.com: 400 BXNIM0415E"));
  cluster().delete_secret(kOwn, kManager);
  const auto missing = scene.verify();
  CHECK(missing.exit_code == kNotGood);
  CHECK(has(missing.out, "manager    invalid"));
}

TEST_CASE("rotate is for keys that the operator makes, and says so of others") {
  IamScene scene;
  const auto config = iam_config(api_key());
  for (const auto* const name : {"default", "nobody"}) {
    const auto finished = command(config, {"rotate", "--credential", name});
    CHECK(finished.exit_code == kUsage);
    CHECK(has(finished.err, "accepted: the name of a credential with the source serviceId"));
  }
  CHECK(command(config, {"rotate"}).exit_code == kUsage);
}

}  // namespace command_test
