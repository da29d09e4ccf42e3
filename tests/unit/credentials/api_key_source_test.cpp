// What a watch says about the source Secret → the credential and what a person is told.
#include "credentials/api_key_source.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "icr/base64.hpp"
#include "kube/pure/decode.hpp"
#include "unit/support/captured_log.hpp"
#include "unit/support/objects.hpp"

using namespace icrps;
using credentials::ApiKeySource;
using credentials::CredentialSet;
using Words = std::vector<std::string>;

namespace {

const std::string kKey = "Xq3-hunter2_0123456789abcdefghijklmnopqrstuv";

struct Rig {
  /// The Secret with this value, raw, under the right name.
  void sees(const std::string& value) {
    sees_object(test::secret("op/key@1", {{"apikey", value}}));
  }
  void sees_object(const test::Json& object) {
    source.apply(std::move(*kube::decode_object(object.dump())));
  }
  void lists_nothing() {
    source.relist_begins();
    source.relist_ends("1");
  }
  void is_removed() { source.removed({}); }

  /// The key in force, or "".
  [[nodiscard]] std::string in_force() const {
    const auto value = set.material("default");
    return value ? value->login().password.reveal() : "";
  }
  [[nodiscard]] bool shows(const std::string& text) const {
    return metrics.text().find("icr_pull_secrets_" + text + "\n") != std::string::npos;
  }
  /// Nothing that leaves the program holds a piece of `secret`.
  [[nodiscard]] bool keeps_quiet_about(const std::string& secret) const {
    auto all = log.text() + metrics.text();
    for (const auto& message : messages) all += message;
    for (const auto& form : {secret, icr::base64_encode(secret)}) {
      if (all.find(form.substr(0, 8)) != std::string::npos) return false;
    }
    return true;
  }

  CredentialSet set{{"default"}};
  test::CapturedLog log;
  Metrics metrics{"v", "r"};
  Words reasons;
  Words messages;
  std::vector<bool> notes;
  int settled = 0;
  std::string watched;
  ApiKeySource source{
      "default",
      {"key", "apikey"},
      {set, log.log, metrics,
       [this](const std::string& secret, const std::string&, const plan::Problem& problem) {
         reasons.push_back(problem.reason);
         messages.push_back(problem.message);
         notes.push_back(problem.note);
         watched = secret;
       },
       [this](const std::string& secret, kube::Sink&, std::stop_token) {
         watched = "watch of " + secret;
       },
       [this] { ++settled; }}};
};

}  // namespace

TEST_CASE("a good key is in force at once", "[credentials][source]") {
  Rig rig;
  CHECK(rig.shows("credential_available{credential=\"default\"} 0"));
  rig.sees(kKey);
  CHECK(rig.in_force() == kKey);
  CHECK(rig.set.material("default")->login().username == "iamapikey");
  CHECK(rig.shows("credential_available{credential=\"default\"} 1"));
  CHECK(rig.reasons.empty());
  CHECK(rig.keeps_quiet_about(kKey));
}

TEST_CASE("the source watches its Secret", "[credentials][source]") {
  Rig rig;
  rig.source.run({});
  CHECK(rig.watched == "watch of key");
}

TEST_CASE("a source settles when the first list is through, with or without a key",
          "[credentials][source]") {
  Rig rig;
  CHECK_FALSE(rig.source.settled());
  SECTION("without") {
    rig.lists_nothing();
    CHECK(rig.reasons == Words{"SourceMissing"});
  }
  SECTION("with") {
    rig.source.relist_begins();
    rig.sees(kKey);
    CHECK_FALSE(rig.source.settled());
    rig.source.relist_ends("1");
    CHECK(rig.reasons.empty());
  }
  SECTION("with a bad one") {
    rig.source.relist_begins();
    rig.sees("");
    rig.source.relist_ends("1");
    CHECK(rig.reasons == Words{"SourceInvalid"});
  }
  CHECK(rig.source.settled());
  CHECK(rig.settled == 1);
}

