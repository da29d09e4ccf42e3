#include "iam/registry_probe.hpp"

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "icr/base64.hpp"
#include "unit/support/fake_transport.hpp"

namespace registry_probe_test {

using namespace icrps;
using namespace std::chrono_literals;
using Kind = iam::Refusal::Kind;
using Failure = http::Failure::Kind;

namespace {

const icr::Login kLogin{"iamapikey", SecretString("hunter2+/x")};
const std::string kBasic = "Basic " + icr::base64_encode("iamapikey:hunter2+/x");
const iam::ImageName kImage{"team/app", "1"};
const std::string kToken = R"({"token":"tok-hunter3","expires_in":300})";

/// All hosts at once: what a transport is asked goes into one script.
struct Rig {
  test::FakeTransport server;
  /// "https://us.icr.io Basic …", one per transport.
  std::vector<std::string> connected;

  /// Hands everything to the shared server.
  class Link final : public http::Transport {
   public:
    explicit Link(test::FakeTransport& server) : server_(server) {}
    http::Result send(const http::Request& request, std::stop_token stop) override {
      return server_.send(request, std::move(stop));
    }
    http::StreamEnd stream(const http::StreamRequest&, const std::function<bool(std::string_view)>&,
                           std::stop_token) override {
      return {};
    }

   private:
    test::FakeTransport& server_;
  };

  iam::RegistryProbe probe{[this](const std::string& origin, std::optional<SecretString> what) {
    connected.push_back(origin + (what ? " " + what->reveal() : ""));
    return std::make_unique<Link>(server);
  }};

