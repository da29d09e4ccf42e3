#include "icr/jwt.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "icr/base64.hpp"

namespace jwt_test {

using namespace icrps;

namespace {

SecretString token(const std::string& claims) {
  auto text = icr::base64_encode(claims);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return SecretString("e30." + text + ".c2ln");
}

}  // namespace

TEST_CASE("a token says when it ends", "[icr][jwt]") {
  const std::chrono::system_clock::time_point then(std::chrono::seconds(1'795'414'844));
  CHECK(icr::jwt_expiry(token(R"({"exp":1795414844})")) == then);
  CHECK(icr::jwt_expiry(token(R"({"iss":"??>>","exp":1795414844.5,"sub":"~~~"})")) == then);
}

TEST_CASE("what is no token has no end", "[icr][jwt]") {
  for (const auto& text : std::vector<SecretString>{
           SecretString(), SecretString("a"), SecretString("a.b"), SecretString("a.*.c"),
           SecretString("a.b.c"), SecretString(".."), token(""), token("[]"), token("{}"),
           token(R"({"exp":"1"})"), token(R"({"exp":-1})"), token(R"({"exp":1e300})"),
           token(R"({"exp":0})")}) {
    CHECK_FALSE(icr::jwt_expiry(text));
  }
}

TEST_CASE("the payload is the middle of three parts", "[icr][jwt]") {
  CHECK(icr::jwt_payload(token("a?>~")) == "a?>~");
  CHECK(icr::jwt_payload(SecretString("..")) == "");
  CHECK_FALSE(icr::jwt_payload(SecretString("e30.e30")));
  CHECK_FALSE(icr::jwt_payload(SecretString("e30.e30.c2ln.c2ln")));  // an encrypted one has five
  CHECK_FALSE(icr::jwt_payload(SecretString("e30.e30=.c2ln")));
}

}  // namespace jwt_test
