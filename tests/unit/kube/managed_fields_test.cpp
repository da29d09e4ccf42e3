#include "kube/pure/managed_fields.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "kube/pure/decode.hpp"

namespace managed_fields_test {

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

TEST_CASE("managedFields tell who wrote an object, the last one first", "[kube][decode]") {
  using Names = std::vector<std::string>;
  const auto managers = [](const std::string& entries) {
    return field_managers(
        R"({"data":{"managedFields":"x"},"metadata":{"name":"n","managedFields":)" + entries +
        "}}");
  };
  CHECK(managers(R"([{"manager":"helm","time":"2026-01-01T00:00:00Z","fieldsV1":{"f:data":{}}},
                     {"manager":"kubectl edit","time":"2026-01-03T00:00:00Z"},
                     {"manager":"argocd","time":"2026-01-02T00:00:00Z"},
                     {"manager":"helm","time":"2026-01-02T00:00:00Z"}])") ==
        Names{"kubectl edit", "argocd", "helm"});
  CHECK(field_managers(R"({"metadata":{"managedFields":[
            {"manager":"helm","time":"2026-01-01T00:00:00Z","fieldsV1":{"f:data":{"f:x":{}}}},
            {"manager":"labels","time":"2026-01-02T00:00:00Z","fieldsV1":{"f:metadata":{}}},
            {"manager":"odd","fieldsV1":"f:data"},{"manager":"none"}]}})",
                       "data") == Names{"helm"});
  for (const std::string nothing :
       {"[]", "null", "5", "\"helm\"", "{}", "[5,[],{}]", R"([{"manager":5}])"}) {
    INFO(nothing);
    CHECK(managers(nothing).empty());
  }
  for (const std::string broken :
       {"", "[]", "null", "{", R"({"metadata":5})", R"({"metadata":{}})",
        R"({"data":{"metadata":{"managedFields":[{"manager":"x"}]}}})"}) {
    INFO(broken);
    CHECK(field_managers(broken).empty());
  }
}

}  // namespace managed_fields_test
