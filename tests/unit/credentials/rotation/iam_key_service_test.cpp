// What the rotation needs of IAM, through the client.
#include "credentials/rotation/iam_key_service.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "unit/support/fake_transport.hpp"

namespace iam_key_service_test {

using namespace icrps;
using namespace icrps::credentials::rotation;
using Kind = iam::Refusal::Kind;

namespace {

const std::string kNo = R"({"errors":[{"code":"no","message_code":"BXNIM0000E","message":"no"}]})";

struct Rig {
  test::FakeTransport server;
  iam::Client client{server, "iam.test", [](auto, auto) {}};
  std::optional<iam::Refusal> refusal;
  IamKeyService keys{
      client,
      {"iam-ServiceId-1", "0123456789abcdef0123456789abcdef"},
      {.get = [this](const std::stop_token&) -> tl::expected<SecretString, iam::Refusal> {
         if (refusal) return tl::unexpected(*refusal);
         return SecretString("token-hunter2");
       },
       .forget = [this] { ++forgotten; }}};
  int forgotten = 0;

  [[nodiscard]] bool carries_token() const {
    return test::header(server.requests.at(0).headers, "Authorization") == "Bearer token-hunter2";
  }
};

}  // namespace

TEST_CASE("the keys of the service ID are listed with the manager's token", "[rotation][iam]") {
  Rig rig;
  rig.server.will(200, R"({"apikeys":[
      {"id":"ApiKey-1","name":"a","iam_id":"iam-ServiceId-1","disabled":false},
      {"id":"ApiKey-2","name":"b","iam_id":"iam-ServiceId-1","disabled":true}]})");
  const auto keys = rig.keys.list({});
  REQUIRE(keys);
  REQUIRE(keys->size() == 2);
  CHECK(keys->at(0).id == "ApiKey-1");
  CHECK_FALSE(keys->at(0).disabled);
  CHECK(keys->at(1).name == "b");
  CHECK(keys->at(1).disabled);
  CHECK(rig.carries_token());
}

TEST_CASE("the limit of keys is read", "[rotation][iam]") {
  Rig rig;
  rig.server.will(200, R"({"apikeys_per_identity":80})").will(403, kNo).will(503);
  CHECK(rig.keys.limit({}) == 80U);
  CHECK(rig.keys.limit({}).error().kind == Kind::kPolicy);
  CHECK(rig.keys.limit({}).error().kind == Kind::kUnknown);
}

TEST_CASE("a 401 fetches a fresh manager token once", "[rotation][iam]") {
  Rig rig;
  SECTION("that is all it takes") {
    rig.server.will(401, kNo).will(204);
    CHECK(rig.keys.remove("ApiKey-1", {}));
    CHECK(rig.forgotten == 1);
  }
  SECTION("then it is the manager that is refused") {
    rig.server.will(401, kNo).will(401, kNo);
    CHECK(rig.keys.remove("ApiKey-1", {}).error().kind == Kind::kRefused);
    CHECK(rig.forgotten == 1);
    CHECK(rig.server.requests.size() == 2);
  }
}

TEST_CASE("what IAM refuses to do to one key says nothing of the manager", "[rotation][iam]") {
  for (const int status : {400, 403, 409, 412, 422, 423}) {
    Rig rig;
    rig.server.will(status, kNo).will(status, kNo);
    CHECK(rig.keys.remove("ApiKey-1", {}).error().kind == Kind::kPolicy);
    CHECK(rig.keys.disable("ApiKey-1", {}).error().kind == Kind::kPolicy);
  }
  for (const int status : {408, 429, 503}) {
    Rig rig;
    rig.server.will(status, kNo);
    CHECK(rig.keys.remove("ApiKey-1", {}).error().kind == Kind::kUnknown);
  }
}

TEST_CASE("what something before IAM says about a key means nothing", "[rotation][iam]") {
  for (const int status : {400, 403, 404, 409, 423}) {
    Rig rig;
    rig.server.will(status, "<html>blocked</html>").will(status);
    CHECK(rig.keys.remove("ApiKey-1", {}).error().kind == Kind::kUnknown);
    CHECK(rig.keys.disable("ApiKey-1", {}).error().kind == Kind::kUnknown);
  }
}

TEST_CASE("the key service makes a key for its service ID", "[rotation][iam]") {
  Rig rig;
  rig.server.will(201, R"({"id":"ApiKey-3","apikey":"hunter2"})");
  const auto key = rig.keys.create("name of the key", {});
  REQUIRE(key);
  CHECK(key->id == "ApiKey-3");
  CHECK(key->value.reveal() == "hunter2");
  const auto& body = rig.server.requests.at(0).body;
  CHECK(body.find("name of the key") != std::string::npos);
  CHECK(body.find("iam-ServiceId-1") != std::string::npos);
  CHECK(rig.carries_token());
}

TEST_CASE("a key is disabled and deleted", "[rotation][iam]") {
  Rig rig;
  rig.server.will(204).will(204).will(
      404, R"({"errors":[{"code":"not_found","message_code":"BXNIM0102E","message":"gone"}]})");
  CHECK(rig.keys.disable("ApiKey-1", {}));
  CHECK(rig.keys.remove("ApiKey-1", {}));
  CHECK(rig.keys.remove("ApiKey-1", {}));
  CHECK(rig.server.lines.at(0) == "POST /v1/apikeys/ApiKey-1/disable");
  CHECK(rig.server.lines.at(1) == "DELETE /v1/apikeys/ApiKey-1");
}

TEST_CASE("without a token of the manager nothing is asked", "[rotation][iam]") {
  Rig rig;
  rig.refusal = iam::Refusal{};
  rig.refusal->kind = Kind::kRefused;
  CHECK(rig.keys.list({}).error().kind == Kind::kRefused);
  CHECK(rig.keys.limit({}).error().kind == Kind::kRefused);
  CHECK(rig.keys.create("name", {}).error().kind == Kind::kRefused);
  CHECK(rig.keys.disable("ApiKey-1", {}).error().kind == Kind::kRefused);
  CHECK(rig.keys.remove("ApiKey-1", {}).error().kind == Kind::kRefused);
  CHECK(rig.server.requests.empty());
}

}  // namespace iam_key_service_test
