#include "iam/client.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/fake_transport.hpp"

namespace client_test {

using namespace icrps;
using namespace std::chrono_literals;
using Kind = iam::Refusal::Kind;
using Failure = http::Failure::Kind;

namespace {

const SecretString kApiKey(std::string("hunter2+/= &key"));
const SecretString kBearer(std::string("bearer-hunter3"));
const std::string kIamId = "iam-ServiceId-1";
const std::string kAccount = "0123456789abcdef0123456789abcdef";
const std::string kToken = R"({"access_token":"a.b.c","refresh_token":"r","expires_in":3600})";
const std::string kMissing =
    R"({"errors":[{"code":"not_found","message_code":"BXNIM0102E","message":"not found"}]})";

struct Rig {
  test::FakeTransport server;
  std::vector<std::string> observed;
  iam::Client client{server, "iam.example.com", [this](auto what, auto code) {
                       observed.push_back(std::string(what) + " " + std::string(code));
                     }};

  [[nodiscard]] const http::Request& sent() const { return server.requests.at(0); }
  [[nodiscard]] std::string header(const std::string& name) const {
    return test::header(sent().headers, name);
  }
  auto list() { return client.list_keys(kBearer, kIamId, kAccount, {}); }
  auto create() { return client.create_key(kBearer, kIamId, kAccount, "name", "why", {}); }
};

/// A page of `GET /v1/apikeys`.
std::string page(const std::vector<std::string>& ids, const std::string& next = {},
                 const std::string& owner = kIamId) {
  std::string keys;
  for (const auto& id : ids) {
    keys += (keys.empty() ? "" : ",") + std::string(R"({"id":")") + id +
            R"(","entity_tag":"t","name":"n","iam_id":")" + owner +
            R"(","account_id":"acct","created_at":"2026-11-23T09:10+0000","disabled":true,)" +
            R"("locked":false,"apikey":"stored-hunter4","history":[{"id":"x"}]})";
  }
  return R"({"offset":0,"limit":100,"first":"https://iam.example.com/v1/apikeys",)" +
         (next.empty() ? std::string() : R"("next":")" + next + R"(",)") + R"("apikeys":[)" + keys +
         "]}";
}

void check_quiet(const iam::Refusal& refusal) {
  const std::string all = refusal.message + refusal.code + refusal.who;
  CHECK(all.find("hunter") == std::string::npos);
  CHECK_FALSE(refusal.message.empty());
}

}  // namespace

TEST_CASE("an API key is exchanged for a token", "[iam][client]") {
  Rig rig;
  rig.server.will(200, kToken);
  const auto token = rig.client.token_by_api_key(kApiKey, {});
  REQUIRE(token);
  CHECK(token->access.reveal() == "a.b.c");
  CHECK(rig.server.lines.at(0) == "POST /identity/token");
  CHECK(rig.sent().body ==
        "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&response_type=cloud_iam&"
        "apikey=hunter2%2B%2F%3D%20%26key");
  CHECK(rig.header("Content-Type") == "application/x-www-form-urlencoded");
  CHECK(rig.header("Accept") == "application/json");
  CHECK(rig.header("Authorization").empty());
  CHECK(rig.sent().deadline == 10s);
  CHECK(rig.sent().max_body == 1U << 20U);
  CHECK(rig.observed == std::vector<std::string>{"token 200"});
}

TEST_CASE("a session is asked for as the command line's client", "[iam][client]") {
  Rig rig;
  rig.server.will(200, kToken);
  const auto token = rig.client.session_by_api_key(kApiKey, {});
  REQUIRE(token);
  CHECK(token->refresh.reveal() == "r");
  CHECK(rig.header("Authorization") == "Basic Yng6Yng=");
  CHECK(rig.sent().body.find("grant-type%3Aapikey&") != std::string::npos);
}

TEST_CASE("a service-account token is exchanged for a profile's token", "[iam][client]") {
  Rig rig;
  rig.server.will(200, kToken);
  CHECK(rig.client.token_by_compute_resource(SecretString("sa.j.w"), "Profile-1", {}));
  CHECK(rig.sent().body ==
        "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Acr-token&profile_id=Profile-1&"
        "cr_token=sa.j.w");
  CHECK(rig.header("Authorization").empty());
}

