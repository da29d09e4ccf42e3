#include "cli/doctor/report.hpp"

#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "runtime/timestamp.hpp"

namespace doctor_report_test {

using namespace icrps;
using namespace icrps::cli;
using nlohmann::json;

namespace {

Finding a_finding() {
  Finding finding;
  finding.container = "app";
  finding.node = "n1";
  finding.reason = "ErrImagePull";
  auto& facts = finding.facts;
  facts.ns = "shop";
  facts.pod = "web-1";
  facts.image = "us.icr.io/team/app:1";
  facts.symptom = diagnosis::Symptom::kRefused;
  facts.said = "no\x1b[31m\nmore";
  facts.secrets = {{"mine", diagnosis::PullSecret::State::kMissing}, {"icr-default"}};
  facts.entries = {{"icr-default", "us.icr.io", "iambearer", parse_rfc3339("2026-11-23T06:20:44Z"),
                    diagnosis::Entry::Answer::kRefused, "us.icr.io: 401"}};
  facts.node_platform = "linux/amd64";
  finding.verdict = {"login_refused", "the reason", "the command"};
  return finding;
}

}  // namespace

TEST_CASE("a finding is told line by line, with nothing that moves a terminal", "[doctor]") {
  CHECK(doctor_text({a_finding()}, {{"nodes", "forbidden"}}) ==
        "shop/web-1, container app: us.icr.io/team/app:1\n"
        "  verdict  login_refused\n"
        "  why      the reason\n"
        "  next     the command\n"
        "  kubelet  ErrImagePull: no\\x1b[31m\\nmore\n"
        "  secret   mine: missing\n"
        "  entry    Secret icr-default, entry us.icr.io, user iambearer: refused: us.icr.io: 401, "
        "expires at 2026-11-23T06:20:44Z\n"
        "  node     n1, linux/amd64\n"
        "\n"
        "not looked at: nodes: forbidden\n"
        "The registry was asked from here, not from the node: firewalls, proxies and private names "
        "may differ there.\n");
  CHECK(doctor_text({}, {}) == "no pod waits for an image\n");
}

TEST_CASE("a finding as JSON", "[doctor]") {
  const auto all = json::parse(doctor_json({a_finding()}, {{"nodes", "forbidden"}}));
  const auto& one = all["results"][0];
  CHECK(one["verdict"] == "login_refused");
  CHECK(one["fine"] == false);
  CHECK(one["kubelet"]["symptom"] == "refused");
  CHECK(one["secrets"][0] == json{{"name", "mine"}, {"state", "missing"}, {"why", ""}});
  CHECK(one["entries"][0]["expiresAt"] == "2026-11-23T06:20:44Z");
  CHECK(one["entries"][0]["answer"] == "refused");
  CHECK(one["node"]["platform"] == "linux/amd64");
  CHECK(all["notLookedAt"][0] == json{{"what", "nodes"}, {"why", "forbidden"}});
}

}  // namespace doctor_report_test