TEST_CASE("a value that can't be used is refused in words", "[credentials][source]") {
  struct Case {
    const char* name;
    test::Json object;
    std::string words;
  };
  const auto with = [](const std::string& value) {
    return test::secret("op/key@1", {{"apikey", value}});
  };
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
           {"a NUL byte", with(kKey + std::string(1, '\0')), "NUL"}}) {
    DYNAMIC_SECTION(name) {
      Rig rig;
      rig.sees_object(object);
      CHECK(rig.in_force().empty());
      REQUIRE(rig.reasons == Words{"SourceInvalid"});
      CHECK(rig.watched == "key");
      CHECK_THAT(rig.messages[0], Catch::Contains("Secret key, the source of credential "
                                                  "\"default\"") &&
                                      Catch::Contains(words) && Catch::Contains("accepted"));
      CHECK(rig.shows("source_refusals_total{credential=\"default\",reason=\"SourceInvalid\"} 1"));
      CHECK(rig.shows("credential_available{credential=\"default\"} 0"));
      CHECK(rig.keeps_quiet_about(kKey));
    }
  }
}

TEST_CASE("a value that no API server sends is refused and not quoted", "[credentials][source]") {
  Rig rig;
  auto object = test::secret("op/key@1");
  object["data"]["apikey"] = kKey + "!";
  rig.sees_object(object);
  CHECK(rig.reasons == Words{"SourceInvalid"});
  CHECK_THAT(rig.messages[0], Catch::Contains("not base64"));
  CHECK(rig.keeps_quiet_about(kKey));
}

TEST_CASE("a refusal says what happens meanwhile", "[credentials][source]") {
  Rig rig;
  rig.sees("");
  CHECK_THAT(rig.messages.back(), Catch::Contains("No namespace gets this credential until then"));
  rig.sees(kKey);
  rig.sees("");
  CHECK_THAT(rig.messages.back(), Catch::Contains("The last good value stays in force"));
}

TEST_CASE("a line end after the key is removed, and that is said once", "[credentials][source]") {
  Rig rig;
  rig.sees(kKey + "\n");
  CHECK(rig.in_force() == kKey);
  CHECK(rig.reasons == Words{"SourceTrimmed"});
  CHECK(rig.notes == std::vector<bool>{true});
  rig.sees(kKey + "\n");  // a resync
  CHECK(rig.reasons.size() == 1);
  CHECK(rig.keeps_quiet_about(kKey));
}

TEST_CASE("a rotated key takes the old one's place", "[credentials][source]") {
  Rig rig;
  int changes = 0;
  rig.set.listen([&](const auto&) { ++changes; });
  rig.sees(kKey);
  rig.sees(kKey);
  CHECK(changes == 1);
  rig.sees("another-" + kKey);
  CHECK(rig.in_force() == "another-" + kKey);
  CHECK(changes == 2);
}

TEST_CASE("a bad value after a good one changes nothing", "[credentials][source]") {
  Rig rig;
  rig.sees(kKey);
  SECTION("bad key") {
    rig.sees("a b");
  }
  SECTION("no key") {
    rig.sees_object(test::secret("op/key@2"));
  }
  SECTION("Secret deleted") {
    rig.is_removed();
  }
  SECTION("Secret not in a later list") {
    rig.lists_nothing();
  }
  CHECK(rig.in_force() == kKey);
  CHECK(rig.shows("credential_available{credential=\"default\"} 1"));
  REQUIRE(rig.messages.size() == 1);
  CHECK_THAT(rig.messages[0], Catch::Contains("The last good value stays in force"));
  rig.sees("another-" + kKey);
  CHECK(rig.in_force() == "another-" + kKey);
}

TEST_CASE("the same refusal is told once, and again when it comes back", "[credentials][source]") {
  Rig rig;
  rig.lists_nothing();
  rig.lists_nothing();
  rig.is_removed();
  CHECK(rig.reasons == Words{"SourceMissing"});
  rig.sees("");
  rig.sees("");
  CHECK(rig.reasons == Words{"SourceMissing", "SourceInvalid"});
  rig.sees(kKey);
  rig.is_removed();
  CHECK(rig.reasons == Words{"SourceMissing", "SourceInvalid", "SourceMissing"});
}

TEST_CASE("of a Secret with several keys only one is read", "[credentials][source]") {
  Rig rig;
  rig.sees_object(test::secret("op/key@1", {{"a", "x y"}, {"apikey", kKey}, {"z", "\xff"}}));
  CHECK(rig.in_force() == kKey);
}
