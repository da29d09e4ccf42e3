// Documents that no API server sends: nothing crashes, and no message quotes what was read.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "kube/pure/decode.hpp"
#include "unit/support/objects.hpp"

namespace decode_hostile_test {

using namespace icrps;
using namespace icrps::kube;
using namespace std::chrono_literals;

namespace {

const std::string kKey = "hunter2-XyZZy";  // stands for a credential

/// What is wrong with `text` as an object, a list and an event; "" where it can be read.
std::vector<std::string> messages(const std::string& text) {
  const auto object = decode_object(text);
  const auto list = decode_list(text, [](Object&&) {});
  const auto event = decode_event(text);
  return {object ? "" : object.error().message, list ? "" : list.error().message,
          event ? "" : event.error().message};
}

std::string nested(std::size_t depth, char open, char close) {
  return std::string(depth, open) + std::string(depth, close);
}

}  // namespace

TEST_CASE("what can't be read is refused without being quoted", "[kube][decode]") {
  struct Case {
    const char* name;
    std::string text;
  };
  const std::string valid = test::secret("shop/a@1", {{"k", kKey}}).dump();
  for (const auto& [name, text] : std::vector<Case>{
           {"nothing", ""},
           {"blanks", " \n "},
           {"half an object", valid.substr(0, valid.size() - 1)},
           {"a string cut in the middle", valid.substr(0, valid.find("uid-of") + 3)},
           {"an object and a bit", valid + "x"},
           {"two objects", valid + valid},
           {"HTML", "<html><body>" + kKey + "</body></html>"},
           {"a bare word", kKey},
           {"a key in single quotes", "{'" + kKey + "': 1}"},
           {"invalid UTF-8 in a value", R"({"data": {"k": ")" + kKey + "\xff\xfe\"}}"},
           {"invalid UTF-8 in a key", "{\"" + kKey + "\xc3\": 1}"},
           {"a raw line end in a string", "{\"data\": {\"k\": \"" + kKey + "\n\"}}"},
           {"a lone surrogate", R"({"data": {"k": ")" + kKey + R"(\ud800"}})"},
           {"a wrong escape", R"({"data": {"k": ")" + kKey + R"(\x41"}})"},
           {"a number too large for any type", R"({"code": 1e999, "k": ")" + kKey + "\"}"},
           {"NaN", R"({"k": ")" + kKey + R"(", "code": NaN})"},
           {"a comma too many", R"({"k": ")" + kKey + R"(",})"},
           {"a NUL byte", std::string("{\"k\": \"" + kKey) + '\0' + "\"}"},
           {"too deep, arrays", R"({"k": ")" + kKey + R"(", "x": )" + nested(100, '[', ']') + "}"},
           {"much too deep", nested(1'000'000, '[', ']')},
           {"deep and never closed", std::string(1'000'000, '[')}}) {
    DYNAMIC_SECTION(name) {
      for (const auto& message : messages(text)) {
        CHECK_FALSE(message.empty());
        CHECK(message.find(kKey.substr(0, 4)) == std::string::npos);
        CHECK(message.size() < 80);
      }
      CHECK(decode_status(text).code == 0);
    }
  }
}

TEST_CASE("a message says where the text went wrong", "[kube][decode]") {
  CHECK(decode_object(R"({"a": tru})").error().message == "not valid JSON at byte 10");
  CHECK(decode_object(nested(65, '[', ']')).error().message == "nested too deeply");
  CHECK(decode_object("{}").error().message == "an object without a name");
  CHECK(decode_list("{}", [](Object&&) {}).error().message ==
        "a list without metadata.resourceVersion");
  CHECK(decode_event(R"({"type":"SYNC"})").error().message == "a watch event of no known type");
  CHECK(decode_event(R"({"type":"ADDED","object":{"metadata":{"name":"a"}}})").error().message ==
        "a watch event without metadata.resourceVersion");
}

