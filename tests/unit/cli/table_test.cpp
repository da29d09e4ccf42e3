#include "cli/table.hpp"

#include <catch2/catch.hpp>

namespace table_test {

using namespace icrps::cli;

TEST_CASE("columns are as wide as their widest cell", "[cli][table]") {
  CHECK(format_table({}).empty());
  CHECK(format_table({{"A", "B"}, {"long", "x"}, {"", "y"}}) == "A     B\nlong  x\n      y\n");
  CHECK(format_table({{"A", ""}, {"b"}}) == "A\nb\n");
}

TEST_CASE("what a tenant wrote does nothing to a terminal", "[cli][table]") {
  CHECK(format_table({{"A", "B"}, {"x\x1b[2J", "one\ntwo"}}) ==
        "A         B\nx\\x1b[2J  one\\ntwo\n");
}

TEST_CASE("durations have one unit, rounded down", "[cli][table]") {
  CHECK(short_duration(0) == "0s");
  CHECK(short_duration(119) == "119s");
  CHECK(short_duration(120) == "2m");
  CHECK(short_duration(7199) == "119m");
  CHECK(short_duration(7200) == "2h");
  CHECK(short_duration(172'800) == "2d");
}

}  // namespace table_test
