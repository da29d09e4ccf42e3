#include "config/duration.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace duration_test {

using namespace icrps::config;
using namespace std::chrono_literals;

TEST_CASE("durations are read and written as Kubernetes does", "[config]") {
  struct Case {
    std::string text;
    std::chrono::seconds duration;
    std::string written;
  };
  for (const auto& [text, duration, written] :
       std::vector<Case>{{"720h", 720h, "720h"},
                         {"1h30m", 90min, "1h30m"},
                         {"90s", 90s, "1m30s"},
                         {"1h30m0s", 90min, "1h30m"},
                         {"1h0m5s", 1h + 5s, "1h5s"},
                         {"90m", 90min, "1h30m"},
                         {"05m", 5min, "5m"},
                         {"0s", 0s, "0s"},
                         {"0h", 0s, "0s"},
                         {"999999999h", 999999999h, "999999999h"},
                         {"1s", 1s, "1s"}}) {
    DYNAMIC_SECTION(text) {
      REQUIRE(parse_duration(text));
      CHECK(*parse_duration(text) == duration);
      CHECK(format_duration(duration) == written);
      CHECK(parse_duration(written) == duration);
    }
  }
}

TEST_CASE("what is not a duration is told from one", "[config]") {
  for (const std::string text :
       {"",      " ",    "0",        "90",   "h",           "1",    "1d",    "1w",  "1h30", "30s1h",
        "1h1h",  "1m1m", "-1h",      "+1h",  "1.5h",        "1,5h", "1 h",   " 1h", "1h ",  "1H",
        "100ms", "5us",  "1h30m0s0", "0x1h", "9999999999h", "1h\n", "1hour", "PT1H"}) {
    DYNAMIC_SECTION('"' << text << '"') {
      CHECK_FALSE(parse_duration(text));
    }
  }
}

}  // namespace duration_test
