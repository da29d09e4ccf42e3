#include "kube/pulse.hpp"

#include <catch2/catch.hpp>

#include "unit/support/fake_clock.hpp"

namespace pulse_test {

using namespace icrps;
using namespace icrps::kube;
using namespace std::chrono_literals;
using Kind = WatchTrouble::Kind;

TEST_CASE("a pulse knows since when there is no watch", "[kube][pulse]") {
  test::FakeClock clock;
  Pulse pulse(clock);
  const auto start = clock.now();
  CHECK(pulse.facts().apart_since == start);
  CHECK(pulse.facts().last_sign == start);
  clock.advance(5s);
  pulse.trouble(Kind::kBroken);
  CHECK(pulse.facts().apart_since == start);
  CHECK(pulse.facts().last_sign == start);
  pulse.page();
  CHECK(pulse.facts().apart_since == start + 5s);
  CHECK(pulse.facts().last_sign == start + 5s);
  clock.advance(1s);
  pulse.opened();
  CHECK_FALSE(pulse.facts().apart_since);
  clock.advance(1min);
  pulse.bytes();
  CHECK(pulse.facts().last_sign == start + 66s);
  clock.advance(1min);
  pulse.ended();
  pulse.ended();
  CHECK(pulse.facts().apart_since == start + 126s);
  CHECK(pulse.facts().last_sign == start + 66s);
}

TEST_CASE("a pulse knows when its thread goes on at the latest", "[kube][pulse]") {
  test::FakeClock clock;
  Pulse pulse(clock);
  CHECK(pulse.facts().goes_on_by == clock.now());
  clock.advance(1s);
  pulse.step(30s);
  CHECK(pulse.facts().goes_on_by == clock.now() + 30s);
  pulse.step(0s);
  CHECK(pulse.facts().goes_on_by == clock.now());
}

TEST_CASE("an answer to another question leaves the watch's refusal as it is", "[kube][pulse]") {
  test::FakeClock clock;
  Pulse pulse(clock);
  pulse.trouble(Kind::kForbidden);
  clock.advance(1s);
  pulse.answer();
  CHECK(pulse.facts().trouble == Kind::kForbidden);
  CHECK(pulse.facts().last_sign == clock.now());
  pulse.opened();
  CHECK_FALSE(pulse.facts().trouble);
}

TEST_CASE("a refusal is an answer but no sign of life of the watch", "[kube][pulse]") {
  test::FakeClock clock;
  Pulse pulse(clock);
  const auto start = clock.now();
  CHECK_FALSE(pulse.facts().answers.since);
  clock.advance(1s);
  pulse.trouble(Kind::kForbidden);
  CHECK(pulse.facts().answers.since == start + 1s);
  CHECK(pulse.facts().last_sign == start);
  CHECK(pulse.facts().trouble == Kind::kForbidden);
  for (const auto kind : {Kind::kSilent, Kind::kBroken}) {
    pulse.opened();
    CHECK_FALSE(pulse.facts().trouble);
    CHECK(pulse.facts().answers.since);
    pulse.trouble(kind);
    CHECK_FALSE(pulse.facts().answers.since);
  }
}

}  // namespace pulse_test
