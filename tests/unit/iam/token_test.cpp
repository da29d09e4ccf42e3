#include "iam/pure/token.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/fake_transport.hpp"

namespace token_test {

using namespace icrps;
using namespace std::chrono_literals;
using Kind = iam::Refusal::Kind;

namespace {

const std::string kWho = "iam.cloud.ibm.com";

const std::string kGood =
    R"({"access_token":"eyJ.a.b","refresh_token":"not_supported","token_type":"Bearer",)"
    R"("expires_in":3600,"expiration":1790000000,"scope":"ibm openid"})";

std::string token_with(const std::string& expires_in) {
  return R"({"access_token":"eyJ.a.b","expires_in":)" + expires_in + "}";
}

/// The flat error of the token endpoint.
std::string flat(const std::string& code, const std::string& message) {
  return R"({"context":{"requestId":"id","requestType":"incoming.Identity_Token"},"errorCode":")" +
         code + R"(","errorMessage":")" + message + R"("})";
}

/// The list of errors of the API for keys.
std::string listed(const std::string& code, const std::string& message) {
  return R"({"context":{},"errors":[{"code":"general","message_code":")" + code +
         R"(","message":")" + message + R"(","details":"d"}]})";
}

iam::Refusal refusal(int status, const std::string& body, std::vector<http::Header> headers = {}) {
  return iam::refusal_of(kWho, test::response(status, body, std::move(headers)));
}

bool holds(const iam::Refusal& refusal, const std::string& text) {
  return (refusal.message + refusal.code + refusal.who).find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a token is read with its lifetime", "[iam][token]") {
  const auto token = iam::read_token(kWho, test::response(200, kGood));
  REQUIRE(token);
  CHECK(token->access.reveal() == "eyJ.a.b");
  CHECK(token->refresh.empty());
  CHECK(token->lifetime == 3600s);
}

TEST_CASE("a refresh token is kept when there is one", "[iam][token]") {
  const auto token = iam::read_token(
      kWho,
      test::response(200, R"({"refresh_token":"OKD.x","access_token":"eyJ","expires_in":1200})"));
  REQUIRE(token);
  CHECK(token->refresh.reveal() == "OKD.x");
}

TEST_CASE("lifetimes between a second and a day are believed", "[iam][token]") {
  CHECK(iam::read_token(kWho, test::response(200, token_with("1")))->lifetime == 1s);
  CHECK(iam::read_token(kWho, test::response(200, token_with("86400")))->lifetime == 24h);
}

