#include "provision/pure/marks.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace marks_test {

using namespace icrps::provision;

TEST_CASE("a description tells what was made for which NAME", "[provision][marks]") {
  CHECK(marked_name(mark_of("cluster-1")) == "cluster-1");
  CHECK(marked_name("mine; " + mark_of("cluster-1")) == "cluster-1");
  CHECK_FALSE(marked_name(""));
  CHECK_FALSE(marked_name("icr-pull-secrets"));
  CHECK_FALSE(marked_name("icr-pull-secrets/provision="));
  CHECK_FALSE(marked_name("icr-pull-secrets/provision=Not/A/Name"));
  CHECK_FALSE(marked_name("xicr-pull-secrets/provision=cluster-1"));
}

TEST_CASE("a key's description tells which Secret it is for", "[provision][marks]") {
  const SecretPlace secret{"3f1c", "icr-pull-secrets", "icr-api-key"};
  const auto text = key_description("cluster-1", secret);
  CHECK(marked_name(text) == "cluster-1");
  CHECK(marked_secret(text) == secret);
  CHECK_FALSE(marked_secret(mark_of("cluster-1")));
  CHECK_FALSE(marked_secret("icr-pull-secrets/secret=a/b"));
}

TEST_CASE("what a NAME may be", "[provision][marks]") {
  for (const auto* good : {"a", "cluster-1", "0"}) CHECK(is_provision_name(good));
  for (const auto& bad : {std::string(), std::string("A"), std::string("a b"), std::string("-a"),
                          std::string("a/b"), std::string(51, 'a')}) {
    CHECK_FALSE(is_provision_name(bad));
  }
}

}  // namespace marks_test
