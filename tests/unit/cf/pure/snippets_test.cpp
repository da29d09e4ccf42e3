#include "cf/pure/snippets.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "cf/pure/answers.hpp"
#include "cf/pure/session.hpp"

namespace snippets_test {

using namespace icrps;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a token is refused with the reason, a key is not", "[cf][snippets]") {
  CHECK_FALSE(cf::why_not_a_token(SecretString(std::string(44, 'k'))));
  CHECK_FALSE(cf::why_not_a_token(SecretString("eyJ.only-one-dot")));
  for (const auto& token : {std::string("eyJhbGciOi.eyJzdWIi.c2ln"), std::string(1300, 't')}) {
    const auto why = cf::why_not_a_token(SecretString(token));
    REQUIRE(why);
    CHECK(has(*why, std::to_string(token.size()) + " characters"));
    CHECK(has(*why, "restart"));
    CHECK(has(*why, "1000"));
    CHECK_FALSE(has(*why, token));
  }
}

TEST_CASE("words survive a shell", "[cf][snippets]") {
  CHECK(cf::shell_word("us.icr.io/team/app:1") == "us.icr.io/team/app:1");
  CHECK(cf::shell_word("my app") == "'my app'");
  CHECK(cf::shell_word("it's $(rm)") == "'it'\\''s $(rm)'");
  CHECK(cf::shell_word("") == "''");
  CHECK(cf::env_line(SecretString("a`b")).reveal() == "export CF_DOCKER_PASSWORD='a`b'\n");
}

TEST_CASE("lines for people", "[cf][snippets]") {
  CHECK(cf::push_line("shop", "us.icr.io/team/app:1") ==
        "cf push shop --docker-image us.icr.io/team/app:1 --docker-username iamapikey");
  CHECK(cf::restage_line("my shop") == "cf restage 'my shop' --strategy rolling");
  CHECK(cf::manifest("a: b", "us.icr.io/team/app:1") ==
        "applications:\n  - name: \"a: b\"\n    docker:\n      image: \"us.icr.io/team/app:1\"\n"
        "      username: iamapikey\n");
}

TEST_CASE("the session of cf", "[cf][session]") {
  const auto read = [](const std::string& text) { return cf::read_session(text); };
  const std::string good =
      R"({"Target":"https://api.example.com/","AccessToken":"bearer eyJ.a.b",)"
      R"("SpaceFields":{"GUID":"s1","Name":"dev"},"OrganizationFields":{"Name":"shop"}})";
  const auto session = read(good);
  REQUIRE(session);
  CHECK(session->api == "https://api.example.com");
  CHECK(session->authorization.reveal() == "bearer eyJ.a.b");
  CHECK(session->space_guid == "s1");
  CHECK(session->space == "dev");
  CHECK(session->org == "shop");
  const auto without = [&](const std::string& part, const std::string& instead) {
    auto text = good;
    return read(text.replace(text.find(part), part.size(), instead)).error();
  };
  CHECK(has(read("").error(), "cf login"));
  CHECK(has(read("[]").error(), "cf login"));
  CHECK(has(without("https://api", "http://api"), "cf api"));
  CHECK(has(without("bearer eyJ.a.b", ""), "cf login"));
  CHECK(has(without("bearer eyJ.a.b", "bearer a b"), "cf login"));
  CHECK(has(without(R"("GUID":"s1")", R"("GUID":7)"), "cf target"));
}

TEST_CASE("what is no answer of the API is not taken for one", "[cf][answers]") {
  for (const auto* text :
       {"", "{", "[]", "null", "<html>", R"({"resources":{}})", R"({"resources":[{}]})"}) {
    CHECK_FALSE(cf::read_apps(text));
    CHECK_FALSE(cf::read_first_package(text));
    CHECK(cf::read_error(text).empty());
    CHECK(cf::read_droplet_package(text).empty());
  }
  CHECK(cf::read_first_package(R"({"resources":[]})")->guid.empty());
  CHECK(cf::read_error(R"({"errors":[{"code":1,"title":"CF-X","detail":"no\nluck"}]})") ==
        "CF-X: no luck");
}

}  // namespace snippets_test
