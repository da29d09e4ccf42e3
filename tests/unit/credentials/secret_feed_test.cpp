// What a watch says about the source's Secret → a value, or what a person is told.
#include "credentials/secret_feed.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "kube/pure/decode.hpp"
#include "unit/support/objects.hpp"

namespace secret_feed_test {

using namespace icrps;
using credentials::SecretFeed;
using credentials::SecretInput;

namespace {

const std::string kKey = "Xq3-hunter2_0123456789abcdefghijklmnopqrstuv";

SecretInput read(const test::Json& object) {
  return credentials::read_secret(*kube::decode_object(object.dump()), "apikey",
                                  icr::parse_api_key);
}

}  // namespace

TEST_CASE("a good value is read, without the white space around it", "[credentials][feed]") {
  const auto plain =
      read(test::secret("op/key@1", {{"a", "x y"}, {"apikey", kKey}, {"z", "\xff"}}));
  REQUIRE(plain);
  CHECK(plain->value.reveal() == kKey);
  CHECK_FALSE(plain->trimmed);
  const auto trimmed = read(test::secret("op/key@1", {{"apikey", kKey + "\n"}}));
  REQUIRE(trimmed);
  CHECK(trimmed->value.reveal() == kKey);
  CHECK(trimmed->trimmed);
}

TEST_CASE("a value that can't be used is refused in words", "[credentials][feed]") {
  struct Case {
    const char* name;
    test::Json object;
    std::string words;
  };
  const auto with = [](const std::string& value) {
    return test::secret("op/key@1", {{"apikey", value}});
  };
  auto no_base64 = test::secret("op/key@1");
  no_base64["data"]["apikey"] = kKey + "!";
  for (const auto& [name, object, words] : std::vector<Case>{
           {"no data", test::secret("op/key@1"), "has no key \"apikey\""},
           {"another key", test::secret("op/key@1", {{"api-key", kKey}}), "has no key \"apikey\""},
           {"empty", with(""), "empty"},
           {"white space only", with(" \n"), "white space"},
           {"in quotes", with('"' + kKey + '"'), "double quotes"},
           {"a quote inside", with(kKey + "\"x"), "double quote"},
           {"a backslash", with(kKey + "\\n"), "backslash"},
           {"not ASCII", with(kKey + "\xc3\xa9"), "not ASCII"},
           {"two lines", with(kKey + "\n" + kKey), "line end"},
           {"a JSON file", with("{\"apikey\":\"" + kKey + "\"}"), "JSON object"},
           {"a NUL byte", with(kKey + std::string(1, '\0')), "NUL"},
           {"no base64", no_base64, "not base64"}}) {
    DYNAMIC_SECTION(name) {
      const auto found = read(object);
      REQUIRE_FALSE(found);
      CHECK(found.error().reason == "SourceInvalid");
      CHECK_THAT(found.error().what, Catch::Contains(words));
      CHECK_THAT(found.error().what, !Catch::Contains(kKey.substr(0, 8)));
    }
  }
}

TEST_CASE("the feed follows the Secret through lists and events", "[credentials][feed]") {
  std::vector<std::string> told;
  SecretFeed feed({"key", "apikey"}, icr::parse_api_key, [&](SecretInput found) {
    told.push_back(found ? found->value.reveal() : found.error().reason);
  });
  const auto apply = [&](const std::string& value) {
    const auto text = test::secret("op/key@1", {{"apikey", value}}).dump();
    feed.apply(std::move(*kube::decode_object(text)));
  };
  feed.relist_begins();
  feed.relist_ends("1");
  apply("first");
  apply("a b");
  feed.removed({});
  feed.relist_begins();
  apply("second");
  feed.relist_ends("2");
  CHECK(told == std::vector<std::string>{"SourceMissing", "first", "SourceInvalid", "SourceMissing",
                                         "second"});
}

TEST_CASE("the file that ibmcloud writes is taken as the key in it", "[credentials][feed]") {
  // `ibmcloud iam api-key-create NAME --file key.json`
  const std::string file =
      "{\n\t\"id\": \"ApiKey-1\",\n\t\"crn\": \"crn:v1\",\n\t\"name\": \"n\",\n"
      "\t\"description\": \"\",\n\t\"apikey\": \"" +
      kKey +
      "\",\n"
      "\t\"createdAt\": \"2026-11-23T06:20+0000\",\n\t\"locked\": false\n}\n";
  const auto found = credentials::parse_key_or_file(file);
  REQUIRE(found);
  CHECK(found->value.reveal() == kKey);
  CHECK(found->from_file);
  CHECK_FALSE(found->trimmed);
  const auto plain = credentials::parse_key_or_file(kKey + "\n");
  REQUIRE(plain);
  CHECK(plain->value.reveal() == kKey);
  CHECK(plain->trimmed);
  CHECK_FALSE(plain->from_file);
  for (const std::string bad :
       {"{}", "{\"apikey\": 7}", "{\"apikey\": \"\"}", "{\"apikey\": \"a b\"}",
        "{\"apikey\": \"k\"", "{\"a\": {\"apikey\": \"k\"}}",
        "{\"apikey\": \"k\", \"apikey\": \"l\"}"}) {
    INFO(bad);
    const auto refused = credentials::parse_key_or_file(bad);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message, Catch::Contains("accepted"));
  }
}

TEST_CASE("a password may hold what an API key can't", "[credentials][feed]") {
  const auto password = [](const std::string& text) { return icr::parse_password(text); };
  for (const std::string good : {"p", "with blank", "\"quoted\\\"", "gr\xc3\xbc\xc3\x9f", " x "}) {
    INFO(good);
    REQUIRE(password(good));
    CHECK(password(good)->value.reveal() == good);
  }
  CHECK(password("line\r\n")->value.reveal() == "line");
  CHECK(password("line\n")->trimmed);
  const std::string key_file =
      "{\n\t\"type\": \"service_account\",\r\n  \"private_key\": \"-\\n-\"\n}";
  REQUIRE(password(key_file + "\n"));
  CHECK(password(key_file + "\n")->value.reveal() == key_file);
  const std::string too_long(5000, 'x');
  for (const std::string& bad :
       std::vector<std::string>{"", "\n", "a\nb", "\xff", "a\x01", too_long}) {
    const auto refused = password(bad);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error().message, Catch::Contains("accepted"));
  }
}

}  // namespace secret_feed_test
