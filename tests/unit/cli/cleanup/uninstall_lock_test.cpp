// The second lock of a clean-up against a scripted API server.
#include "cli/cleanup/uninstall_lock.hpp"

#include <catch2/catch.hpp>

#include "cli/options.hpp"
#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"

namespace uninstall_lock_test {

using namespace icrps;
using namespace icrps::cli;
using namespace std::chrono_literals;

namespace {

using LockLines = std::vector<std::string>;

const std::string kSecrets = "GET /api/v1/namespaces/ops/secrets";
const std::string kConfigMaps = "GET /api/v1/namespaces/ops/configmaps";
const std::string kScale = "GET /apis/apps/v1/namespaces/ops/deployments/icr/scale";
const std::string kNone = R"({"metadata": {"resourceVersion": "9"}, "items": []})";
const std::string kOne =
    R"({"metadata": {"resourceVersion": "9"},
        "items": [{"metadata": {"name": "sh.helm.release.v1.icr.v3", "namespace": "ops"}}]})";

std::string scale_to(int replicas) {
  return test::Json{{"spec", {{"replicas", replicas}}}, {"status", {{"selector", "app=x"}}}}.dump();
}

struct LockRig {
  tl::expected<Refusal, std::string> ask() { return locked(session, options, patience); }
  /// Path and query are one line; the limit of a page doesn't matter here.
  [[nodiscard]] LockLines paths() const {
    LockLines found;
    for (const auto& line : server.lines) found.push_back(line.substr(0, line.find('?')));
    return found;
  }

  const SystemClock clock;
  const config::Config config;
  const std::string ns = "ops";
  test::FakeTransport server;
  kube::Client client{server, [](auto, auto, auto) {}};
  Session session{config, client, clock, ns};
  CleanupOptions options;
  const Patience patience{clock, [] { return 0.0; }, clock.now() + 30s};
};

struct HelmLock : LockRig {
  HelmLock() { options.helm_record = "ops/sh.helm.release.v1.icr.v3"; }
};

struct PodsLock : LockRig {
  PodsLock() { options.if_stopped = "icr"; }
};

}  // namespace

TEST_CASE("a record of Helm's has a namespace, a name and a revision", "[cli][cleanup]") {
  const auto record = parse_helm_record("ops/sh.helm.release.v1.icr.v3.v12");
  REQUIRE(record);
  CHECK(record->ns == "ops");
  CHECK(record->name() == "sh.helm.release.v1.icr.v3.v12");
  CHECK(record->name(2) == "sh.helm.release.v1.icr.v3.v14");
  for (const auto* const wrong : {"", "/", "ops", "ops/", "/x.v1", "ops/x", "ops/.v1", "ops/x.v",
                                  "ops/x.v1a", "ops/x.v-1", "a/b/c.v1", "ops/x.v99999999999"}) {
    INFO(wrong);
    CHECK_FALSE(parse_helm_record(wrong));
  }
}

TEST_CASE("a clean-up without a lock is not locked, and asks nobody", "[cli][cleanup]") {
  LockRig rig;
  const auto refusal = rig.ask();
  REQUIRE(refusal);
  CHECK_FALSE(*refusal);
  CHECK(rig.server.lines.empty());
}

TEST_CASE("a record that says uninstalling opens the lock", "[cli][cleanup]") {
  HelmLock rig;
  rig.server.will(200, kOne);
  const auto refusal = rig.ask();
  REQUIRE(refusal);
  CHECK_FALSE(*refusal);
  REQUIRE(rig.server.lines.size() == 1);
  CHECK(rig.server.lines[0].find("status%3Duninstalling") != std::string::npos);
  CHECK(rig.server.lines[0].find("metadata.name=sh.helm.release.v1.icr.v3&") != std::string::npos);
}

TEST_CASE("the record may be a ConfigMap", "[cli][cleanup]") {
  HelmLock rig;
  rig.server.will(200, kNone).will(200, kOne);
  const auto refusal = rig.ask();
  REQUIRE(refusal);
  CHECK_FALSE(*refusal);
  CHECK(rig.paths() == LockLines{kSecrets, kConfigMaps});
}

TEST_CASE("after a rollback it is a later record that says so", "[cli][cleanup]") {
  HelmLock rig;
  rig.server.will(200, kNone).will(200, kNone).will(200, kOne);
  const auto refusal = rig.ask();
  REQUIRE(refusal);
  CHECK_FALSE(*refusal);
  REQUIRE(rig.server.lines.size() == 3);
  CHECK(rig.server.lines[2].find("icr.v4") != std::string::npos);
}

TEST_CASE("without a record that says so nothing may be removed", "[cli][cleanup]") {
  HelmLock rig;
  for (unsigned record = 0; record < kRecordsToTry; ++record) {
    rig.server.will(200, kNone).will(200, kNone);
  }
  const auto refusal = rig.ask();
  REQUIRE(refusal);
  REQUIRE(*refusal);
  CHECK((*refusal)->find("Nothing was stopped or removed") != std::string::npos);
  CHECK((*refusal)->find("ops/sh.helm.release.v1.icr.v3") != std::string::npos);
}

TEST_CASE("who may not read the record can't tell, and is not let through", "[cli][cleanup]") {
  HelmLock rig;
  rig.server.will(403, test::status(403, "Forbidden", "secrets is forbidden").dump());
  const auto refusal = rig.ask();
  REQUIRE_FALSE(refusal);
  CHECK(refusal.error().find("secrets is forbidden") != std::string::npos);
}

TEST_CASE("a Deployment that is to run pods keeps the lock shut", "[cli][cleanup]") {
  PodsLock rig;
  rig.server.will(200, scale_to(2));
  const auto refusal = rig.ask();
  REQUIRE(refusal);
  REQUIRE(*refusal);
  CHECK((*refusal)->find("is to run 2 pods") != std::string::npos);
  CHECK(rig.server.lines == LockLines{kScale});
}

TEST_CASE("a Deployment that was scaled to 0, or is gone, opens the lock", "[cli][cleanup]") {
  PodsLock rig;
  SECTION("scaled to 0") {
    rig.server.will(200, scale_to(0));
  }
  SECTION("gone") {
    rig.server.will(404, test::status(404, "NotFound", "not found").dump());
  }
  const auto refusal = rig.ask();
  REQUIRE(refusal);
  CHECK_FALSE(*refusal);
}

TEST_CASE("a Deployment that can't be read keeps the lock shut", "[cli][cleanup]") {
  PodsLock rig;
  rig.server.will(403, test::status(403, "Forbidden", "deployments is forbidden").dump());
  CHECK_FALSE(rig.ask());
}

TEST_CASE("of two locks both must be open", "[cli][cleanup]") {
  HelmLock rig;
  rig.options.if_stopped = "icr";
  rig.server.will(200, kOne).will(200, scale_to(1));
  const auto refusal = rig.ask();
  REQUIRE(refusal);
  CHECK(*refusal);
}

}  // namespace uninstall_lock_test