TEST_CASE("wrong types are as good as nothing", "[kube][decode]") {
  struct Case {
    const char* name;
    const char* text;
  };
  for (const auto& [name, text] : std::vector<Case>{
           {"a null", "null"},
           {"a number", "5"},
           {"a string", R"("metadata")"},
           {"an array", R"([{"metadata":{"name":"a"}}])"},
           {"an array of strings", R"(["metadata","name"])"},
           {"metadata is null", R"({"metadata":null})"},
           {"metadata is text", R"({"metadata":"name"})"},
           {"metadata is an array", R"({"metadata":["name",{"name":"a"}]})"},
           {"name is a number", R"({"metadata":{"name":5}})"},
           {"name is an object", R"({"metadata":{"name":{"name":"a"}}})"},
           {"name is an array", R"({"metadata":{"name":["a"]}})"},
           {"name is null", R"({"metadata":{"name":null}})"},
           {"name stands one level too low", R"({"spec":{"metadata":{"name":"a"}}})"}}) {
    DYNAMIC_SECTION(name) {
      for (const auto& message : messages(text)) CHECK_FALSE(message.empty());
    }
  }
}

TEST_CASE("odd parts of a readable object are skipped", "[kube][decode]") {
  const auto got = decode_object(R"({
    "metadata": {"name": "a", "annotations": null, "labels": [1, {"icr-pull-secrets/x": "y"}],
                 "deletionTimestamp": null, "resourceVersion": "4"},
    "data": {"number": 5, "nested": {"deep": "x"}, "list": [{"z": 1}], "good": "Zw=="},
    "immutable": "true", "type": {"type": "x"},
    "imagePullSecrets": {"name": "a"},
    "code": "500", "details": [{"retryAfterSeconds": 3}]
  })");
  REQUIRE(got);
  CHECK(got->name == "a");
  CHECK(got->resource_version == "4");
  CHECK(got->annotations.empty());
  CHECK(got->labels.empty());
  CHECK_FALSE(got->terminating);
  CHECK_FALSE(got->immutable);
  CHECK(got->type.empty());
  CHECK(got->image_pull_secrets.empty());
  REQUIRE(got->data.size() == 1);
  CHECK(got->data[0].first == "good");
}

TEST_CASE("a list of pull secrets may be any nonsense", "[kube][decode]") {
  for (const auto* list : {R"({"name":["x"]})", R"([["name","x"]])", R"({"name":{"name":"x"}})",
                           R"([1,null,"name",[[{"name":"x"}]]])", R"([{"name":{"name":"x"}}])"}) {
    DYNAMIC_SECTION(list) {
      CHECK(decode_object(std::string(R"({"metadata":{"name":"a"},"imagePullSecrets":)") + list +
                          "}"));
    }
  }
}

TEST_CASE("of keys that stand twice one is taken", "[kube][decode]") {
  const auto got = decode_object(
      R"({"metadata":{"name":"a","name":"b","annotations":{"icr-pull-secrets/regions":"x",
          "icr-pull-secrets/regions":"y"}},"metadata":{"uid":"u"}})");
  REQUIRE(got);
  CHECK((got->name == "a" || got->name == "b"));
  CHECK(got->uid == "u");
  CHECK(got->annotations.size() == 1);
}

TEST_CASE("numbers out of all proportion do no harm", "[kube][decode]") {
  struct Case {
    const char* number;
    std::chrono::seconds retry_after;
  };

  for (const auto& [number, retry_after] :
       std::vector<Case>{{"9223372036854775807", kLongestRetryAfter},
                         {"18446744073709551615", 0s},
                         {"100000", kLongestRetryAfter},
                         {"59", 59s},
                         {"0", 0s},
                         {"-1", 0s},
                         {"-9223372036854775808", 0s}}) {
    DYNAMIC_SECTION(number) {
      const auto status = decode_status(std::string(R"({"code":4294967296429,"details":)") +
                                        R"({"retryAfterSeconds":)" + number + "}}");
      CHECK(status.retry_after == retry_after);
    }
  }
}

TEST_CASE("an array of a million entries costs no stack", "[kube][decode]") {
  std::string text = R"({"metadata":{"name":"a"},"x":[)";
  for (int i = 0; i < 1'000'000; ++i) text += "[],";
  text += "[]]}";
  CHECK(decode_object(text));
}

}  // namespace decode_hostile_test