TEST_CASE("a 200 without a usable token is no news", "[iam][token]") {
  const std::vector<std::string> bodies{
      "",
      "null",
      "[]",
      "{}",
      "\"eyJ.a.b\"",
      "<html><body>hunter2</body></html>",
      kGood.substr(0, kGood.size() - 1),
      kGood.substr(0, 20),
      kGood + "}",
      "\xef\xbb\xbf"
      "hunter2",
      "{\"access_token\":\"\xff\",\"expires_in\":3600}",
      R"({"expires_in":3600})",
      R"({"access_token":"","expires_in":3600})",
      R"({"access_token":null,"expires_in":3600})",
      R"({"access_token":7,"expires_in":3600})",
      R"({"access_token":{"x":"hunter2"},"expires_in":3600})",
      R"({"data":{"access_token":"hunter2"},"expires_in":3600})",
      R"({"access_token":"hunter2 two","expires_in":3600})",
      R"({"access_token":"hunter2\r\nX: y","expires_in":3600})",
      R"({"access_token":"hunter2ä","expires_in":3600})",
      R"({"access_token":")" + std::string(20'000, 'a') + R"(","expires_in":3600})",
      R"({"access_token":"hunter2"})",
      R"({"access_token":"hunter2","refresh_token":"a b","expires_in":3600})",
      R"({"access_token":"hunter2","expires_in":3600,"errorCode":"BXNIM0415E"})",
      flat("BXNIM0415E", "Provided API key could not be found."),
      listed("BXNIM0102E", "not found"),
      token_with("0"),
      token_with("-1"),
      token_with("-3600"),
      token_with("\"3600\""),
      token_with("315360000"),
      token_with("86401"),
      token_with("1e99"),
      token_with("3600.5"),
      token_with("null"),
      token_with("true"),
      token_with("[3600]"),
      token_with("{}"),
      token_with("18446744073709551615"),
      token_with("99999999999999999999999"),
      std::string(100'000, '['),
      R"({"a":)" + std::string(1000, '['),
  };
  for (const auto& body : bodies) {
    CAPTURE(body.substr(0, 200));
    const auto token = iam::read_token(kWho, test::response(200, body));
    REQUIRE_FALSE(token);
    CHECK(token.error().kind == Kind::kUnknown);
    CHECK(token.error().status == 200);
    CHECK(token.error().message.starts_with(kWho + ": 200 "));
    CHECK_FALSE(holds(token.error(), "hunter2"));
    CHECK_FALSE(holds(token.error(), "eyJ"));
  }
}

TEST_CASE("an error in a 200 is named", "[iam][token]") {
  const auto token =
      iam::read_token(kWho, test::response(200, flat("BXNIM0415E", "Key not found.")));
  CHECK(token.error().message == kWho + ": 200 BXNIM0415E Key not found.");
  CHECK(token.error().code == iam::kKeyNotFound);
}

TEST_CASE("a refusal is sorted by what it says of the credential", "[iam][refusal]") {
  struct Row {
    int status;
    std::string body;
    Kind kind;
  };
  const std::vector<Row> rows{
      {400, flat("BXNIM0415E", "Provided API key could not be found."), Kind::kRefused},
      {400, flat("BXNIM0462E", "Provided API key is disabled."), Kind::kRefused},
      {401, flat("BXNIM0462E", "Provided API key is disabled."), Kind::kRefused},
      {403, flat("BXNIM0462E", "Provided API key is disabled."), Kind::kRefused},
      {400, "", Kind::kRefused},
      {401, "<html>", Kind::kRefused},
      {403, flat("BXNIM0513E", "You are not authorized to use this API"), Kind::kPolicy},
      {403, "", Kind::kPolicy},
      {404, listed("BXNIM0102E", "not found"), Kind::kNotFound},
      {404, "<html>proxy</html>", Kind::kUnknown},
      {404, "", Kind::kUnknown},
      {422, listed("BXNIM0151E", "limit reached"), Kind::kLimit},
      {409, listed("BXNIM0151E", "limit reached"), Kind::kLimit},
      {422, listed("BXNIM0999E", "something else"), Kind::kUnknown},
      {405, flat("BXNIM0060E", "method"), Kind::kUnknown},
      {409, listed("BXNIM0100E", "conflict"), Kind::kUnknown},
      {429, "", Kind::kUnknown},
      {429, flat("BXNIM0415E", "not that"), Kind::kUnknown},
      {500, "", Kind::kUnknown},
      {500, flat("BXNIM0415E", "not that"), Kind::kUnknown},
      {502, "<html>Bad Gateway</html>", Kind::kUnknown},
      {503, "", Kind::kUnknown},
      {504, "", Kind::kUnknown},
      {301, "", Kind::kUnknown},
      {302, "", Kind::kUnknown},
      {307, "", Kind::kUnknown},
      {204, "", Kind::kUnknown},
      {0, "", Kind::kUnknown},
      {999, "", Kind::kUnknown},
  };
  for (const auto& row : rows) {
    CAPTURE(row.status, row.body);
    const auto result = refusal(row.status, row.body);
    CHECK(result.kind == row.kind);
    CHECK(result.status == row.status);
    CHECK(result.who == kWho);
  }
}

TEST_CASE("a 404 of the token endpoint says nothing of a login", "[iam][token]") {
  const auto token = iam::read_token(kWho, test::response(404, listed("BXNIM0102E", "x")));
  CHECK(token.error().kind == Kind::kUnknown);
}

TEST_CASE("both shapes of errors, and a registry's, are put into words", "[iam][refusal]") {
  CHECK(refusal(400, flat("BXNIM0415E", "Provided API key could not be found.")).message ==
        kWho + ": 400 BXNIM0415E Provided API key could not be found.");
  CHECK(refusal(404, listed("BXNIM0102E", "Not here.")).message ==
        kWho + ": 404 BXNIM0102E Not here.");
  CHECK(refusal(401, R"({"errors":[{"code":"UNAUTHORIZED","message":"Authorization required"}]})")
            .message == kWho + ": 401 UNAUTHORIZED Authorization required");
  CHECK(refusal(404, R"({"errors":[{"code":"not_found","message_code":"BXNIM0102E"}]})").code ==
        "BXNIM0102E");
  CHECK(refusal(502, "<html>Bad Gateway</html>").message ==
        kWho + ": 502 without a readable error");
  CHECK(refusal(302, "", {{"Location", "https://evil.com/?t=hunter2"}}).message ==
        kWho + ": 302 a redirect, which is not followed");
  CHECK(refusal(400, flat("BXNIM0415E", "cut").substr(0, 60)).message ==
        kWho + ": 400 without a readable error");
}

TEST_CASE("a message is one printable line", "[iam][refusal]") {
  const auto odd = refusal(400, flat("BXNIM0415E", R"(one\ntwo\u001b[31m\u0000 \u00e4 three)"));
  CHECK(odd.message == kWho + ": 400 BXNIM0415E one two [31m  ?? three");
  CHECK(refusal(400, flat("A", std::string(100'000, 'm'))).message.size() < 400);
  CHECK(refusal(400, flat("spoofed code\\n", "m")).code.empty());
  CHECK(refusal(400, flat(std::string(41, 'C'), "m")).code.empty());
  CHECK(refusal(400, R"({"errorCode":{"a":1},"errorMessage":[1]})").message ==
        kWho + ": 400 without a readable error");
}

TEST_CASE("words that repeat what was sent are not passed on", "[iam][refusal]") {
  const std::string secret = "hunter2+hunter2/=";
  const std::vector<std::string> bodies{
      flat("BXNIM0415E", "The key hunter2+hunter2/= is unknown"),
      flat("BXNIM0415E", "apikey=hunter2%2Bhunter2%2F%3D"),
      flat("BXNIM0415E", R"(The key \u0068unter2+hunter2\/= is unknown)"),
      flat("BXNIM0415E", std::string(295, ' ') + "x" + std::string(290, '.') + secret),
      listed("BXNIM0415E", "hunter2+hunter2/="),
  };
  for (const auto& body : bodies) {
    const auto result = iam::refusal_of(kWho, test::response(400, body), {secret});
    CAPTURE(result.message);
    CHECK_FALSE(holds(result, "hunter2"));
    CHECK(result.code == "BXNIM0415E");
  }
  CHECK(iam::refusal_of(kWho, test::response(400, flat("hunter2", "m")), {"hunter2"}).code.empty());
}

TEST_CASE("no answer is no news", "[iam][refusal]") {
  using Failure = http::Failure::Kind;
  for (const auto kind : {Failure::kConnect, Failure::kTls, Failure::kTimeout, Failure::kBroken,
                          Failure::kTooLarge}) {
    const auto result = iam::refusal_of(kWho, http::Failure{kind, "no\nluck"});
    CHECK(result.kind == Kind::kUnknown);
    CHECK(result.status == 0);
    CHECK(result.message == kWho + ": no luck");
  }
  CHECK(iam::refusal_of(kWho, http::Failure{Failure::kCanceled, ""}).kind == Kind::kCanceled);
  CHECK(iam::refusal_of(kWho, http::Failure{Failure::kTls, ""}).message == kWho + ": tls");
  CHECK(iam::refusal_of(kWho, http::Failure{Failure::kTls, kWho + ":443: bad"}).message ==
        kWho + ":443: bad");
}

TEST_CASE("Retry-After is seconds or a date by the server's own clock", "[iam][refusal]") {
  struct Row {
    std::string value;
    std::string date;
    std::optional<std::chrono::milliseconds> expected;
  };
  const std::string now = "Sun, 06 Nov 1994 08:49:37 GMT";
  const std::vector<Row> rows{
      {"7", "", 7s},
      {" 7 ", "", 7s},
      {"0", "", 0s},
      {"601", "", 600s},
      {"99999999999999999999", "", 600s},
      {"-1", "", std::nullopt},
      {"7.5", "", std::nullopt},
      {"7s", "", std::nullopt},
      {"", "", std::nullopt},
      {"soon", now, std::nullopt},
      {"Sun, 06 Nov 1994 08:50:07 GMT", now, 30s},
      {"Mon, 07 Nov 1994 08:49:37 GMT", now, 600s},
      {"Sun, 06 Nov 1994 08:49:00 GMT", now, 0s},
      {"Sun, 06 Nov 1994 08:50:07 GMT", "", std::nullopt},
      {"Sun, 06 Nov 1994 08:50:07 GMT", "yesterday", std::nullopt},
      {"Sun, 31 Feb 1994 08:50:07 GMT", now, std::nullopt},
      {"Sun, 06 Foo 1994 08:50:07 GMT", now, std::nullopt},
      {"Sun, 06 Nov 1994 24:50:07 GMT", now, std::nullopt},
      {"Sun, 06 Nov 1994 08:50:07 CET", now, std::nullopt},
      {"Sun, 6  Nov 1994 08:50:07 GMT", now, std::nullopt},
      {"Wed, 01 Jan 2025 00:00:05 GMT", "Tue, 31 Dec 2024 23:59:55 GMT", 10s},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value, row.date);
    std::vector<http::Header> headers{{"Retry-After", row.value}};
    if (!row.date.empty()) headers.push_back({"Date", row.date});
    CHECK(refusal(429, "", headers).retry_after == row.expected);
  }
  CHECK_FALSE(refusal(503, "").retry_after);
}

TEST_CASE("a registry's token has either name", "[iam][token]") {
  const auto read = [](const std::string& body) {
    return iam::read_registry_token("us.icr.io", test::response(200, body));
  };
  CHECK(read(R"({"token":"t"})")->reveal() == "t");
  CHECK(read(R"({"access_token":"a"})")->reveal() == "a");
  CHECK(read(R"({"access_token":"a","token":"t","expires_in":-5})")->reveal() == "t");
  for (const auto* body : {"", "{}", "<html>", R"({"token":""})", R"({"token":7})",
                           R"({"token":"a b"})", R"({"token":"t")", R"(["t"])"}) {
    CAPTURE(body);
    REQUIRE_FALSE(read(body));
    CHECK(read(body).error().kind == Kind::kUnknown);
  }
}

TEST_CASE("every kind of refusal has a name of its own", "[iam][refusal]") {
  CHECK(iam::to_string(Kind::kRefused) == "refused");
  CHECK(iam::to_string(Kind::kNotFound) == "not_found");
  CHECK(iam::to_string(Kind::kPolicy) == "policy");
  CHECK(iam::to_string(Kind::kLimit) == "limit");
  CHECK(iam::to_string(Kind::kUnknown) == "unknown");
  CHECK(iam::to_string(Kind::kCanceled) == "canceled");
}

}  // namespace token_test