TEST_CASE("what IAM answers to a login is passed on in kind", "[iam][client]") {
  Rig rig;
  rig.server
      .will(400, R"({"errorCode":"BXNIM0415E","errorMessage":"key hunter2+/= &key not found"})")
      .will(403, R"({"errorCode":"BXNIM0513E","errorMessage":"no"})")
      .will(429, "", {{"Retry-After", "9"}})
      .will(302, "", {{"Location", "https://example.com/?apikey=hunter2"}})
      .will(200, "<html>hunter2</html>")
      .will(test::failure(Failure::kTooLarge))
      .will(test::failure(Failure::kTls))
      .will(test::failure(Failure::kCanceled));
  const std::vector<Kind> kinds{Kind::kRefused, Kind::kPolicy,  Kind::kUnknown, Kind::kUnknown,
                                Kind::kUnknown, Kind::kUnknown, Kind::kUnknown, Kind::kCanceled};
  std::vector<iam::Refusal> refusals;
  for (const auto kind : kinds) {
    const auto token = rig.client.token_by_api_key(kApiKey, {});
    REQUIRE_FALSE(token);
    CHECK(token.error().kind == kind);
    check_quiet(token.error());
    refusals.push_back(token.error());
  }
  CHECK(refusals.at(0).code == iam::kKeyNotFound);
  CHECK(refusals.at(2).retry_after == 9s);
  CHECK(rig.server.requests.size() == kinds.size());
  CHECK(rig.observed == std::vector<std::string>{"token 400", "token 403", "token 429", "token 302",
                                                 "token 200", "token too_large", "token tls",
                                                 "token canceled"});
}

TEST_CASE("a firewall's page before IAM says nothing of a credential", "[iam][client]") {
  for (const int code : {400, 401, 403}) {
    Rig rig;
    rig.server.will(code, "<html>Request blocked</html>").will(code, R"({"error":"blocked"})");
    INFO(code);
    const auto token = rig.client.token_by_api_key(kApiKey, {});
    REQUIRE_FALSE(token);
    CHECK(token.error().kind == Kind::kUnknown);
    const auto keys = rig.list();
    REQUIRE_FALSE(keys);
    CHECK(keys.error().kind == Kind::kUnknown);
  }
}

TEST_CASE("a key is made for the service ID", "[iam][client]") {
  Rig rig;
  rig.server.will(201, R"({"id":"ApiKey-1","crn":"c","name":"name","apikey":"value"})");
  const auto key = rig.create();
  REQUIRE(key);
  CHECK(key->id == "ApiKey-1");
  CHECK(key->value.reveal() == "value");
  CHECK(rig.server.lines.at(0) == "POST /v1/apikeys");
  CHECK(rig.sent().body == R"({"account_id":")" + kAccount +
                               R"(","description":"why","iam_id":"iam-ServiceId-1",)"
                               R"("name":"name","store_value":false})");
  CHECK(rig.header("Authorization") == "Bearer bearer-hunter3");
  CHECK(rig.header("Content-Type") == "application/json");
  CHECK(rig.header("Accept") == "application/json");
  CHECK(rig.observed == std::vector<std::string>{"create key 201"});
}

TEST_CASE("names that are not UTF-8 don't break a request", "[iam][client]") {
  Rig rig;
  rig.server.will(201, R"({"id":"ApiKey-1","apikey":"value"})");
  CHECK(rig.client.create_key(kBearer, kIamId, kAccount, "\xff\"", "", {}));
  CHECK(rig.sent().body.find("\xff") == std::string::npos);
}

TEST_CASE("whether a key was made may stay unknown", "[iam][client]") {
  Rig rig;
  SECTION("the answer is lost") {
    rig.server.will(test::failure(Failure::kBroken));
  }
  SECTION("no answer in time") {
    rig.server.will(test::failure(Failure::kTimeout));
  }
  SECTION("no value") {
    rig.server.will(201, R"({"id":"ApiKey-1"})");
  }
  SECTION("no id") {
    rig.server.will(201, R"({"apikey":"hunter5"})");
  }
  SECTION("not a value") {
    rig.server.will(201, R"({"id":"ApiKey-1","apikey":"hunter5 x"})");
  }
  SECTION("cut off") {
    rig.server.will(201, R"({"id":"ApiKey-1","apikey":"hunter5")");
  }
  SECTION("HTML") {
    rig.server.will(200, "<html>hunter5</html>");
  }
  SECTION("an error of the server") {
    rig.server.will(500, "hunter5");
  }
  const auto key = rig.create();
  REQUIRE_FALSE(key);
  CHECK(key.error().kind == Kind::kUnknown);
  check_quiet(key.error());
  CHECK(rig.server.requests.size() == 1);
}

