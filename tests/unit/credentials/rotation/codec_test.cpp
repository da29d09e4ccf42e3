// The state as text: what is written is read, and nothing else is.
#include "credentials/rotation/pure/codec.hpp"

#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "plan/content.hpp"
#include "runtime/timestamp.hpp"
#include "unit/support/dice.hpp"

namespace codec_test {

using namespace icrps;
using namespace icrps::credentials::rotation;
using namespace std::chrono_literals;
using nlohmann::json;
using Kind = StateFault::Kind;

namespace {

const std::string kValue = "hunter2hunter2_0123456789abcdefghijklmnopqrs";
const Owner kOwner{"rotating", installation_of("uid", "rotating")};
const Time kNow = std::chrono::floor<std::chrono::seconds>(*parse_rfc3339("2026-11-23T06:20:44Z"));

std::string name(const std::string& rotation) {
  return key_name(kOwner.installation, kOwner.credential, rotation);
}

CurrentKey current() {
  return {"ApiKey-1", name("00000001"), SecretString(kValue),
          plan::revision_of(kOwner.credential, {"iamapikey", SecretString(kValue)}), kNow - 1h};
}

State full() {
  State state;
  state.installation = kOwner.installation;
  state.current = current();
  state.candidate =
      Candidate{"00000002", name("00000002"), kNow, "ApiKey-2", SecretString("another-" + kValue)};
  state.retiring = {{"ApiKey-3", name("00000003"), kNow + 2h, std::nullopt},
                    {"ApiKey-4", name("00000004"), kNow - 3h, kNow - 1h},
                    {"ApiKey-5", name("00000005"), std::nullopt, std::nullopt}};
  state.identity = Identity{"iam-ServiceId-1", "0123456789abcdef0123456789abcdef"};
  state.given_up = {name("00000006"), name("00000007")};
  state.handled_request = kNow - 5h;
  return state;
}

/// What is wrong with the full state once it was edited; checks that nothing of a key is told.
StateFault fault_after(const std::function<void(json&)>& edit) {
  auto document = json::parse(encode_state(full()).reveal());
  edit(document);
  const auto state = decode_state(SecretString(document.dump()), kOwner);
  REQUIRE_FALSE(state);
  CHECK(state.error().message.find("hunter2") == std::string::npos);
  return state.error();
}

}  // namespace

TEST_CASE("a state survives being written and read", "[rotation][codec]") {
  State state = full();
  SECTION("with everything") {}
  SECTION("with the intent only") {
    state.candidate->id.clear();
    state.candidate->value = {};
  }
  SECTION("without a candidate") {
    state.candidate.reset();
  }
  SECTION("steady") {
    state.candidate.reset();
    state.retiring.clear();
  }
  SECTION("with a key of another identity") {
    state.current->left = true;
  }
  SECTION("from before it named an identity") {
    state.identity.reset();
    state.given_up.clear();
  }
  SECTION("empty") {
    state = {};
    state.installation = kOwner.installation;
  }
  const auto text = encode_state(state);
  const auto read = decode_state(text, kOwner);
  REQUIRE(read);
  CHECK(*read == state);
  CHECK(encode_state(*read) == text);
  CHECK(json::parse(text.reveal())["phase"] == to_string(phase_of(state)));
}

TEST_CASE("a state of a newer version is refused as such", "[rotation][codec]") {
  const auto fault = fault_after([](json& state) {
    state["version"] = 3;
    state["something new"] = {{"value", kValue}};
  });
  CHECK(fault.kind == Kind::kNewer);
  CHECK_THAT(fault.message, Catch::Contains("newer version") && Catch::Contains("format 3"));
}

TEST_CASE("a state of version 1 is read", "[rotation][codec]") {
  auto before = full();
  before.identity.reset();
  before.given_up.clear();
  auto document = json::parse(encode_state(before).reveal());
  document["version"] = 1;
  document["nextRotationAt"] = "2026-12-23T06:20:44Z";
  const auto read = decode_state(SecretString(document.dump()), kOwner);
  REQUIRE(read);
  CHECK(*read == before);
  CHECK(read_current_key(SecretString(document.dump())));
}

TEST_CASE("a state of another installation is refused as such", "[rotation][codec]") {
  const Owner other{"rotating", installation_of("another uid", "rotating")};
  const auto state = decode_state(encode_state(full()), other);
  REQUIRE_FALSE(state);
  CHECK(state.error().kind == Kind::kForeign);
}

TEST_CASE("a state edited by hand is refused in words", "[rotation][codec]") {
  struct Case {
    std::string words;
    std::function<void(json&)> edit;
  };
  const std::vector<Case> cases{
      {"has no \"version\"", [](json& state) { state.erase("version"); }},
      {"has no \"version\"", [](json& state) { state["version"] = "1"; }},
      {"none that was ever written", [](json& state) { state["version"] = 0; }},
      {"unknown key", [](json& state) { state[kValue] = 1; }},
      {"has no \"installation\"", [](json& state) { state.erase("installation"); }},
      {"\"nextRotationAt\"", [](json& state) { state["nextRotationAt"] = "tomorrow"; }},
      {"\"nextRotationAt\"", [](json& state) { state["nextRotationAt"] = 5; }},
      {"\"handledRequest\"", [](json& state) { state["handledRequest"] = ""; }},
      {"\"phase\"", [](json& state) { state["phase"] = "steady"; }},
      {"\"phase\"", [](json& state) { state.erase("phase"); }},
      {"\"current\" is not", [](json& state) { state["current"] = kValue; }},
      {"\"current\" is not", [](json& state) { state["current"] = nullptr; }},
      {"\"current\" has an unknown", [](json& state) { state["current"][kValue] = 1; }},
      {"\"id\" of \"current\"", [](json& state) { state["current"]["id"] = "../serviceids/x"; }},
      {"\"id\" of \"current\"", [](json& state) { state["current"]["id"] = ""; }},
      {"\"id\"", [](json& state) { state["current"].erase("id"); }},
      {"\"id\"", [](json& state) { state["current"]["id"] = std::string(129, 'a'); }},
      {"\"name\" of \"current\"", [](json& state) { state["current"]["name"] = "mine"; }},
      {"\"value\" of \"current\"", [](json& state) { state["current"]["value"] = kValue + "\n"; }},
      {"belong together", [](json& state) { state["current"]["value"] = "x" + kValue; }},
      {"belong together", [](json& state) { state["current"]["revision"] = "0123"; }},
      {"\"createdAt\"",
       [](json& state) { state["current"]["createdAt"] = "2026-02-30T00:00:00Z"; }},
      {"without the other", [](json& state) { state["candidate"].erase("id"); }},
      {"without the other", [](json& state) { state["candidate"].erase("value"); }},
      {"belong together", [](json& state) { state["candidate"]["rotation"] = "ffff"; }},
      {"\"since\"", [](json& state) { state["candidate"].erase("since"); }},
      {"\"retiring\" is not", [](json& state) { state["retiring"] = json::object(); }},
      {"entry of \"retiring\"", [](json& state) { state["retiring"][0] = "ApiKey-3"; }},
      {"\"disabledAt\"", [](json& state) { state["retiring"][1]["disabledAt"] = true; }},
      {"there twice", [](json& state) { state["retiring"][0]["id"] = "ApiKey-1"; }}};
  for (const auto& [words, edit] : cases) {
    const auto fault = fault_after(edit);
    CHECK(fault.kind == Kind::kInvalid);
    CHECK_THAT(fault.message, Catch::Contains(words));
  }
}

TEST_CASE("a text that is no state is refused and not quoted", "[rotation][codec]") {
  const auto good = encode_state(full()).reveal();
  std::string twice = good;
  twice.insert(1, "\"version\":1,");
  std::string nested_twice = good;
  nested_twice.insert(nested_twice.find("\"current\":{") + 11, "\"id\":\"ApiKey-9\",");
  for (const auto& text :
       {std::string(), std::string("{}"), std::string("[]"), std::string("null"), kValue,
        "\"" + kValue + "\"", good + good, good.substr(0, good.size() / 2), "\xef\xbb\xbf" + kValue,
        std::string(300000, ' ') + good, std::string(100000, '['), twice, nested_twice,
        std::string("{\"version\":1e99}"), std::string("{\"version\":-1}"),
        std::string("{\"version\":{}}")}) {
    const auto state = decode_state(SecretString(text), kOwner);
    REQUIRE_FALSE(state);
    CHECK(state.error().kind == Kind::kInvalid);
    CHECK(state.error().message.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a state with flipped bytes is refused or the same", "[rotation][codec]") {
  const auto good = encode_state(full()).reveal();
  test::Dice dice(7);
  for (int i = 0; i < 3000; ++i) {
    auto text = good;
    for (std::size_t flips = 1 + dice.below(3); flips > 0; --flips) {
      text[dice.below(text.size())] = static_cast<char>(dice.below(256));
    }
    const auto state = decode_state(SecretString(text), kOwner);
    if (!state) {
      CHECK(state.error().message.find("hunter2") == std::string::npos);
      continue;
    }
    // The value in force is one that its revision belongs to, whatever was edited.
    CHECK((!state->current || state->current->value.reveal() == kValue));
  }
}

TEST_CASE("names of keys tell whose they are", "[rotation][codec]") {
  const auto ours = installation_of("uid", "rotating");
  CHECK(ours == installation_of("uid", "rotating"));
  CHECK(ours != installation_of("uid", "other"));
  CHECK(ours != installation_of("another", "rotating"));
  CHECK(key_name(ours, "rotating", "5e1d0001") ==
        "icr-pull-secrets " + ours + " rotating 5e1d0001");
  const auto longest = key_name(ours, std::string(63, 'x'), "5e1d0001");
  CHECK(longest.size() <= 100);
  CHECK(longest.ends_with("xx 5e1d0001"));
  CHECK(is_ours(longest, ours));
  CHECK_FALSE(is_ours(longest, installation_of("uid", "other")));
  CHECK_FALSE(is_ours("icr-pull-secrets", ours));
  CHECK_FALSE(is_ours({}, ours));
  CHECK(state_secret_name("rotating") == "icr-pull-secrets-state-rotating");
}

}  // namespace codec_test
