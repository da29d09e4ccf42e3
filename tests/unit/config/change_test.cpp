#include "config/change.hpp"

#include <catch2/catch.hpp>

namespace change_test {

using namespace icrps;
using config::Settling;

namespace {

const std::string kBase =
    "apiVersion: icr-pull-secrets/v1alpha1\n"
    "kind: OperatorConfiguration\n"
    "credentials:\n"
    "  - name: default\n"
    "    apiKey: {secretRef: {name: icr-api-key, key: apikey}}\n";

config::Config config_of(const std::string& more) {
  const auto config = config::parse_config(kBase + more, "config.yaml");
  REQUIRE(config);
  return *config;
}

}  // namespace

TEST_CASE("what a changed configuration asks of an operator that runs") {
  struct Case {
    std::string more;
    bool work;
    bool log_level;
    std::vector<std::string> next_start;
  };
  const std::vector<Case> cases{
      {"# only a comment\n", false, false, {}},
      {"endpoints: public\n", false, false, {}},  // the default
      {"endpoints: private\n", true, false, {}},
      {"serviceAccounts: []\n", true, false, {}},
      {"workers: 3\n", true, false, {}},
      {"rescue: {enabled: true}\n", true, false, {}},
      {"events: {success: true}\n", true, false, {}},
      {"liveness: {queue: 20m}\n", true, false, {}},
      {"retired: [old]\n", true, false, {}},
      {"regions: {xx-new: xx.icr.io}\n", true, false, {}},
      {"optIn: {mode: all, regions: [global]}\n", true, false, {}},
      {"iam: {caFile: /ca.pem}\n", true, false, {}},
      {"proxy: {url: 'http://proxy:3128'}\n", true, false, {}},
      {"log: {level: debug}\n", false, true, {}},
      {"log: {format: text}\n", false, false, {"log.format"}},
      {"leaderElection: {enabled: true}\n", false, false, {"leaderElection"}},
      {"leaderElection: {enabled: true}\nlog: {level: warn, format: json}\nproof: off\n",
       true,
       true,
       {"leaderElection", "log.format"}},
  };
  for (const auto& each : cases) {
    INFO(each.more);
    const auto change = config::change_between(config_of(""), config_of(each.more));
    CHECK(change.work == each.work);
    CHECK(change.log_level == each.log_level);
    CHECK(change.next_start == each.next_start);
  }
}

TEST_CASE("each limit of a credential is a change") {
  const auto before = config_of("    regions: [us-south]\n");
  for (const auto* const more : {"", "    regions: [us-south, eu-de]\n",
                                 "    regions: [us-south]\n    namespaces: [shop-*]\n",
                                 "    regions: [us-south]\n    registryNamespaces: [team]\n"}) {
    INFO(more);
    CHECK(config::change_between(before, config_of(more)).work);
  }
}

TEST_CASE("what is read counts when it is new and stays so") {
  Settling settling("a");
  CHECK(settling.see("a") == Settling::Seen::kSame);
  CHECK(settling.see("b") == Settling::Seen::kMoving);
  CHECK(settling.see("bc") == Settling::Seen::kMoving);
  CHECK(settling.see("bc") == Settling::Seen::kSettled);
  CHECK(settling.see("bc") == Settling::Seen::kSame);
  SECTION("half a change that is taken back is none") {
    CHECK(settling.see("d") == Settling::Seen::kMoving);
    CHECK(settling.see("bc") == Settling::Seen::kSame);
    CHECK(settling.see("d") == Settling::Seen::kMoving);
  }
}

}  // namespace change_test
