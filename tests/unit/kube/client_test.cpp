#include "kube/client.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"

namespace client_test {

using namespace icrps;
using namespace icrps::kube;
using Kind = ApiError::Kind;

namespace {

struct Rig {
  test::FakeTransport server;
  std::vector<std::string> observed;
  Client client{server, [this](auto verb, auto resource, auto code) {
                  observed.push_back(std::string(verb) + " " + std::string(resource) + " " +
                                     std::string(code));
                }};

  [[nodiscard]] const http::Request& sent() const { return server.requests.at(0); }
  [[nodiscard]] std::string header(const std::string& name) const {
    return test::header(sent().headers, name);
  }
};

const std::string kSecret = test::secret("shop/a@7").dump();
const Path kPath{"secrets", "shop", "a"};

}  // namespace

TEST_CASE("paths in the core group and others", "[kube][client]") {
  CHECK(Path{"namespaces", {}, {}}.target() == "/api/v1/namespaces");
  CHECK(Path{"namespaces", {}, "shop"}.target() == "/api/v1/namespaces/shop");
  CHECK(Path{"secrets", {}, {}}.target() == "/api/v1/secrets");
  CHECK(Path{"secrets", "shop", {}}.target() == "/api/v1/namespaces/shop/secrets");
  CHECK(kPath.target() == "/api/v1/namespaces/shop/secrets/a");
  CHECK(Path{"pods", "shop", "a", "eviction"}.target() ==
        "/api/v1/namespaces/shop/pods/a/eviction");
  CHECK(Path{"pods", "shop", "a", "eviction"}.kind() == "pods/eviction");
  CHECK(kPath.kind() == "secrets");
  CHECK(Path{"leases", "shop", "a", {}, "coordination.k8s.io/v1"}.target() ==
        "/apis/coordination.k8s.io/v1/namespaces/shop/leases/a");
  CHECK(Path{"deployments", "shop", "a", "scale", "apps/v1"}.target() ==
        "/apis/apps/v1/namespaces/shop/deployments/a/scale");
}

TEST_CASE("a subresource answers with anything", "[kube][client]") {
  Rig rig;
  rig.server.will(201, R"({"kind":"Status","status":"Success","code":201})");
  CHECK(rig.client.create({"pods", "shop", "a", "eviction"}, "{1}"));
  CHECK(rig.server.lines.at(0) == "POST /api/v1/namespaces/shop/pods/a/eviction");
  CHECK(rig.observed.at(0) == "POST pods/eviction 201");
}

TEST_CASE("each call is one request of the right shape", "[kube][client]") {
  Rig rig;
  SECTION("get") {
    rig.server.will(200, kSecret);
    const auto reply = rig.client.get(kPath);
    REQUIRE(reply);
    CHECK(reply->name == "a");
    CHECK(reply->resource_version == "7");
    CHECK(rig.server.lines.at(0) == "GET /api/v1/namespaces/shop/secrets/a");
    CHECK(rig.header("Content-Type").empty());
    CHECK(rig.sent().body.empty());
    CHECK(rig.observed.at(0) == "GET secrets 200");
  }
  SECTION("get as text") {
    rig.server.will(200, "{0}");
    CHECK(rig.client.get_text(kPath) == "{0}");
    CHECK(rig.server.lines.at(0) == "GET /api/v1/namespaces/shop/secrets/a");
  }
  SECTION("create") {
    rig.server.will(201, kSecret);
    CHECK(rig.client.create({"secrets", "shop", {}}, "{1}"));
    CHECK(rig.server.lines.at(0) == "POST /api/v1/namespaces/shop/secrets");
    CHECK(rig.header("Content-Type") == "application/json");
    CHECK(rig.sent().body == "{1}");
    CHECK(rig.observed.at(0) == "POST secrets 201");
  }
  SECTION("merge patch") {
    rig.server.will(200, kSecret);
    CHECK(rig.client.patch(kPath, Client::PatchType::kMerge, "{2}"));
    CHECK(rig.server.lines.at(0) == "PATCH /api/v1/namespaces/shop/secrets/a");
    CHECK(rig.header("Content-Type") == "application/merge-patch+json");
    CHECK(rig.sent().body == "{2}");
  }
  SECTION("JSON patch") {
    rig.server.will(200, kSecret);
    CHECK(rig.client.patch(kPath, Client::PatchType::kJson, "[3]"));
    CHECK(rig.header("Content-Type") == "application/json-patch+json");
  }
  SECTION("remove") {
    rig.server.will(200, test::status(200).dump());
    CHECK(rig.client.remove(kPath, "{4}"));
    CHECK(rig.server.lines.at(0) == "DELETE /api/v1/namespaces/shop/secrets/a");
    CHECK(rig.header("Content-Type") == "application/json");
    CHECK(rig.sent().body == "{4}");
    CHECK(rig.observed.at(0) == "DELETE secrets 200");
  }
  CHECK(rig.server.requests.size() == 1);
  CHECK(rig.header("Accept") == "application/json");
  CHECK(rig.header("Authorization").empty());
}

TEST_CASE("selectors are part of a list's address", "[kube][client]") {
  Rig rig;
  Collection pods{"pods", "pods", "shop", "status.phase!=Failed", true};
  pods.label_selector = "app/x=y,tier in (a, b)";
  rig.server.will(200, test::page({}, "7"));
  CHECK(rig.client.list(pods, [](Object&& /*pod*/) {}));
  CHECK(rig.server.lines.at(0) ==
        "GET /api/v1/namespaces/shop/pods?fieldSelector=status.phase!=Failed&"
        "labelSelector=app%2Fx%3Dy%2Ctier%20in%20%28a%2C%20b%29&limit=500");
}

TEST_CASE("422 is a conflict only where a test can have failed", "[kube][client]") {
  Rig rig;
  const auto body =
      test::status(422, "Invalid", "the server rejected our request due to an error in our request")
          .dump();
  rig.server.will(422, body).will(422, body).will(422, body);
  CHECK(rig.client.patch(kPath, Client::PatchType::kJson, "[]").error().kind == Kind::kConflict);
  CHECK(rig.client.patch(kPath, Client::PatchType::kMerge, "{}").error().kind == Kind::kInvalid);
  CHECK(rig.client.create({"secrets", "shop", {}}, "{}").error().kind == Kind::kInvalid);
}

TEST_CASE("an answer that can't be read is the server's failure, and not quoted",
          "[kube][client]") {
  Rig rig;
  rig.server.will(200, "<html>hunter2</html>").will(201, "{}").will(200, "");
  for (int i = 0; i < 3; ++i) {
    const auto reply = rig.client.get(kPath);
    REQUIRE_FALSE(reply);
    CHECK(reply.error().kind == Kind::kServer);
    CHECK(reply.error().message.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("requests without an answer are observed by their failure", "[kube][client]") {
  using Failure = http::Failure::Kind;
  Rig rig;
  rig.server.will(test::failure(Failure::kTimeout)).will(test::failure(Failure::kCanceled));
  CHECK(rig.client.get(kPath).error().kind == Kind::kNoAnswer);
  CHECK(rig.client.get(kPath).error().kind == Kind::kCanceled);
  CHECK(rig.observed == std::vector<std::string>{"GET secrets timeout", "GET secrets canceled"});
}

TEST_CASE("a list whose snapshot expires between two pages goes on with what there is now",
          "[kube][client]") {
  Rig rig;
  const Collection namespaces{"namespaces", "namespaces", {}, {}, true};
  auto expired = test::status(410, "Expired");
  expired["metadata"]["continue"] = "from-here";
  std::vector<std::string> names;
  const auto list = [&] {
    return rig.client.list(namespaces, [&](Object&& one) { names.push_back(one.name); });
  };
  rig.server.will(200, test::page({test::object("a@1")}, "10", "token"));
  SECTION("from where the API server says") {
    rig.server.will(410, expired.dump()).will(200, test::page({test::object("b@12")}, "20"));
    CHECK(list());
    CHECK(names == std::vector<std::string>{"a", "b"});
    CHECK_THAT(rig.server.lines.at(2), Catch::Contains("&continue=from-here"));
  }
  SECTION("unless it does not say") {
    rig.server.will(410, test::status(410, "Expired").dump());
    CHECK_FALSE(list());
  }
  SECTION("or it is not the API server") {
    rig.server.will(410, "<html>");
    const auto listed = list();
    REQUIRE_FALSE(listed);
    CHECK(listed.error().kind == Kind::kServer);
  }
}

}  // namespace client_test
