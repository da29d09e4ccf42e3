#include "runtime/timestamp.hpp"

#include <catch2/catch.hpp>

namespace timestamp_test {

using namespace icrps;

TEST_CASE("times as text", "[runtime][timestamp]") {
  const std::chrono::system_clock::time_point time(std::chrono::seconds(1'795'414'844));
  CHECK(rfc3339(time) == "2026-11-23T06:20:44Z");
  CHECK(rfc3339({}) == "1970-01-01T00:00:00Z");
  CHECK(parse_rfc3339("2026-11-23T06:20:44Z") == time);
  CHECK(parse_rfc3339("2026-11-23T07:20:44+01:00") == time);
  CHECK(parse_rfc3339("2026-11-23T01:50:44.123456-04:30") == time);
  CHECK(parse_rfc3339("2024-02-29T00:00:00Z"));
}

TEST_CASE("texts that are no time", "[runtime][timestamp]") {
  for (const auto* bad :
       {"", "2026", "2026-11-23", "2026-11-23 06:20:44Z", "2026-11-23T06:20:44", "now",
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z",
        "2026-11-23T06:60:44Z", "2026-11-23T06:20:44Zx", "2026-11-23T06:20:44.Z",
        "2026-11-23T06:20:44+1:00", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z",
        "-026-11-23T06:20:44Z", "2026-11-23T06:20:44+25:00"}) {
    INFO(bad);
    CHECK_FALSE(parse_rfc3339(bad));
  }
}

}  // namespace timestamp_test
