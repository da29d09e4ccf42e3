// Who writes against us is met with growing pauses, and told of.
#include "controller/pure/feuds.hpp"

#include <algorithm>
#include <functional>

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"

namespace feuds_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;
using Instant = Clock::Instant;

namespace {

const std::string kNs = "shop";
const std::string kObject = "Secret icr-default";
constexpr std::size_t kGoal = 1;

plan::Problem problem() {
  plan::Problem problem;
  problem.reason = "WrittenAgainst";
  return problem;
}

/// Writes as soon as it may, and somebody undoes it `reaction` after each write.
struct Fight {
  Feuds feuds{};
  Instant now{1h};

  /// Returns how often it was written in this time.
  unsigned go_on(Feuds::Duration time, Feuds::Duration reaction) {
    unsigned writes = 0;
    const auto end = now + time;
    while (now < end) {
      const auto turn = feuds.turn(kNs, kObject, kGoal, now);
      if (turn.wait > 0s) {
        now += turn.wait;
        continue;
      }
      if (turn.worth_telling) feuds.tell(kNs, kObject, problem());
      feuds.wrote(kNs, kObject, kGoal, now);
      ++writes;
      now += reaction;
    }
    return writes;
  }
};

}  // namespace

TEST_CASE("a first write, and a few repairs, are free and told to nobody", "[controller][feuds]") {
  Feuds feuds;
  const Instant now{1h};
  for (unsigned i = 0; i < Feuds::kFree; ++i) {
    const auto turn = feuds.turn(kNs, kObject, kGoal, now);
    CHECK(turn.wait == 0s);
    CHECK(turn.times == i);
    CHECK_FALSE(turn.worth_telling);
    feuds.wrote(kNs, kObject, kGoal, now);
  }
  CHECK(feuds.turn(kNs, kObject, kGoal, now).worth_telling);
}

TEST_CASE("whoever undoes it at once is met with growing pauses", "[controller][feuds]") {
  Fight fight;
  CHECK(fight.go_on(1min, 10ms) <= 12);
  CHECK(fight.go_on(1h, 10ms) <= 17);
  CHECK(fight.feuds.going_on(kNs, fight.now).size() == 1);
  CHECK(fight.feuds.going_on("blog", fight.now).empty());
}

TEST_CASE("whoever undoes it now and then is told of and met with none", "[controller][feuds]") {
  Fight fight;
  CHECK(fight.go_on(10min, 30s) == 20);
  CHECK(fight.feuds.going_on(kNs, fight.now).size() == 1);
}

TEST_CASE("another write is another matter", "[controller][feuds]") {
  Fight fight;
  fight.go_on(1min, 10ms);
  CHECK(fight.feuds.turn(kNs, kObject, kGoal + 1, fight.now).wait == 0s);
  CHECK(fight.feuds.turn(kNs, "Secret icr-team", kGoal, fight.now).wait == 0s);
  CHECK(fight.feuds.turn("blog", kObject, kGoal, fight.now).wait == 0s);
  fight.feuds.wrote(kNs, kObject, kGoal + 1, fight.now);
  CHECK(fight.feuds.going_on(kNs, fight.now).empty());
  CHECK(fight.feuds.turn(kNs, kObject, kGoal, fight.now).times == 0);
}

TEST_CASE("peace is forgotten", "[controller][feuds]") {
  Fight fight;
  fight.go_on(1min, 10ms);
  fight.now += Feuds::kMemory + 1s;
  CHECK(fight.feuds.going_on(kNs, fight.now).empty());
  CHECK(fight.feuds.turn(kNs, kObject, kGoal, fight.now).times == 0);
}

TEST_CASE("what a policy rewrites is tried seldom from the first time on", "[controller][feuds]") {
  Feuds feuds;
  const Instant now{1h};
  feuds.rewritten(kNs, kObject, kGoal, now);
  feuds.tell(kNs, kObject, problem());
  CHECK(feuds.turn(kNs, kObject, kGoal, now + 1s).wait == Feuds::kLongestPause - 1s);
  CHECK(feuds.going_on(kNs, now).size() == 1);
}

TEST_CASE("what is not written any more is remembered by nobody", "[controller][feuds]") {
  Feuds feuds;
  Instant now{1h};
  for (int i = 0; i < 1000; ++i) feuds.wrote("ns-" + std::to_string(i), kObject, kGoal, now);
  CHECK(feuds.size() == 1000);
  now += 2 * Feuds::kMemory;
  feuds.wrote(kNs, kObject, kGoal, now);
  now += 2 * Feuds::kMemory;
  feuds.wrote(kNs, kObject, kGoal, now);
  CHECK(feuds.size() <= 2);
}

TEST_CASE("no walk of friends and foes makes a loop, or waits too long", "[controller][feuds]") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    test::Dice dice(seed);
    Feuds feuds;
    Instant now{1h};
    std::vector<Instant> writes;
    std::size_t goal = 0;
    for (int step = 0; step < 400; ++step) {
      now += std::chrono::milliseconds(dice.pick(std::vector<int>{1, 20, 3000, 20'000, 200'000}));
      if (dice.once_in(20)) {
        ++goal;
        writes.clear();
      }
      const auto turn = feuds.turn(kNs, kObject, goal, now);
      if (turn.times == 0) writes.clear();
      REQUIRE(turn.wait >= 0s);
      REQUIRE(turn.wait <= Feuds::kLongestPause);
      // Whoever waits as told may write.
      if (turn.wait > 0s) {
        if (dice.once_in(2)) continue;
        now += turn.wait;
        REQUIRE(feuds.turn(kNs, kObject, goal, now).wait == 0s);
      }
      feuds.wrote(kNs, kObject, goal, now);
      writes.push_back(now);
      // Of the same write no more than the free ones and one a second.
      for (std::size_t i = Feuds::kFree + 1; i < writes.size(); ++i) {
        const bool quick = writes[i] - writes[i - 1] < 1s;
        const bool before = writes[i - 1] - writes[i - 2] < 1s;
        REQUIRE_FALSE((quick && before));
      }
    }
  }
}

}  // namespace feuds_test
