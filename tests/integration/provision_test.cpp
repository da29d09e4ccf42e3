// provision, deprovision, policies and token against the double of IAM and a real API server.
#include <algorithm>
#include <fmt/format.h>
#include <set>

#include <catch2/catch.hpp>

#include "harness/iam_scene.hpp"
#include "icr/base64.hpp"

namespace provision_test {

namespace {

using namespace itest;

constexpr int kOk = 0;
constexpr int kFailure = 1;
constexpr int kUsage = 2;
constexpr int kNotGood = 3;

const std::string kMine = "key-of-a-person-who-may-manage-the-account";
const std::string kImages =
    R"([{"name":"team/app","reference":"1"},{"name":"shop/web","reference":"2"}])";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A namespace for the Secret, and a person's key that may manage the account.
class Desk {
 public:
  Desk() : ns(cluster().make_namespace("ops")) {
    iam().reset();
    iam().add_key(kMine, {{"manager", true}, {"account", "acct"}});
    iam().set({{"images", json::parse(kImages)}, {"policyPage", 2}});
  }
  ~Desk() { iam().reset(); }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  Finished command(std::vector<std::string> arguments, const std::string& key = kMine) {
    std::vector<std::string> all{environment("ICRPS_OPERATOR")};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const bool knows_cluster =
        arguments.front() == "provision" || arguments.front() == "deprovision";
    if (knows_cluster) all.insert(all.end(), {"--kubeconfig", environment("KUBECONFIG")});
    const std::vector<std::string> common{"--ca-file", iam().ca_file(), "--apikey-file",
                                          scratch_file("key", key)};
    all.insert(all.end(), common.begin(), common.end());
    auto finished = run_command(all);
    CHECK_FALSE(has(finished.out + finished.err, key));
    return finished;
  }
  Finished provision(std::vector<std::string> more, const std::string& name = "pull") {
    std::vector<std::string> arguments{"provision", name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return command(arguments);
  }
  [[nodiscard]] std::string secret_option() const { return ns + "/icr-api-key"; }
  /// What is in the Secret.
  std::string api_key() {
    const auto secret = cluster().secret(ns, "icr-api-key");
    REQUIRE(secret);
    return *icrps::icr::base64_decode((*secret)["data"].value("apikey", ""));
  }

  const std::string ns;
};

/// Keys of service IDs that were made here, and not deleted. Tests before this one leave others.
std::vector<json> live_keys() {
  const auto state = iam().state();
  std::set<std::string> owners;
  for (const auto& one : state["identities"]) owners.insert(one["iam_id"].get<std::string>());
  std::vector<json> keys;
  for (const auto& key : state["keys"]) {
    const bool made_here = owners.contains(key["iamId"].get<std::string>());
    if (made_here && key["state"] != "deleted") keys.push_back(key);
  }
  return keys;
}

std::size_t policy_count() {
  return iam().state()["policies"].size();
}

}  // namespace

TEST_CASE("provision makes what is missing, proves it, and then changes nothing") {
  Desk desk;
  iam().set({{"policyPropagationMs", 2000}, {"propagationMs", 1000}});
  const std::vector<std::string> wish{"--allow",    "team@us-south", "--allow",
                                      "shop@eu-de", "--secret",      desk.secret_option()};
  auto dry = wish;
  dry.emplace_back("--dry-run");
  const auto shown = desk.provision(dry);
  INFO(shown.out << shown.err);
  CHECK(shown.exit_code == kOk);
  CHECK(has(shown.out, "+ service ID pull\n+ policy Reader on shop@eu-de\n"));
  CHECK(iam().state()["identities"].empty());
  CHECK_FALSE(cluster().secret(desk.ns, "icr-api-key"));

  const auto made = desk.provision(wish);
  INFO(made.out << made.err);
  REQUIRE(made.exit_code == kOk);
  CHECK(has(made.out, "us.icr.io  pulled  us.icr.io/team/app"));
  CHECK(has(made.out, "de.icr.io  pulled  de.icr.io/shop/web"));
  CHECK(has(made.out, "apiKey: {secretRef: {name: icr-api-key, key: apikey}}"));
  CHECK(live_keys().size() == 1);
  CHECK(policy_count() == 2);
  const auto key = desk.api_key();
  CHECK_FALSE(has(made.out + made.err, key));

  const auto requests = iam().requests().size();
  const auto again = desk.provision(wish);
  INFO(again.out << again.err);
  CHECK(again.exit_code == kOk);
  CHECK(has(again.out, "nothing to change"));
  CHECK(desk.api_key() == key);
  CHECK(live_keys().size() == 1);
  const auto asked = iam().requests();
  CHECK(std::none_of(asked.begin() + static_cast<long>(requests), asked.end(), [](const json& one) {
    return one["method"] != "GET" && one["host"] == "iam.cloud.ibm.com" &&
           one["path"] != "/identity/token";
  }));
}

TEST_CASE("provision takes away and changes only what it is told to") {
  Desk desk;
  const auto secret = desk.secret_option();
  REQUIRE(
      desk.provision({"--allow", "team@us-south", "--allow", "shop@us-south", "--secret", secret})
          .exit_code == kOk);
  const auto fewer = desk.provision({"--allow", "team@us-south", "--secret", secret});
  CHECK(fewer.exit_code == kOk);
  CHECK(has(fewer.out, "--prune takes away"));
  CHECK(policy_count() == 2);
  const auto other =
      desk.provision({"--allow", "team@us-south", "--role", "writer", "--secret", secret});
  CHECK(other.exit_code == kNotGood);
  CHECK(has(other.err, "--force"));
  const auto forced = desk.provision({"--allow", "team@us-south", "--role", "writer", "--secret",
                                      secret, "--force", "--prune", "-o", "json"});
  INFO(forced.out << forced.err);
  CHECK(forced.exit_code == kOk);
  const auto report = json::parse(forced.out)["identities"][0];
  CHECK(report["steps"].size() == 2);
  CHECK(report["proofs"][0]["result"] == "no image");  // a Writer may not list them
  CHECK(policy_count() == 1);
  const auto table = desk.command({"policies"});
  CHECK(table.exit_code == kOk);
  CHECK(has(table.out, "pull, push"));
  const auto rows = json::parse(desk.command({"policies", "pull", "-o", "json"}).out)["policies"];
  REQUIRE(rows.size() == 1);
  CHECK(rows[0]["who"] == "pull");
  CHECK(rows[0]["namespace"] == "team");
  CHECK(rows[0]["region"] == "us-south");
}

TEST_CASE("provision makes a manager of one service ID's keys") {
  Desk desk;
  const auto made =
      desk.provision({"--allow", "team@us-south", "--manager", "--secret", desk.secret_option()});
  INFO(made.out << made.err);
  REQUIRE(made.exit_code == kOk);
  CHECK(has(made.out, "- name: pull\n      serviceId: {iamId: iam-ServiceId-"));
  CHECK_FALSE(has(made.out, "No API key was made"));
  REQUIRE(live_keys().size() == 1);
  const auto owner = live_keys().front()["iamId"].get<std::string>();
  std::string managed;
  const auto state = iam().state();
  for (const auto& one : state["identities"]) {
    if (one["name"] == "pull") managed = one["iam_id"];
    if (one["name"] == "pull-manager") CHECK(one["iam_id"] == owner);
  }
  CHECK(managed != owner);
}

TEST_CASE("a trusted profile is linked to the operator's service account") {
  Desk desk;
  const auto made = desk.provision(
      {"--allow", "team@us-south", "--trusted-profile", "--cluster", "crn:v1:bluemix:c"});
  INFO(made.out << made.err);
  CHECK(made.exit_code == kOk);
  CHECK(has(made.out, "trustedProfile: {id: Profile-"));
  CHECK(live_keys().empty());
  CHECK(has(desk.provision({"--allow", "team@us-south", "--trusted-profile", "--cluster",
                            "crn:v1:bluemix:c"})
                .out,
            "nothing to change"));
}

TEST_CASE("deprovision takes away what provision made, and nothing else") {
  Desk desk;
  REQUIRE(
      desk.provision({"--allow", "team@us-south", "--secret", desk.secret_option()}).exit_code ==
      kOk);
  const auto shown = desk.command({"deprovision", "pull", "--dry-run"});
  CHECK(shown.exit_code == kOk);
  CHECK(has(shown.out, "- service ID pull"));
  CHECK(live_keys().size() == 1);
  const auto gone = desk.command({"deprovision", "pull"});
  INFO(gone.out << gone.err);
  CHECK(gone.exit_code == kOk);
  CHECK(live_keys().empty());
  CHECK(policy_count() == 0);
  CHECK(iam().state()["identities"].empty());
  CHECK_FALSE(cluster().secret(desk.ns, "icr-api-key"));
  CHECK(has(desk.command({"deprovision", "pull"}).out, "nothing of pull is there"));
}

TEST_CASE("what provision can't do it says, with the role that is missing") {
  Desk desk;
  const std::vector<std::string> wish{"--allow", "team@us-south", "--secret", desk.secret_option()};
  SECTION("somebody else's service ID") {
    iam().add_rule({{"path", "/v1/serviceids/"},
                    {"method", "POST"},
                    {"action", "status"},
                    {"status", 403},
                    {"body", R"({"errors":[{"message_code":"BXNIM0513E","message":"no"}]})"}});
    const auto refused = desk.provision(wish);
    CHECK(refused.exit_code == kFailure);
    CHECK(has(refused.err, "Service ID creator"));
  }
  SECTION("no policies") {
    iam().add_rule({{"path", "/v2/policies"},
                    {"method", "POST"},
                    {"action", "status"},
                    {"status", 403},
                    {"body", R"({"errors":[{"code":"insufficent_permissions","message":"no"}]})"}});
    const auto refused = desk.provision(wish);
    CHECK(refused.exit_code == kFailure);
    CHECK(has(refused.err, "Administrator on Container Registry"));
    CHECK(live_keys().empty());
  }
  SECTION("a namespace that does not exist") {
    const auto refused = desk.provision({"--allow", "team@us-south", "--secret", "no-such/s"});
    CHECK(refused.exit_code == kFailure);
    CHECK(has(refused.err, "kubectl create namespace no-such"));
    CHECK(iam().state()["identities"].empty());
  }
  SECTION("a key that IAM does not know") {
    const auto refused = desk.command({"policies"}, "a-key-that-nobody-knows");
    CHECK(refused.exit_code == kNotGood);
    CHECK(has(refused.err, "BXNIM0415E"));
  }
  SECTION("a place that makes no sense") {
    const auto refused = desk.provision({"--allow", "team@us-sout"});
    CHECK(refused.exit_code == kUsage);
    CHECK(has(refused.err, "--allow"));
  }
}

TEST_CASE("token prints a token that a registry takes") {
  Desk desk;
  const auto printed = desk.command({"token"});
  CHECK(printed.exit_code == kOk);
  CHECK(printed.out.starts_with("eyJ"));
  CHECK(std::count(printed.out.begin(), printed.out.end(), '\n') == 1);
  const auto refresh = desk.command({"token", "--refresh", "-o", "json"});
  CHECK(has(json::parse(refresh.out)["token"].get<std::string>(), "refresh-"));
  CHECK(desk.command({"token"}, "a-key-that-nobody-knows").exit_code == kNotGood);
}

}  // namespace provision_test
