#include "credentials/pure/delays.hpp"

#include <catch2/catch.hpp>

namespace attempt_schedule_test {

using namespace icrps;
using namespace icrps::credentials;
using namespace std::chrono_literals;
using Kind = iam::Refusal::Kind;

namespace {

Random always(double value) {
  return [value] { return value; };
}

iam::Refusal refusal(Kind kind, std::optional<std::chrono::milliseconds> after = {}) {
  iam::Refusal made;
  made.kind = kind;
  made.retry_after = after;
  return made;
}

}  // namespace

TEST_CASE("a token is refreshed between 50 and 80 % of its life", "[credentials][schedule]") {
  CHECK(after_success(1h, always(0)) == 30min);
  CHECK(after_success(1h, always(0.999)) > 47min);
  CHECK(after_success(1h, always(0.999)) <= 48min);
  CHECK(after_success(1s, always(0)) == 500ms);
}

TEST_CASE("what doesn't expire is proved again after about an hour", "[credentials][schedule]") {
  CHECK(after_success(std::nullopt, always(0)) == 1h);
  CHECK(after_success(std::nullopt, always(0.999)) >= 54min);
}

TEST_CASE("what may pass is tried again soon, a refusal seldom", "[credentials][schedule]") {
  const auto nth = [](Kind kind, unsigned failures) {
    return after_failure(refusal(kind), failures, always(0.999));
  };
  CHECK(nth(Kind::kUnknown, 1) <= 1s);
  CHECK(nth(Kind::kUnknown, 5) <= 16s);
  CHECK(nth(Kind::kUnknown, 5) >= 8s);
  CHECK(nth(Kind::kUnknown, 100) <= 5min);
  for (const auto kind : {Kind::kRefused, Kind::kPolicy}) {
    CHECK(nth(kind, 1) >= 12s);
    CHECK(nth(kind, 100) <= 30min);
    CHECK(nth(kind, 100) >= 24min);
  }
}

TEST_CASE("nobody asks before Retry-After is over, within reason", "[credentials][schedule]") {
  CHECK(after_failure(refusal(Kind::kUnknown, 77s), 1, always(0)) == 77s);
  CHECK(after_failure(refusal(Kind::kUnknown, 24h), 1, always(0)) == 10min);
  CHECK(after_failure(refusal(Kind::kUnknown, 1ms), 1, always(0)) >= 500ms);
}

}  // namespace attempt_schedule_test
