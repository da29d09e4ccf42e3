#include "cli/inspect/inspect_report.hpp"

#include <algorithm>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "icr/base64.hpp"

namespace inspect_report_test {

namespace {

using namespace icrps;
using nlohmann::json;

std::string token(const std::string& claims) {
  auto payload = icr::base64_encode(claims);
  payload.erase(std::min(payload.find('='), payload.size()));
  return "e30." + payload + ".sig";
}

std::string auth(const std::string& user, const std::string& password) {
  return R"({"auth":")" + icr::base64_encode(user + ":" + password) + R"("})";
}

}  // namespace

TEST_CASE("the report has keys, users and expiry, and never a value") {
  const auto jwt = token(R"({"exp":1790000000})");
  const keyring::PullSecret secret{
      "team/x",
      {},
      SecretString(R"({"auths":{"us.icr.io":)" + auth("iambearer", jwt) + R"(,"us.icr.io/team/":)" +
                   auth("iamapikey", "s3cret") + R"(}})")};
  const auto report = cli::inspect_content(secret, {"us.icr.io/team/app:1"});
  REQUIRE(report);
  CHECK(report->good());
  const auto text = cli::inspect_json(*report);
  const auto document = json::parse(text);
  CHECK(document["entries"][0]["key"] == "us.icr.io");
  CHECK(document["entries"][0]["expiresAt"] == "2026-09-21T14:13:20Z");
  CHECK(document["entries"][1]["expiresAt"].is_null());
  const auto& image = document["images"][0];
  CHECK(image["image"] == "us.icr.io/team/app:1");
  CHECK(image["kubelet"] == json::parse(R"([{"key":"us.icr.io/team/","username":"iamapikey"},
                                            {"key":"us.icr.io","username":"iambearer"}])"));
  CHECK(image["docker"] == json::parse(R"([{"key":"us.icr.io","username":"iambearer"}])"));
  CHECK(image["podman"] == json::parse(R"([{"key":"us.icr.io","username":"iambearer"}])"));
  const auto table = cli::inspect_table(*report, std::chrono::system_clock::now());
  for (const auto& shown : {text, table}) {
    CHECK(shown.find("s3cret") == std::string::npos);
    CHECK(shown.find(jwt) == std::string::npos);
  }
}

}  // namespace inspect_report_test
