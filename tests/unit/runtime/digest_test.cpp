#include "runtime/digest.hpp"

#include <set>

#include <catch2/catch.hpp>

namespace digest_test {

using namespace icrps;

TEST_CASE("digests are hexadecimal and as long as asked for", "[runtime][digest]") {
  CHECK(digest({}, 64) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digest({"a"}, 12) == digest({"a"}, 64).substr(0, 12));
  CHECK(digest({"a"}, 0).empty());
  CHECK(digest({"a"}, 100).size() == 64);
}

TEST_CASE("a digest is the same today and tomorrow", "[runtime][digest]") {
  // Written into annotations: another value would rewrite every copy after an upgrade.
  CHECK(digest({"ab", "c"}, 64) ==
        "43ee655579de01ca739b3f95c1c2d3f46d353b2c0df818064ea594506cdb2617");
}

TEST_CASE("parts that run together differ", "[runtime][digest]") {
  CHECK(std::set{digest({"ab", "c"}, 16), digest({"a", "bc"}, 16), digest({"abc"}, 16),
                 digest({"abc", ""}, 16), digest({"", "abc"}, 16), digest({"ab", "c", ""}, 16)}
            .size() == 6);
}

}  // namespace digest_test