TEST_CASE("no key is made over the limit or without rights", "[iam][client]") {
  Rig rig;
  rig.server.will(422, R"({"errors":[{"code":"x","message_code":"BXNIM0151E","message":"limit"}]})")
      .will(403, R"({"errors":[{"code":"x","message_code":"BXNIM0513E","message":"no"}]})")
      .will(401, R"({"errors":[{"code":"x","message":"for bearer-hunter3"}]})");
  CHECK(rig.create().error().kind == Kind::kLimit);
  CHECK(rig.create().error().kind == Kind::kPolicy);
  const auto refused = rig.create();
  CHECK(refused.error().kind == Kind::kRefused);
  check_quiet(refused.error());
}

TEST_CASE("all pages of a list are read", "[iam][client]") {
  Rig rig;
  rig.server
      .will(200, page({"ApiKey-1", "ApiKey-2"},
                      "https://iam.example.com/v1/apikeys?pagesize=100&pagetoken=p%2F2"))
      .will(200, page({"ApiKey-3"}));
  const auto keys = rig.list();
  REQUIRE(keys);
  REQUIRE(keys->size() == 3);
  CHECK(keys->at(0).id == "ApiKey-1");
  CHECK(keys->at(0).name == "n");
  CHECK(keys->at(0).iam_id == kIamId);
  CHECK(keys->at(0).account_id == "acct");
  CHECK(keys->at(0).created_at == "2026-11-23T09:10+0000");
  CHECK(keys->at(0).disabled);
  CHECK_FALSE(keys->at(0).locked);
  CHECK(keys->at(2).id == "ApiKey-3");
  const std::string first = "GET /v1/apikeys?account_id=" + kAccount +
                            "&iam_id=iam-ServiceId-1&pagesize=100&type=serviceid";
  CHECK(rig.server.lines == std::vector<std::string>{first, first + "&pagetoken=p%2F2"});
  CHECK(rig.header("Authorization") == "Bearer bearer-hunter3");
}

TEST_CASE("an empty list is a list", "[iam][client]") {
  Rig rig;
  rig.server.will(200, page({})).will(200, R"({"next":null,"apikeys":[]})");
  CHECK(rig.list()->empty());
  CHECK(rig.list()->empty());
}

TEST_CASE("keys of others are left out", "[iam][client]") {
  Rig rig;
  rig.server.will(200, page({"ApiKey-1"}, {}, "iam-ServiceId-2"));
  CHECK(rig.list()->empty());
}

TEST_CASE("a link to another host leads nowhere but to the next page", "[iam][client]") {
  Rig rig;
  rig.server.will(200, page({"ApiKey-1"}, "https://evil.example.net/steal?pagetoken=p2"))
      .will(200, page({"ApiKey-2"}));
  CHECK(rig.list()->size() == 2);
  CHECK(rig.server.lines.at(1).starts_with("GET /v1/apikeys?account_id="));
  CHECK(rig.server.lines.at(1).ends_with("&pagetoken=p2"));
}

TEST_CASE("a link that makes no sense is an answer that makes none", "[iam][client]") {
  for (const std::string next :
       {"https://evil.example.net/", "https://iam.example.com/v1/apikeys?page=2", "x",
        "https://iam.example.com/v1/apikeys?pagetoken=",
        "https://iam.example.com/v1/apikeys?pagetoken=a%2", "?pagetoken=a b", "?pagetoken=a#b",
        "?xpagetoken=a", "?pagetoken=\\u0001", "?pagetoken=\xc3\xa4"}) {
    CAPTURE(next);
    Rig rig;
    rig.server.will(200, page({"ApiKey-1"}, next));
    const auto keys = rig.list();
    REQUIRE_FALSE(keys);
    CHECK(keys.error().kind == Kind::kUnknown);
    CHECK(rig.server.requests.size() == 1);
  }
}

TEST_CASE("a list without an end is given up", "[iam][client]") {
  Rig rig;
  SECTION("always the same page") {
    rig.server.answer = [](const auto&) {
      return test::response(200, page({"ApiKey-1"}, "?pagetoken=again"));
    };
    CHECK(rig.list().error().kind == Kind::kUnknown);
    CHECK(rig.server.requests.size() == 2);
  }
  SECTION("always a new page") {
    int count = 0;
    rig.server.answer = [&count](const auto&) {
      return test::response(200, page({"ApiKey-1"}, "?pagetoken=" + std::to_string(++count)));
    };
    const auto keys = rig.list();
    CHECK(keys.error().kind == Kind::kUnknown);
    CHECK(keys.error().message == "iam.example.com: a list of keys without an end");
    CHECK(rig.server.requests.size() == 50);
  }
}

