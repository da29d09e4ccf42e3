#include "plan/text_list.hpp"

#include <catch2/catch.hpp>

namespace text_list_test {

using namespace icrps::plan;
using Words = std::vector<std::string>;

TEST_CASE("comma lists", "[plan][text_list]") {
  struct Case {
    std::string text;
    Words words;
  };
  for (const auto& [text, words] : std::vector<Case>{{"", {""}},
                                                     {"a", {"a"}},
                                                     {"a,b", {"a", "b"}},
                                                     {" a ,\tb\n", {"a", "b"}},
                                                     {"a b", {"a b"}},
                                                     {"a,", {"a", ""}},
                                                     {",", {"", ""}},
                                                     {" , a,, ", {"", "a", "", ""}}}) {
    DYNAMIC_SECTION('"' << text << '"') {
      CHECK(split_list(text) == words);
    }
  }
}

TEST_CASE("a comma too many means nothing", "[plan][text_list]") {
  CHECK(words_of("a,b,") == Words{"a", "b"});
  CHECK(words_of(" a ,\n,b\r\n, ") == Words{"a", "b"});
  CHECK(words_of(",").empty());
  CHECK(words_of("").empty());
}

TEST_CASE("words are joined", "[plan][text_list]") {
  CHECK(join({}, ", ").empty());
  CHECK(join({"a"}, ", ") == "a");
  CHECK(join({"a", "b", "c"}, ", ") == "a, b, c");
}

}  // namespace text_list_test
