#include "cli/provision/options.hpp"

#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/provision/report.hpp"

namespace options_test {

using namespace icrps;

namespace {

const auto kRegions = icr::RegionTable::builtin();

cli::ProvisionOptions good() {
  cli::ProvisionOptions options;
  options.name = "cluster-1";
  options.allow = {"team@us-south", "shop", "team@us-south"};
  options.secret = "ops/icr-api-key";
  return options;
}

std::string wrong(const cli::ProvisionOptions& options) {
  const auto request = cli::read_request(options, kRegions);
  return request ? "" : request.error();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("what provision is asked for", "[cli][provision]") {
  auto options = good();
  options.role = "writer";
  options.images = {"us.icr.io/team/app:1"};
  const auto request = cli::read_request(options, kRegions);
  REQUIRE(request);
  CHECK(request->role == "Writer");
  CHECK(request->places ==
        std::vector<provision::Place>{{"shop", ""}, {"team", "us-south"}});  // each once
  CHECK(request->secret->ns == "ops");
  CHECK(request->secret->name == "icr-api-key");
  CHECK_FALSE(request->link);
  CHECK(request->images.front().host == "us.icr.io");
}

TEST_CASE("the namespace of the Secret may stand apart", "[cli][provision]") {
  auto options = good();
  options.ns = "apps";
  CHECK(cli::read_request(options, kRegions)->secret->ns == "ops");  // it says so itself
  options.secret = "icr-api-key";
  const auto request = cli::read_request(options, kRegions);
  REQUIRE(request);
  CHECK(request->secret->ns == "apps");
  CHECK(request->secret->name == "icr-api-key");
  options.ns = "A/b";
  CHECK(has(wrong(options), "accepted: NAMESPACE/NAME"));
  options.ns = "apps";
  options.secret.clear();
  CHECK(has(wrong(options), "-n is the namespace of --secret NAME"));
}

TEST_CASE("a trusted profile is for a service account of a cluster", "[cli][provision]") {
  auto options = good();
  options.secret.clear();
  options.trusted_profile = true;
  options.cluster = "crn:v1:bluemix:c";
  options.cluster_type = "roks";
  const auto request = cli::read_request(options, kRegions);
  REQUIRE(request);
  CHECK(request->link->type == "ROKS_SA");
  CHECK(request->link->ns == "icr-pull-secrets");
  options.secret = "ops/s";
  CHECK(has(wrong(options), "without any key"));
  options.secret.clear();
  options.cluster = "cluster-1";
  CHECK(has(wrong(options), "CRN"));
  options.trusted_profile = false;
  CHECK(has(wrong(options), "--trusted-profile"));
}

TEST_CASE("a command line that makes no sense", "[cli][provision]") {
  auto options = good();
  SECTION("NAME") {
    options.name = "Cluster 1";
    CHECK(has(wrong(options), "NAME \"Cluster 1\""));
  }
  SECTION("no place") {
    options.allow.clear();
    CHECK(has(wrong(options), "--allow is missing"));
  }
  SECTION("a wrong place") {
    options.allow = {"team@mars"};
    CHECK(has(wrong(options), "--allow"));
  }
  SECTION("a Secret without a namespace") {
    options.secret = "icr-api-key";
    CHECK(has(wrong(options), "--secret \"icr-api-key\": accepted: NAMESPACE/NAME"));
  }
  SECTION("a manager whose key has no place") {
    options.manager = true;
    options.secret.clear();
    CHECK(has(wrong(options), "--manager"));
  }
  SECTION("an image") {
    options.images = {"team"};
    CHECK(has(wrong(options), "--image"));
  }
}

TEST_CASE("the report of a run", "[cli][provision]") {
  cli::ProvisionReport report;
  report.account = "A";
  report.wish.name = "pull";
  report.wish.secret = provision::SecretPlace{"uid", "ops", "icr-api-key"};
  report.held.identities = {{iam::IdentityKind::kServiceId, "ServiceId-1", "iam-ServiceId-1",
                             "pull", provision::mark_of("pull"), "A", false}};
  report.proofs = {{{"team", "us-south"}, "us.icr.io", provision::Proof::Result::kPulled, "img"}};
  const auto text = cli::provision_text(report);
  INFO(text);
  CHECK(text.starts_with("nothing to change\n"));
  CHECK(has(text, "team@us-south  us.icr.io  pulled  img\n"));
  CHECK(has(text, "apiKey: {secretRef: {name: icr-api-key, key: apikey}}"));
  report.manages = "ServiceId-0";
  report.manages_name = "puller";
  CHECK(has(cli::provision_text(report), "- name: puller\n"));
  CHECK(has(cli::provision_text(report), "serviceId: {iamId: iam-ServiceId-0, accountId: A"));
  const auto json = nlohmann::json::parse(cli::provision_json({report}))["identities"][0];
  CHECK(json["id"] == "ServiceId-1");
  CHECK(json["proofs"][0]["result"] == "pulled");
  report.stopped = "why";
  CHECK_FALSE(has(cli::provision_text(report), "configuration"));
}

}  // namespace options_test
