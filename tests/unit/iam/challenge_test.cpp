#include "iam/pure/challenge.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace challenge_test {

using namespace icrps;

namespace {

const std::string kRealm = "https://us.icr.io/oauth/token";

/// "realm|service|scope", or "nothing".
std::string read(std::string_view header) {
  const auto challenge = iam::parse_challenge(header);
  if (!challenge) return "nothing";
  return challenge->realm + "|" + challenge->service + "|" + challenge->scope;
}

struct Row {
  std::string header;
  std::string expected;
};

void check(const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.header);
    CHECK(read(row.header) == row.expected);
  }
}

}  // namespace

TEST_CASE("a Bearer challenge is read in every notation", "[iam][challenge]") {
  const std::string both = kRealm + "|registry|";
  check({
      {R"(Bearer realm="https://us.icr.io/oauth/token",service="registry")", both},
      {R"(Bearer realm="https://us.icr.io/oauth/token", service="registry")", both},
      {"Bearer realm=https://us.icr.io/oauth/token, service=registry", both},
      {"Bearer realm=https://us.icr.io/oauth/token,service=registry", both},
      {"Bearer realm=https://us.icr.io/oauth/token, service=registry ", both},
      {"  Bearer   realm = \"https://us.icr.io/oauth/token\"  ,\t service\t=registry\t", both},
      {R"(bearer REALM="https://us.icr.io/oauth/token",Service=registry)", both},
      {R"(BEARER service=registry,realm="https://us.icr.io/oauth/token")", both},
      {R"(Bearer ,,realm="https://us.icr.io/oauth/token",, ,service=registry,)", both},
      {"Bearer realm=" + kRealm, kRealm + "||"},
      {R"(Bearer realm="https://us.icr.io/oauth/token",service="registry",error="x",a=b)", both},
      {"Bearer realm=https://us.icr.io/t?a=b&c=d,service=registry",
       "https://us.icr.io/t?a=b&c=d|registry|"},
  });
}

TEST_CASE("quoted values may hold anything", "[iam][challenge]") {
  check({
      {R"(Bearer realm="r",service="s",scope="repository:a/b:pull,push registry:c:*")",
       "r|s|repository:a/b:pull,push registry:c:*"},
      {R"(Bearer realm="a\"b\\c\d",service="x = y")", R"(a"b\cd|x = y|)"},
      {R"(Bearer realm="r",service="Bearer realm=other")", "r|Bearer realm=other|"},
      {R"(Bearer realm="r",service="")", "r||"},
      {"Bearer realm=\"r\",service=\"\xc3\xa4\"", "r|\xc3\xa4|"},
      {"Bearer realm=\"r\",service=\"a\tb\"", "r|a\tb|"},
  });
}

TEST_CASE("the first Bearer challenge counts among several", "[iam][challenge]") {
  check({
      {R"(Basic realm="b", Bearer realm="r",service="s")", "r|s|"},
      {R"(Basic realm="b",Bearer realm="r",service="s")", "r|s|"},
      {R"(Basic, Bearer realm="r")", "r||"},
      {R"(Negotiate, NTLM, Bearer realm="r")", "r||"},
      {R"(Negotiate YWJjZA==, Bearer realm="r",service="s")", "r|s|"},
      {R"(Digest realm="d",nonce="n,m",qop="auth", Bearer realm="r")", "r||"},
      {R"(Bearer realm="r",service="s", Basic realm="b")", "r|s|"},
      {R"(Bearer realm="r",service="s", Bearer realm="second")", "r|s|"},
      {R"(Bearer error="invalid_token", Bearer realm="second")", "second||"},
      {R"(Bearer realm="r", Basic realm="unfinished)", "r||"},
      {R"(Basic realm="Bearer realm=trap")", "nothing"},
  });
}

TEST_CASE("what is no Bearer challenge with a realm is nothing", "[iam][challenge]") {
  check({
      {"", "nothing"},
      {"   ", "nothing"},
      {",,,", "nothing"},
      {"Bearer", "nothing"},
      {"Bearer ", "nothing"},
      {"Bearer realm", "nothing"},
      {"Bearer realm=", "nothing"},
      {"Bearer realm=,service=s", "nothing"},
      {R"(Bearer realm="")", "nothing"},
      {R"(Bearer realm="r)", "nothing"},
      {R"(Bearer realm="r\)", "nothing"},
      {R"(Bearer realm="r" service="s")", "nothing"},
      {"Bearer realm=a b,service=s", "nothing"},
      {R"(Bearer realm="r"x)", "nothing"},
      {R"(Bearer realm=r"x")", "nothing"},
      {R"(Bearer realm="r",realm="other")", "nothing"},
      {R"(Bearer realm="r",service="s",service="t")", "nothing"},
      {R"(realm="r",service="s")", "nothing"},
      {R"(="r")", "nothing"},
      {R"(Basic realm="r")", "nothing"},
      {R"(Bearerish realm="r")", "nothing"},
      {R"(Bearer="r")", "nothing"},
      {R"(@@@ Bearer realm="r")", "nothing"},
      {"{\"realm\":\"r\"}", "nothing"},
      {std::string("Bearer realm=\"a\0b\"", 18), "nothing"},
      {"Bearer realm=\"a\r\nb\"", "nothing"},
      {"Bearer realm=\"a\x7f\"", "nothing"},
      {"<html>", "nothing"},
  });
}

}  // namespace challenge_test
