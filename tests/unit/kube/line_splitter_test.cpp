#include "kube/pure/line_splitter.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"

namespace line_splitter_test {

using namespace icrps;
using kube::LineSplitter;

namespace {

using Lines = std::vector<std::string>;

/// Feeds the chunks; false when the splitter gave up.
bool feed(LineSplitter& splitter, const Lines& chunks, Lines& lines) {
  for (const auto& chunk : chunks) {
    const bool fine = splitter.feed(chunk, [&](std::string_view line) {
      lines.emplace_back(line);
      return true;
    });
    if (!fine) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("chunks become lines", "[kube][line_splitter]") {
  struct Case {
    const char* name;
    Lines chunks;
    Lines lines;
    bool partial = false;
  };
  for (const auto& [name, chunks, lines, partial] :
       std::vector<Case>{{"nothing", {""}, {}},
                         {"one line", {"one\n"}, {"one"}},
                         {"two lines in a chunk", {"one\ntwo\n"}, {"one", "two"}},
                         {"a line in three chunks", {"o", "n", "e\n"}, {"one"}},
                         {"a line end of its own", {"one", "\n"}, {"one"}},
                         {"half a line stays", {"one\ntw"}, {"one"}, true},
                         {"empty lines are skipped", {"\n\none\n\n\ntwo\n\n"}, {"one", "two"}},
                         {"an empty line across chunks", {"\n", "\n", "one\n"}, {"one"}},
                         {"the rest of a chunk opens the next line",
                          {"one\nt", "wo\nthr", "ee\n"},
                          {"one", "two", "three"}}}) {
    DYNAMIC_SECTION(name) {
      LineSplitter splitter(100);
      Lines got;
      CHECK(feed(splitter, chunks, got));
      CHECK(got == lines);
      CHECK(splitter.has_partial_line() == partial);
      CHECK_FALSE(splitter.overflowed());
    }
  }
}

TEST_CASE("a line may be as long as the limit and no longer", "[kube][line_splitter]") {
  struct Case {
    const char* name;
    Lines chunks;
    bool fits;
  };
  for (const auto& [name, chunks, fits] :
       std::vector<Case>{{"just the limit", {"12345\n"}, true},
                         {"just the limit, in pieces", {"123", "45", "\n"}, true},
                         {"one byte more", {"123456\n"}, false},
                         {"one byte more, in pieces", {"12345", "6\n"}, false},
                         {"one byte more and no end yet", {"123456"}, false},
                         {"a short line before it", {"1\n123456"}, false},
                         {"many short lines", {"1234\n1234\n1234\n1234\n"}, true}}) {
    DYNAMIC_SECTION(name) {
      LineSplitter splitter(5);
      Lines got;
      CHECK(feed(splitter, chunks, got) == fits);
      CHECK(splitter.overflowed() == !fits);
    }
  }
}

TEST_CASE("a reader that has enough ends the feed at once", "[kube][line_splitter]") {
  LineSplitter splitter(100);
  Lines got;
  const bool went_on = splitter.feed("one\ntwo\nthree\n", [&](std::string_view line) {
    got.emplace_back(line);
    return got.size() < 2;
  });
  CHECK_FALSE(went_on);
  CHECK_FALSE(splitter.overflowed());
  CHECK(got == Lines{"one", "two"});
}

TEST_CASE("every chunking of a text gives the same lines", "[kube][line_splitter]") {
  test::Dice dice(20261);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    Lines expected;
    for (auto count = dice.below(12); count-- > 0;) {
      std::string line(dice.below(9), static_cast<char>('a' + dice.below(26)));
      text += line + '\n';
      if (!line.empty()) expected.push_back(line);
    }
    Lines chunks;
    for (std::string_view rest = text; !rest.empty();) {
      const auto length = std::min(rest.size(), dice.below(10));  // also empty chunks
      chunks.emplace_back(rest.substr(0, length));
      rest.remove_prefix(length);
    }
    LineSplitter splitter(8);
    Lines got;
    REQUIRE(feed(splitter, chunks, got));
    REQUIRE(got == expected);
    REQUIRE_FALSE(splitter.has_partial_line());
  }
}

}  // namespace line_splitter_test
