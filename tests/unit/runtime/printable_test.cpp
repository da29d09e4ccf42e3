#include "runtime/printable.hpp"

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"

namespace printable_test {

using namespace icrps;

TEST_CASE("text for a terminal does nothing to it", "[runtime][printable]") {
  struct Row {
    std::string text;
    std::string shown;
  };
  for (const auto& [text, shown] : {
           Row{"", ""},
           Row{"a plain text, with \"quotes\" and \\", "a plain text, with \"quotes\" and \\"},
           Row{"two\nlines\r\n", "two\\nlines\\r\\n"},
           Row{"a\tb", "a\\tb"},
           Row{"\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"},
           Row{std::string("a\0b", 3), "a\\x00b"},
           Row{"\x7f\xc2\x9b", "\\x7f\\u009b"},
           Row{"safe\xe2\x80\xae"
               "eteled",
               "safe\\u202eeteled"},
           Row{"zero\xe2\x80\x8bwidth\xef\xbb\xbf", "zero\\u200bwidth\\ufeff"},
           Row{"line\xe2\x80\xa8"
               "end",
               "line\\u2028end"},
           Row{"\xf3\xa0\x81\x81", "\\ue0041"},
           Row{"M\xc3\xbcnchen, \xe6\x9d\xb1\xe4\xba\xac, \xf0\x9f\x90\xb3 …",
               "M\xc3\xbcnchen, \xe6\x9d\xb1\xe4\xba\xac, \xf0\x9f\x90\xb3 …"},
           Row{"\xff\xc3", "\\xff\\xc3"},
       }) {
    INFO(shown);
    CHECK(printable(text) == shown);
    CHECK(printable(printable(text)) == shown);
  }
}

TEST_CASE("whatever bytes come, no control character is left", "[runtime][printable]") {
  test::Dice dice(3);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (auto left = dice.below(40); left > 0; --left) text += static_cast<char>(dice.below(256));
    const auto shown = printable(text);
    for (const char c : shown) {
      const auto code = static_cast<unsigned char>(c);
      REQUIRE(code >= 0x20U);
      REQUIRE(code != 0x7fU);
    }
    REQUIRE(printable(shown) == shown);
  }
}

}  // namespace printable_test
