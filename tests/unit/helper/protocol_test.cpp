#include "helper/protocol.hpp"

#include <catch2/catch.hpp>

namespace protocol_test {

using namespace icrps;

TEST_CASE("a server is told by its host, however clients spell it") {
  for (const std::string server : {"us.icr.io", "https://us.icr.io", "https://us.icr.io/v2/",
                                   "us.icr.io:443", "US.icr.io/", "http://us.icr.io/v1/"}) {
    INFO(server);
    CHECK(helper::host_of_server(server) == "us.icr.io");
  }
  CHECK(helper::host_of_server("us.icr.io:5000") == "us.icr.io:5000");
  CHECK(helper::joined_input(" us.icr\n.io \r\n") == "us.icr.io");
}

TEST_CASE("only IBM's own hosts with logins from IAM are ours") {
  for (const std::string host :
       {"icr.io", "us.icr.io", "private.us.icr.io", "registry.ng.bluemix.net"}) {
    CHECK(helper::is_registry_host(host));
  }
  for (const std::string host :
       {"cp.icr.io", "docker.io", "us.icr.io.evil.example", "xicr.io", ""}) {
    CHECK_FALSE(helper::is_registry_host(host));
  }
}

TEST_CASE("what is to be stored has a server and a user") {
  const auto request = helper::parse_store(
      R"({"serverurl":"https://us.icr.io/v2/","Username":"iamapikey","Secret":"a\u003cb","x":1})");
  REQUIRE(request);
  CHECK(request->server == "https://us.icr.io/v2/");
  CHECK(request->login == icr::Login{"iamapikey", SecretString("a<b")});
  CHECK(helper::parse_store("{}").error() == "no credentials server URL");
  CHECK(helper::parse_store(R"({"ServerURL":"us.icr.io"})").error() == "no credentials username");
  CHECK(helper::parse_store("[]").error() == "the credentials are no JSON object");
  CHECK(helper::parse_store("").error().starts_with("the credentials are not JSON"));
}

TEST_CASE("answers are spelt as clients read them") {
  CHECK(helper::get_answer("us.icr.io", {"iambearer", SecretString("a\"b")}).reveal() ==
        R"({"ServerURL":"us.icr.io","Username":"iambearer","Secret":"a\"b"})");
  CHECK(helper::list_answer({}) == "{}");
  CHECK(helper::list_answer({{"de.icr.io", "iambearer"}, {"us.icr.io", "iamapikey"}}) ==
        R"({"de.icr.io":"iambearer","us.icr.io":"iamapikey"})");
}

}  // namespace protocol_test
