#include "runtime/utf8.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace utf8_test {

using namespace icrps;

TEST_CASE("UTF-8 is told from other bytes", "[runtime][text]") {
  struct Case {
    const char* what;
    std::string text;
    std::size_t length;
  };
  for (const auto& [what, text, length] :
       std::vector<Case>{{"nothing", "", 0},
                         {"ASCII", "ab", 1},
                         {"two bytes", "\xc3\xa9", 2},
                         {"three bytes", "\xe2\x82\xac", 3},
                         {"four bytes", "\xf0\x9f\x94\x91", 4},
                         {"the last character", "\xf4\x8f\xbf\xbf", 4},
                         {"a continuation alone", "\xa9", 0},
                         {"a sequence cut short", "\xe2\x82", 0},
                         {"a sequence broken off", "\xe2\x82z", 0},
                         {"an overlong slash", "\xc0\xaf", 0},
                         {"an overlong NUL", "\xc1\x80", 0},
                         {"an overlong three-byte form", "\xe0\x9f\xbf", 0},
                         {"an overlong four-byte form", "\xf0\x8f\xbf\xbf", 0},
                         {"half a surrogate pair", "\xed\xa0\x80", 0},
                         {"beyond the last character", "\xf4\x90\x80\x80", 0},
                         {"a byte that is never used", "\xff", 0}}) {
    DYNAMIC_SECTION(what) {
      CHECK(utf8_length(text) == length);
    }
  }
}

}  // namespace utf8_test
