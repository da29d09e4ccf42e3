#include "icr/jwt.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "icr/base64.hpp"

namespace jwt_test {

using namespace icrps;

namespace {

std::string token(const std::string& claims) {
  auto text = icr::base64_encode(claims);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return "e30." + text + ".c2ln";
}

}  // namespace

TEST_CASE("a token says when it ends", "[icr][jwt]") {
  const std::chrono::system_clock::time_point then(std::chrono::seconds(1'795'414'844));
  CHECK(icr::jwt_expiry(token(R"({"exp":1795414844})")) == then);
  CHECK(icr::jwt_expiry(token(R"({"iss":"??>>","exp":1795414844.5,"sub":"~~~"})")) == then);
}

TEST_CASE("what is no token has no end", "[icr][jwt]") {
  for (const std::string& text : std::vector<std::string>{
           std::string(), std::string("a"), std::string("a.b"), std::string("a.*.c"), token(""),
           token("[]"), token("{}"), token(R"({"exp":"1"})"), token(R"({"exp":-1})"),
           token(R"({"exp":1e300})"), token(R"({"exp":0})")}) {
    CHECK_FALSE(icr::jwt_expiry(text));
  }
}

}  // namespace jwt_test