  Rig& challenges(const std::string& header) {
    server.will(401, R"({"errors":[{"code":"UNAUTHORIZED"}]})", {{"WWW-Authenticate", header}});
    return *this;
  }
  Rig& challenges() {
    return challenges(R"(Bearer realm="https://us.icr.io/oauth/token",service="registry")");
  }
  auto prove(const std::optional<iam::ImageName>& image = std::nullopt) {
    return probe.prove("us.icr.io", kLogin, image, {});
  }
  /// A refusal, in whose words there is no credential.
  iam::Refusal refused(const std::optional<iam::ImageName>& image = std::nullopt) {
    const auto result = prove(image);
    REQUIRE_FALSE(result);
    const std::string all = result.error().message + result.error().code + result.error().who;
    CHECK(all.find("hunter") == std::string::npos);
    CHECK(all.find(kBasic.substr(6)) == std::string::npos);
    return result.error();
  }
  [[nodiscard]] bool sent_nothing() const {
    return connected == std::vector<std::string>{"https://us.icr.io"} &&
           server.lines == std::vector<std::string>{"GET /v2/"};
  }
};

}  // namespace

TEST_CASE("a login is good when the token endpoint takes it", "[iam][probe]") {
  Rig rig;
  rig.challenges().server.will(200, kToken);
  CHECK(rig.prove());
  CHECK(rig.server.lines ==
        std::vector<std::string>{"GET /v2/", "GET /oauth/token?service=registry"});
  CHECK(rig.connected ==
        std::vector<std::string>{"https://us.icr.io", "https://us.icr.io " + kBasic});
  for (const auto& request : rig.server.requests) {
    CHECK(request.deadline == 10s);
    CHECK(request.max_body == 1U << 20U);
    CHECK(test::header(request.headers, "Authorization").empty());
  }
}

TEST_CASE("the challenge's own words go into the question", "[iam][probe]") {
  Rig rig;
  rig.challenges(R"(Bearer realm=https://private.icr.io/t?a=b, service="re gistry", scope="x:y:*")")
      .server.will(200, R"({"access_token":"t"})");
  CHECK(rig.prove());
  CHECK(rig.server.lines.at(1) == "GET /t?a=b&service=re%20gistry&scope=x%3Ay%3A%2A");
  CHECK(rig.connected.at(1) == "https://private.icr.io " + kBasic);
}

TEST_CASE("the challenge may be in any header of that name", "[iam][probe]") {
  Rig rig;
  rig.server
      .will(401, "",
            {{"WWW-Authenticate", "Basic realm=\"x\""},
             {"www-authenticate", "Bearer realm=\"https://us.icr.io/t\""}})
      .will(200, kToken);
  CHECK(rig.prove());
  CHECK(rig.server.lines.at(1) == "GET /t");
}

TEST_CASE("a registry without GET at its token endpoint is asked by POST", "[iam][probe]") {
  for (const int status : {404, 405}) {
    CAPTURE(status);
    Rig rig;
    rig.challenges().server.will(status).will(200, kToken).will(200);
    CHECK(rig.prove(kImage));
    CHECK(rig.server.lines.at(2) == "POST /oauth/token");
    CHECK(rig.connected.at(2) == "https://us.icr.io");
    CHECK(rig.server.requests.at(2).body ==
          "grant_type=password&service=registry&scope=repository%3Ateam%2Fapp%3Apull&"
          "client_id=icr-pull-secrets&username=iamapikey&password=hunter2%2B%2Fx");
    CHECK(test::header(rig.server.requests.at(2).headers, "Content-Type") ==
          "application/x-www-form-urlencoded");
  }
}

TEST_CASE("the right to pull is asked for with a token for just that", "[iam][probe]") {
  Rig rig;
  rig.challenges().server.will(200, kToken).will(200);
  CHECK(rig.prove(kImage));
  CHECK(rig.server.lines ==
        std::vector<std::string>{
            "GET /v2/", "GET /oauth/token?service=registry&scope=repository%3Ateam%2Fapp%3Apull",
            "HEAD /v2/team/app/manifests/1"});
  CHECK(rig.connected.at(2) == "https://us.icr.io Bearer tok-hunter3");
  CHECK(test::header(rig.server.requests.at(2).headers, "Accept") ==
        "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
        "application/vnd.docker.distribution.manifest.list.v2+json, "
        "application/vnd.docker.distribution.manifest.v2+json");
}

TEST_CASE("what the token endpoint says of the login", "[iam][probe]") {
  struct Row {
    int status;
    std::string body;
    Kind kind;
  };
  const std::vector<Row> rows{
      {400, R"({"errors":[{"code":"BAD","message":"no hunter2+/x"}]})", Kind::kRefused},
      {400, "", Kind::kRefused},
      {401, R"({"errors":[{"code":"UNAUTHORIZED"}]})", Kind::kRefused},
      {401, "<html>hunter2+/x</html>", Kind::kRefused},
      {403, "", Kind::kPolicy},
      {429, "", Kind::kUnknown},
      {500, "", Kind::kUnknown},
      {503, "", Kind::kUnknown},
      {302, "", Kind::kUnknown},
      {200, "", Kind::kUnknown},
      {200, "<html>", Kind::kUnknown},
      {200, "{}", Kind::kUnknown},
      {200, R"({"token":"tok-hunter3")", Kind::kUnknown},
      {204, "", Kind::kUnknown},
  };
  for (const auto& row : rows) {
    CAPTURE(row.status, row.body);
    Rig rig;
    rig.challenges().server.will(row.status, row.body, {{"Location", "https://evil.com/"}});
    const auto refusal = rig.refused(kImage);
    CHECK(refusal.kind == row.kind);
    CHECK(refusal.status == row.status);
    CHECK(refusal.who == "us.icr.io");
    CHECK(rig.server.requests.size() == 2);
  }
}

TEST_CASE("a token endpoint that knows neither way tells nothing", "[iam][probe]") {
  Rig rig;
  rig.challenges().server.will(404).will(404, R"({"errors":[{"code":"NOT_FOUND"}]})");
  CHECK(rig.refused().kind == Kind::kUnknown);
}

TEST_CASE("what the registry says of the image", "[iam][probe]") {
  struct Row {
    int status;
    Kind kind;
    std::string message;
  };
  const std::vector<Row> rows{
      {401, Kind::kPolicy, "us.icr.io: 401 the login is good, but may not pull team/app:1"},
      {403, Kind::kPolicy, "us.icr.io: 403 the login is good, but may not pull team/app:1"},
      {404, Kind::kPolicy,
       "us.icr.io: 404 there is no such image, or not for this login: team/app:1"},
      {400, Kind::kUnknown, "us.icr.io: 400 without a readable error"},
      {429, Kind::kUnknown, "us.icr.io: 429 without a readable error"},
      {500, Kind::kUnknown, "us.icr.io: 500 without a readable error"},
      {307, Kind::kUnknown, "us.icr.io: 307 a redirect, which is not followed"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.status);
    Rig rig;
    rig.challenges().server.will(200, kToken).will(row.status, "", {{"Retry-After", "3"}});
    const auto refusal = rig.refused(kImage);
    CHECK(refusal.kind == row.kind);
    CHECK(refusal.message == row.message);
    CHECK(refusal.retry_after == 3s);
  }
}

TEST_CASE("a digest is named as one", "[iam][probe]") {
  Rig rig;
  rig.challenges().server.will(200, kToken).will(403);
  const auto refusal = rig.refused(iam::ImageName{"a/b", "sha256:12"});
  CHECK(refusal.message.ends_with("may not pull a/b@sha256:12"));
  CHECK(rig.server.lines.at(2) == "HEAD /v2/a/b/manifests/sha256:12");
}

TEST_CASE("a registry that does not ask properly gets no login", "[iam][probe]") {
  Rig rig;
  SECTION("open to all") {
    rig.server.will(200);
  }
  SECTION("forbidden to all") {
    rig.server.will(403);
  }
  SECTION("bad gateway") {
    rig.server.will(502, "<html>");
  }
  SECTION("moved") {
    rig.server.will(301, "", {{"Location", "https://evil.com/v2/"}});
  }
  SECTION("no such thing") {
    rig.server.will(404);
  }
  SECTION("no challenge") {
    rig.server.will(401);
  }
  SECTION("Digest") {
    rig.challenges("Digest realm=\"x\", nonce=\"Basic\"");
  }
  SECTION("garbage") {
    rig.challenges("Bearer realm=\"https://us.icr.io/");
  }
  SECTION("http") {
    rig.challenges("Bearer realm=\"http://us.icr.io/t\"");
  }
  SECTION("a stranger") {
    rig.challenges("Bearer realm=\"https://us.icr.io.evil.com/t\"");
  }
  SECTION("user information") {
    rig.challenges("Bearer realm=\"https://x:y@us.icr.io/t\"");
  }
  SECTION("no connection") {
    rig.server.will(test::failure(Failure::kConnect));
  }
  SECTION("a wrong certificate") {
    rig.server.will(test::failure(Failure::kTls));
  }
  CHECK(rig.refused(kImage).kind == Kind::kUnknown);
  CHECK(rig.sent_nothing());
}

TEST_CASE("a registry that asks for HTTP Basic gets the login with each request", "[iam][probe]") {
  for (const char* header : {"Basic realm=\"Registry Realm\"", "BASIC", "basic realm=x, charset=y",
                             "Digest realm=\"a, b\", Basic realm=\"x\""}) {
    Rig rig;
    rig.challenges(header).server.will(200, "{}").will(200);
    CHECK(rig.prove(kImage));
    CHECK(rig.server.lines ==
          std::vector<std::string>{"GET /v2/", "GET /v2/", "HEAD /v2/team/app/manifests/1"});
    CHECK(rig.connected == std::vector<std::string>{"https://us.icr.io",
                                                    "https://us.icr.io " + kBasic,
                                                    "https://us.icr.io " + kBasic});
  }
}

TEST_CASE("what a registry with HTTP Basic says of a login", "[iam][probe]") {
  struct Row {
    int status;
    Kind kind;
  };
  for (const auto& row : std::vector<Row>{{401, Kind::kRefused},
                                          {403, Kind::kPolicy},
                                          {429, Kind::kUnknown},
                                          {500, Kind::kUnknown}}) {
    CAPTURE(row.status);
    Rig rig;
    rig.challenges("Basic realm=x").server.will(row.status);
    CHECK(rig.refused().kind == row.kind);
  }
  Rig rig;
  rig.challenges("Basic realm=x").server.will(200).will(404);
  CHECK(rig.refused(kImage).kind == Kind::kPolicy);
}

TEST_CASE("a registry that offers both is asked for a token", "[iam][probe]") {
  Rig rig;
  rig.challenges("Basic realm=x, Bearer realm=\"https://us.icr.io/t\"").server.will(200, kToken);
  CHECK(rig.prove());
  CHECK(rig.server.lines.at(1) == "GET /t");
}

TEST_CASE("docker.io is asked where it is", "[iam][probe]") {
  Rig rig;
  rig.challenges(R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io")")
      .server.will(200, kToken)
      .will(200);
  CHECK(rig.probe.prove("docker.io", kLogin, kImage, {}));
  CHECK(rig.connected ==
        std::vector<std::string>{"https://registry-1.docker.io", "https://auth.docker.io " + kBasic,
                                 "https://registry-1.docker.io Bearer tok-hunter3"});
}

TEST_CASE("a refusal says what kept the login here", "[iam][probe]") {
  Rig rig;
  rig.server.will(200);
  CHECK(rig.refused().message ==
        "us.icr.io: answers /v2/ without asking for a login; none was sent");
  rig.challenges("Bearer realm=\"https://evil.com/t\"");
  CHECK(rig.refused().message ==
        "us.icr.io: its token endpoint \"https://evil.com/t\" is at a host that does not belong "
        "to the registry; no login was sent");
}

TEST_CASE("broken off anywhere, a proof is no proof", "[iam][probe]") {
  for (const auto kind : {Failure::kTimeout, Failure::kTooLarge, Failure::kBroken}) {
    for (unsigned answers = 0; answers < 3; ++answers) {
      CAPTURE(answers);
      Rig rig;
      if (answers > 0) rig.challenges();
      if (answers > 1) rig.server.will(200, kToken);
      rig.server.will(test::failure(kind));
      CHECK(rig.refused(kImage).kind == Kind::kUnknown);
    }
  }
  Rig rig;
  rig.challenges().server.will(test::failure(Failure::kCanceled));
  CHECK(rig.refused().kind == Kind::kCanceled);
}

}  // namespace registry_probe_test
