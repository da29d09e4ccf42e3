#include "plan/selection.hpp"

#include <chrono>
#include <fnmatch.h>

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"

namespace selection_test {

using namespace icrps;
using plan::Selection;
using Words = std::vector<std::string>;

TEST_CASE("names and globs select", "[plan][selection]") {
  struct Row {
    Words patterns;
    std::string name;
    bool selected;
  };
  for (const auto& row : std::vector<Row>{{{}, "default", false},
                                          {{"default"}, "default", true},
                                          {{"default"}, "defaults", false},
                                          {{"a", "b"}, "b", true},
                                          {{"*"}, "anything", true},
                                          {{"*"}, "", true},
                                          {{"?"}, "", false},
                                          {{"build-*"}, "build-", true},
                                          {{"build-*"}, "build-1.x", true},
                                          {{"build-*"}, "rebuild-1", false},
                                          {{"*-build"}, "re-build", true},
                                          {{"*-build"}, "re-build-1", false},
                                          {{"job-?"}, "job-1", true},
                                          {{"job-?"}, "job-12", false},
                                          {{"a.b*"}, "axb", false},
                                          {{"a*b*c"}, "a-b-b-c", true},
                                          {{"a*b*c"}, "a-c-b", false},
                                          {{"**"}, "x", true},
                                          {{"x*", "y*", "z?"}, "zz", true},
                                          {{"x*", "y*", "z?"}, "z", false}}) {
    INFO(row.name);
    CHECK(Selection(row.patterns).selects(row.name) == row.selected);
  }
}

TEST_CASE("a selection is what fnmatch says of each pattern", "[plan][selection]") {
  test::Dice dice(5);
  const auto text = [&](const char* characters, unsigned long count, unsigned long longest) {
    std::string result;
    for (auto left = dice.below(longest + 1); left > 0; --left) {
      result += characters[dice.below(count)];
    }
    return result;
  };
  for (int round = 0; round < 3000; ++round) {
    Words patterns;
    for (auto left = dice.below(30); left > 0; --left) patterns.push_back(text("ab-*?", 5, 9));
    const Selection selection(patterns);
    for (int i = 0; i < 10; ++i) {
      const auto name = text("ab-", 3, 9);
      const bool expected = std::any_of(patterns.begin(), patterns.end(), [&](const auto& one) {
        return fnmatch(one.c_str(), name.c_str(), 0) == 0;
      });
      if (selection.selects(name) != expected) {
        FAIL_CHECK(name);
        for (const auto& pattern : patterns) UNSCOPED_INFO(pattern);
      }
    }
  }
}

TEST_CASE("no list of globs of 4096 characters makes an account cost a millisecond",
          "[plan][selection]") {
  const std::string name(253, 'a');
  for (const std::string glob : {"*", "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "?*?*?*?*?*?*?*b", "a*"}) {
    Words patterns;
    for (std::size_t size = 0; size + glob.size() + 1 <= 4096; size += glob.size() + 1) {
      patterns.push_back(glob);
    }
    const Selection selection(patterns);
    constexpr int kAccounts = 300;
    const auto begun = std::chrono::steady_clock::now();
    int selected = 0;
    for (int i = 0; i < kAccounts; ++i) selected += selection.selects(name) ? 1 : 0;
    const auto took = (std::chrono::steady_clock::now() - begun) / kAccounts;
    CHECK(took < std::chrono::milliseconds(1));
    CHECK((selected == 0 || selected == kAccounts));
  }
}

}  // namespace selection_test