TEST_CASE("half a list is none", "[iam][client]") {
  Rig rig;
  rig.server.will(200, page({"ApiKey-1"}, "?pagetoken=2"));
  SECTION("the second page fails") {
    rig.server.will(503, "");
  }
  SECTION("it is cut off") {
    const auto whole = page({"ApiKey-2"});
    rig.server.will(200, whole.substr(0, whole.size() - 2));
  }
  SECTION("it has no list") {
    rig.server.will(200, "{}");
  }
  SECTION("its list is an object") {
    rig.server.will(200, R"({"apikeys":{}})");
  }
  SECTION("its list is deeper") {
    rig.server.will(200, R"({"data":{"apikeys":[]}})");
  }
  SECTION("a key has no id") {
    rig.server.will(200, page({""}));
  }
  SECTION("HTML") {
    rig.server.will(200, "<html>hunter5</html>");
  }
  const auto keys = rig.list();
  REQUIRE_FALSE(keys);
  CHECK(keys.error().kind == Kind::kUnknown);
  check_quiet(keys.error());
}

TEST_CASE("a key is disabled, also twice", "[iam][client]") {
  Rig rig;
  rig.server.will(204).will(204).will(404, kMissing);
  CHECK(rig.client.disable_key(kBearer, "ApiKey-1", {}));
  CHECK(rig.client.disable_key(kBearer, "ApiKey-1", {}));
  CHECK(rig.client.disable_key(kBearer, "ApiKey-1", {}).error().kind == Kind::kNotFound);
  CHECK(rig.server.lines.at(0) == "POST /v1/apikeys/ApiKey-1/disable");
  CHECK(rig.observed.at(0) == "disable key 204");
}

TEST_CASE("a key that is gone counts as deleted", "[iam][client]") {
  Rig rig;
  rig.server.will(204).will(404, kMissing).will(404, "<html>proxy</html>").will(403, kMissing);
  CHECK(rig.client.delete_key(kBearer, "ApiKey-1", {}));
  CHECK(rig.client.delete_key(kBearer, "ApiKey-1", {}));
  CHECK(rig.client.delete_key(kBearer, "ApiKey-1", {}).error().kind == Kind::kUnknown);
  CHECK(rig.client.delete_key(kBearer, "ApiKey-1", {}).error().kind == Kind::kPolicy);
  CHECK(rig.server.lines.at(0) == "DELETE /v1/apikeys/ApiKey-1");
}

TEST_CASE("an id can't lead out of the collection", "[iam][client]") {
  Rig rig;
  rig.server.will(204);
  CHECK(rig.client.delete_key(kBearer, "../accounts/x?y#z", {}));
  CHECK(rig.server.lines.at(0) == "DELETE /v1/apikeys/..%2Faccounts%2Fx%3Fy%23z");
}

TEST_CASE("the limit of keys is read in both notations", "[iam][client]") {
  Rig rig;
  rig.server.will(200, R"({"apikeys_per_identity":{"limit":20,"identities":[]},"profiles":{}})")
      .will(200, R"({"apikeys_per_identity":25})");
  CHECK(rig.client.key_limit(kBearer, kAccount, {}) == 20U);
  CHECK(rig.client.key_limit(kBearer, kAccount, {}) == 25U);
  CHECK(rig.server.lines.at(0) == "GET /v1/accounts/" + kAccount + "/limits/identity");
}

TEST_CASE("a limit that can't be read is unknown", "[iam][client]") {
  for (const auto* body :
       {"", "{}", "<html>", R"({"apikeys_per_identity":"20"})", R"({"apikeys_per_identity":-1})",
        R"({"apikeys_per_identity":1e3})", R"({"apikeys_per_identity":99999999999})",
        R"({"apikeys_per_identity":{"limit":null}})", R"({"apikeys_per_identity":20)"}) {
    CAPTURE(body);
    Rig rig;
    rig.server.will(200, body);
    const auto limit = rig.client.key_limit(kBearer, kAccount, {});
    REQUIRE_FALSE(limit);
    CHECK(limit.error().kind == Kind::kUnknown);
  }
}

}  // namespace client_test
