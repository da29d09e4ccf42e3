#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "kube/pure/object.hpp"

namespace resource_version_test {

using namespace icrps::kube;

TEST_CASE("resource versions compare as numbers of any length", "[kube][object]") {
  struct Case {
    const char* a;
    const char* b;
    bool a_is_older;
    bool b_is_older;
  };
  for (const auto& [a, b, a_is_older, b_is_older] : std::vector<Case>{
           {"1", "2", true, false},
           {"9", "10", true, false},
           {"99", "100", true, false},
           {"7", "7", false, false},
           {"0", "1", true, false},
           {"18446744073709551615", "18446744073709551616", true, false},
           {"123456789012345678901234567890", "123456789012345678901234567891", true, false},
           // Not numbers: not comparable, the newcomer wins.
           {"", "1", false, false},
           {"", "", false, false},
           {"a", "b", false, false},
           {"1", "b", false, false},
           {"-1", "1", false, false},
           {"1.5", "2", false, false},
           {" 1", "2", false, false}}) {
    DYNAMIC_SECTION('"' << a << "\" and \"" << b << '"') {
      CHECK(older(a, b) == a_is_older);
      CHECK(older(b, a) == b_is_older);
    }
  }
}

TEST_CASE("a status knows its causes", "[kube][object]") {
  const Status status{403, "Forbidden", "no", std::nullopt, {"A", "NamespaceTerminating"}};
  CHECK(status.has_cause("NamespaceTerminating"));
  CHECK_FALSE(status.has_cause("Namespace"));
  CHECK_FALSE(Status{}.has_cause("A"));
}

}  // namespace resource_version_test
