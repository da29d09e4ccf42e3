// Which of a name's addresses are tried.
#include "http/names/shortlist.hpp"

#include <catch2/catch.hpp>

namespace shortlist_test {

using icrps::http::Addresses;
using icrps::http::names::shortlist;

TEST_CASE("of many addresses a few are chosen, of both families in turn", "[http][names]") {
  struct Row {
    Addresses ipv4;
    Addresses ipv6;
    Addresses chosen;
  };
  const auto row = GENERATE(values<Row>({
      {{}, {}, {}},
      {{"1"}, {}, {"1"}},
      {{}, {"a"}, {"a"}},
      {{"1", "2"}, {"a"}, {"1", "a", "2"}},
      {{"1"}, {"a", "b", "c", "d", "e"}, {"1", "a", "b", "c"}},
      {{"1", "1", "2"}, {"a", "1"}, {"1", "a", "2"}},
      {{"1", "2", "3", "4", "5"}, {}, {"1", "2", "3", "4"}},
  }));
  CHECK(shortlist(row.ipv4, row.ipv6) == row.chosen);
}

}  // namespace shortlist_test
