// Of two installations in one namespace the second is told whose it is.
#include "cli/claim.hpp"

#include <catch2/catch.hpp>

#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"

namespace claim_test {

using namespace icrps;
using namespace icrps::cli;
using Words = std::vector<std::string>;

namespace {

const std::string kRecords = "/api/v1/namespaces/ops/configmaps";
const std::string kRecord = kRecords + "/icr-pull-secrets-status";

struct Rig {
  test::FakeTransport server;
  kube::Client client{server, [](auto, auto, auto) {}};
  const Installation first{"ops", "first"};

  static std::string record(const std::string& installation = {}) {
    auto object = test::object("ops/icr-pull-secrets-status@7");
    if (!installation.empty()) {
      object["metadata"]["annotations"] = {{"icr-pull-secrets/installation", installation}};
    }
    return object.dump();
  }
};

}  // namespace

TEST_CASE("who comes first has the namespace", "[cli][claim]") {
  Rig rig;
  SECTION("without a record") {
    rig.server.will(404, test::status(404, "NotFound").dump()).will(201, Rig::record("first"));
    CHECK_FALSE(claim(rig.client, rig.first, {}));
    CHECK(rig.server.lines == Words{"GET " + kRecord, "POST " + kRecords});
  }
  SECTION("with a record from before") {
    rig.server.will(200, Rig::record()).will(200, Rig::record("first"));
    CHECK_FALSE(claim(rig.client, rig.first, {}));
    CHECK(rig.server.lines == Words{"GET " + kRecord, "PATCH " + kRecord});
    CHECK_THAT(rig.server.requests[1].body,
               Catch::Contains(R"("icr-pull-secrets/installation":"first")") &&
                   Catch::Contains(R"("resourceVersion":"7")"));
  }
  SECTION("and keeps it without a write") {
    rig.server.will(200, Rig::record("first"));
    CHECK_FALSE(claim(rig.client, rig.first, {}));
    CHECK(rig.server.lines.size() == 1);
  }
  SECTION("unless somebody was faster") {
    rig.server.will(404, test::status(404, "NotFound").dump())
        .will(409, test::status(409, "AlreadyExists").dump())
        .will(200, Rig::record("second"));
    CHECK(claim(rig.client, rig.first, {}));
  }
}

TEST_CASE("who comes second is told why it may not run", "[cli][claim]") {
  Rig rig;
  rig.server.will(200, Rig::record("second")).will(200, Rig::record("second"));
  const auto why = taken_by_another(rig.client, rig.first);
  REQUIRE(why);
  CHECK_THAT(*why, Catch::Contains("belongs to the installation \"second\"") &&
                       Catch::Contains("this one is \"first\""));
  CHECK(claim(rig.client, rig.first, {}) == why);
}

TEST_CASE("without an answer, a name or a right nobody is held up", "[cli][claim]") {
  Rig rig;
  SECTION("no name") {
    CHECK_FALSE(taken_by_another(rig.client, {"ops", ""}));
    CHECK_FALSE(claim(rig.client, {"ops", ""}, {}));
    CHECK(rig.server.lines.empty());
  }
  SECTION("no answer") {
    rig.server.will(503);
    CHECK_FALSE(taken_by_another(rig.client, rig.first));
  }
  SECTION("no right") {
    rig.server.will(403, test::status(403, "Forbidden").dump());
    CHECK_FALSE(claim(rig.client, rig.first, {}));
    CHECK(rig.server.lines.size() == 1);
  }
}

}  // namespace claim_test
