#include "kube/pure/managed_fields.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "kube/pure/decode.hpp"

using namespace icrps::kube;

TEST_CASE("managedFields are left out before parsing, and nothing else is", "[kube][decode]") {
  struct Case {
    const char* name;
    std::string text;
    std::string left;
  };
  const std::string nested = R"([{"f":{"k:{\"uid\":\"]\"}":[["]"]]}},"\\"])";
  for (const auto& [name, text, left] : std::vector<Case>{
           {"nothing", "", ""},
           {"none", R"({"a":1})", R"({"a":1})"},
           {"first", R"({"managedFields":)" + nested + R"(,"a":1})",
            R"({"managedFields":[],"a":1})"},
           {"last", R"({"a":1,"managedFields":)" + nested + "}", R"({"a":1,"managedFields":[]})"},
           {"empty already", R"({"managedFields":[]})", R"({"managedFields":[]})"},
           {"several", R"([{"managedFields":[1]},{"managedFields":[[2]],"b":3}])",
            R"([{"managedFields":[]},{"managedFields":[],"b":3}])"},
           {"another type", R"({"managedFields":"[1]"})", R"({"managedFields":"[1]"})"},
           {"spaces", R"({"managedFields": [1]})", R"({"managedFields": [1]})"},
           {"in a string", R"({"a":"{\"managedFields\":[1]}"})",
            R"({"a":"{\"managedFields\":[1]}"})"},
           {"at the end of a name", R"({"x,\"managedFields":[1]})", R"({"x,\"managedFields":[1]})"},
           {"no end", R"({"managedFields":[1)", R"({"managedFields":[1)"},
           {"no end of a string", R"({"managedFields":["1])", R"({"managedFields":["1])"},
           {"an escape at the end", R"({"managedFields":["\)", R"({"managedFields":["\)"},
           {"one that ends, one that doesn't", R"([{"managedFields":[1]},{"managedFields":[1)",
            R"([{"managedFields":[]},{"managedFields":[1)"}}) {
    INFO(name);
    std::string buffer;
    CHECK(without_managed_fields(text, buffer) == left);
  }
}

TEST_CASE("a text full of managedFields that don't end takes no longer than its length",
          "[kube][decode]") {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += R"("managedFields":[)";
  std::string buffer;
  CHECK(without_managed_fields(text, buffer).size() == text.size());
}

TEST_CASE("an object means the same with managedFields and without", "[kube][decode]") {
  const auto with = decode_object(
      R"({"metadata":{"name":"a","managedFields":[{"fieldsV1":{"f:metadata":{"f:name":"b"}}}],)"
      R"("uid":"u","resourceVersion":"7"},"imagePullSecrets":[{"name":"x"}]})");
  REQUIRE(with);
  CHECK(with->name == "a");
  CHECK(with->uid == "u");
  CHECK(with->resource_version == "7");
  CHECK(with->image_pull_secrets == std::vector<std::string>{"x"});
}
