#include "runtime/backoff.hpp"

#include <limits>
#include <set>

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"

namespace backoff_test {

using namespace icrps;
using namespace std::chrono_literals;
using test::always;

namespace {

constexpr BackoffPolicy kPolicy{.first = 100ms, .factor = 2.0, .cap = 1s, .jitter = 0.5};

}  // namespace

TEST_CASE("delays grow up to the cap", "[runtime][backoff]") {
  struct Case {
    unsigned failures;
    std::chrono::milliseconds delay;
  };
  for (const auto& [failures, delay] :
       std::vector<Case>{{0, 100ms},
                         {1, 100ms},
                         {2, 200ms},
                         {3, 400ms},
                         {4, 800ms},
                         {5, 1s},
                         {6, 1s},
                         {1000, 1s},
                         {100'000, 1s},
                         {std::numeric_limits<unsigned>::max(), 1s}}) {
    CHECK(backoff_delay(kPolicy, failures, always(0)) == delay);
  }
}

TEST_CASE("jitter takes away at most its share", "[runtime][backoff]") {
  CHECK(backoff_delay(kPolicy, 2, always(0.5)) == 150ms);
  CHECK(backoff_delay(kPolicy, 2, always(0.999999)) == 100ms);
  const auto random = system_random();
  std::set<long> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto delay = backoff_delay(kPolicy, 10, random);
    REQUIRE(delay >= 500ms);
    REQUIRE(delay <= 1s);
    seen.insert(delay.count());
  }
  CHECK(seen.size() > 50);
}

TEST_CASE("the system's randomness is in [0, 1)", "[runtime][backoff]") {
  const auto random = system_random();
  const auto same_engine = random;
  for (int i = 0; i < 1000; ++i) {
    const auto number = i % 2 == 0 ? random() : same_engine();
    REQUIRE(number >= 0.0);
    REQUIRE(number < 1.0);
  }
}

}  // namespace backoff_test
