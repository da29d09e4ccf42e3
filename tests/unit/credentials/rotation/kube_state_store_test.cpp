// The state in its Secret: one request each, guarded.
#include "credentials/rotation/kube_state_store.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"

namespace kube_state_store_test {

using namespace icrps;
using namespace icrps::credentials::rotation;
using Kind = StoreFault::Kind;

namespace {

const std::string kSecret = "op/icr-pull-secrets-state-rotating@7";

struct Rig {
  test::FakeTransport server;
  kube::Client client{server, [](auto, auto, auto) {}};
  KubeStateStore store{client, "op", "rotating"};

  [[nodiscard]] test::Json sent() const { return test::Json::parse(server.requests.at(0).body); }
};

std::string secret(const std::string& text) {
  return test::secret(kSecret, {{"state.json", text}, {"other", "x"}}).dump();
}

}  // namespace

TEST_CASE("a state is read with its version and the request to rotate", "[rotation][store]") {
  Rig rig;
  auto object = test::Json::parse(secret("hunter2"));
  object["metadata"]["annotations"] = {{"icr-pull-secrets/rotate-requested", "then"}};
  rig.server.will(200, object.dump());
  const auto stored = rig.store.load({});
  REQUIRE(stored);
  REQUIRE(*stored);
  CHECK(rig.server.lines.at(0) ==
        "GET /api/v1/namespaces/op/secrets/icr-pull-secrets-state-rotating");
  CHECK((*stored)->text->reveal() == "hunter2");
  CHECK((*stored)->version.resource_version == "7");
  CHECK((*stored)->version.uid == object["metadata"]["uid"]);
  CHECK((*stored)->rotate_requested == "then");
}

TEST_CASE("no Secret, and a Secret without a state", "[rotation][store]") {
  Rig rig;
  rig.server.will(404, test::status(404).dump()).will(200, test::secret(kSecret).dump());
  auto stored = rig.store.load({});
  REQUIRE(stored);
  CHECK_FALSE(*stored);
  stored = rig.store.load({});
  REQUIRE(stored);
  REQUIRE(*stored);
  CHECK_FALSE((*stored)->text);
  CHECK_FALSE((*stored)->rotate_requested);
}

TEST_CASE("a state that is no base64 is not taken for none", "[rotation][store]") {
  Rig rig;
  auto object = test::Json::parse(secret("x"));
  object["data"]["state.json"] = "hunter2!";
  rig.server.will(200, object.dump());
  const auto stored = rig.store.load({});
  REQUIRE(stored);
  REQUIRE((*stored)->text);
}

TEST_CASE("a first save creates the Secret", "[rotation][store]") {
  Rig rig;
  rig.server.will(201, secret("hunter2"));
  const auto version = rig.store.save(SecretString("hunter2"), std::nullopt, {});
  REQUIRE(version);
  CHECK(version->resource_version == "7");
  CHECK(rig.server.lines.at(0) == "POST /api/v1/namespaces/op/secrets");
  const auto body = rig.sent();
  CHECK(body["metadata"]["name"] == "icr-pull-secrets-state-rotating");
  CHECK(body["type"] == "Opaque");
  CHECK(body["data"]["state.json"] == "aHVudGVyMg==");
  // It is no copy: what looks after copies must not find it.
  CHECK_FALSE(body["metadata"]["labels"].contains("app.kubernetes.io/managed-by"));
}

TEST_CASE("a later save hits what was loaded, or nothing", "[rotation][store]") {
  Rig rig;
  rig.server.will(200, secret("hunter2"));
  REQUIRE(rig.store.save(SecretString("hunter2"), StateVersion{"u", "6"}, {}));
  CHECK(rig.server.lines.at(0) ==
        "PATCH /api/v1/namespaces/op/secrets/icr-pull-secrets-state-rotating");
  CHECK(test::header(rig.server.requests.at(0).headers, "Content-Type") ==
        "application/merge-patch+json");
  CHECK(rig.sent() == test::Json{{"metadata", {{"uid", "u"}, {"resourceVersion", "6"}}},
                                 {"data", {{"state.json", "aHVudGVyMg=="}}}});
}

TEST_CASE("refusals are sorted by what is to be done", "[rotation][store]") {
  struct Case {
    int status;
    std::string reason;
    Kind kind;
  };
  for (const auto& [status, reason, kind] :
       std::vector<Case>{{409, "Conflict", Kind::kConflict},
                         {409, "AlreadyExists", Kind::kConflict},
                         {404, "NotFound", Kind::kConflict},
                         {403, "Forbidden", Kind::kForbidden},
                         {422, "Invalid", Kind::kForbidden},
                         {429, "TooManyRequests", Kind::kUnavailable},
                         {401, "Unauthorized", Kind::kUnavailable},
                         {500, "InternalError", Kind::kUnavailable}}) {
    Rig rig;
    rig.server.will(status, test::status(status, reason, "words").dump());
    const auto version = rig.store.save(SecretString("hunter2"), StateVersion{"u", "6"}, {});
    REQUIRE_FALSE(version);
    CHECK(version.error().kind == kind);
    CHECK(version.error().message == "words");
  }
  using Failure = http::Failure::Kind;
  Rig rig;
  rig.server.will(test::failure(Failure::kTimeout)).will(test::failure(Failure::kCanceled));
  CHECK(rig.store.load({}).error().kind == Kind::kUnavailable);
  CHECK(rig.store.load({}).error().kind == Kind::kCanceled);
}

}  // namespace kube_state_store_test
