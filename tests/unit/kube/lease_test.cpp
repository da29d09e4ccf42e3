#include "kube/pure/lease.hpp"

#include <catch2/catch.hpp>

namespace lease_test {

using namespace icrps;
using namespace icrps::kube;
using namespace std::chrono_literals;

namespace {

constexpr const char* kHeld = R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease",
  "metadata":{"name":"icr-pull-secrets","namespace":"icr","resourceVersion":"7"},
  "spec":{"holderIdentity":"pod-a_1","leaseDurationSeconds":15,
          "acquireTime":"2026-11-23T06:20:44.000001Z","renewTime":"2026-11-23T06:21:00.000002Z",
          "leaseTransitions":3}})";

Lease decoded(const char* body) {
  const auto lease = decode_lease(body);
  REQUIRE(lease);
  return *lease;
}

}  // namespace

TEST_CASE("a lease is read as client-go writes it", "[kube][lease]") {
  const Lease lease = decoded(kHeld);
  CHECK(lease.resource_version == "7");
  CHECK(lease.spec ==
        LeaseSpec{"pod-a_1", 15s, "2026-11-23T06:20:44.000001Z", "2026-11-23T06:21:00.000002Z", 3});
}

TEST_CASE("what was written is read again", "[kube][lease]") {
  const LeaseSpec spec{"me", 15s, "a", "b", 4};
  const auto lease = decoded(lease_body("icr-pull-secrets", spec, "12").c_str());
  CHECK(lease.resource_version == "12");
  CHECK(lease.spec == spec);
}

TEST_CASE("what others put on a lease stays on it", "[kube][lease]") {
  const auto lease = decoded(R"({"kind":"Lease","metadata":{"name":"x","namespace":"icr",
      "resourceVersion":"7","uid":"u","labels":{"team":"a"},"annotations":{"note":"b"},
      "managedFields":[{"manager":"kubectl"}]},"spec":{}})");
  const auto again = decoded(lease_body("x", LeaseSpec{}, "7", lease.metadata).c_str());
  CHECK(again.resource_version == "7");
  CHECK(again.metadata == R"({"annotations":{"note":"b"},"labels":{"team":"a"},"name":"x",)"
                          R"("namespace":"icr","uid":"u"})");
}

TEST_CASE("a released lease has no holder and the shortest duration that the API takes",
          "[kube][lease]") {
  const auto body = lease_body("x", LeaseSpec{});
  CHECK(body.find(R"("holderIdentity":"")") != std::string::npos);
  CHECK(body.find(R"("leaseDurationSeconds":1)") != std::string::npos);
  CHECK(body.find("resourceVersion") == std::string::npos);
  CHECK(body.find("acquireTime") == std::string::npos);
}

TEST_CASE("nonsense in a lease reads as a lease that nobody holds for long", "[kube][lease]") {
  CHECK(decoded(R"({"kind":"Lease"})") == Lease{});
  CHECK(decoded(R"({"kind":"Lease","metadata":[],"spec":7})") == Lease{});
  CHECK(decoded(R"({"kind":"Lease","spec":{"holderIdentity":7,"leaseDurationSeconds":"x",
                    "renewTime":false,"leaseTransitions":-1}})") == Lease{});
  CHECK(decoded(R"({"kind":"Lease","spec":{"leaseDurationSeconds":-5}})").spec.duration == 0s);
  CHECK(
      decoded(R"({"kind":"Lease","spec":{"leaseDurationSeconds":99999999999999}})").spec.duration ==
      1h);
}

TEST_CASE("what is no lease is an error", "[kube][lease]") {
  for (const auto* body : {"", "<html>", "[]", "{}", R"({"kind":"Secret"})", R"({"kind":)"}) {
    INFO(body);
    CHECK_FALSE(decode_lease(body));
  }
}

}  // namespace lease_test
