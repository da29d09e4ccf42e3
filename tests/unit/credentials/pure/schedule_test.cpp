// When a credential is made anew, and from which input.
#include "credentials/pure/schedule.hpp"

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"
#include "unit/support/fake_clock.hpp"

namespace schedule_test {

using namespace icrps;
using namespace icrps::credentials;
using namespace std::chrono_literals;
using RefusalKind = iam::Refusal::Kind;

namespace {

iam::Refusal of_kind(RefusalKind kind) {
  iam::Refusal refusal;
  refusal.kind = kind;
  return refusal;
}

struct Timetable {
  Schedule schedule;
  test::FakeClock clock;
  std::optional<From> take() { return schedule.take_due(clock.now()); }
  void fails(From from, RefusalKind kind = RefusalKind::kRefused,
             std::optional<std::chrono::milliseconds> at_the_latest = {}) {
    schedule.failed(from, of_kind(kind), clock.now(), test::always(0), at_the_latest);
  }
  std::optional<std::chrono::nanoseconds> next_in() const {
    const auto next = schedule.next();
    return next ? std::optional<std::chrono::nanoseconds>(*next - clock.now()) : std::nullopt;
  }
};

}  // namespace

TEST_CASE("a value is tried at once, and its renewal follows", "[credentials][schedule]") {
  Timetable rig;
  CHECK(rig.take() == std::nullopt);
  rig.schedule.source_changed(rig.clock.now());
  CHECK(rig.take() == From::kNewest);
  CHECK(rig.take() == std::nullopt);
  rig.schedule.handed_out(From::kNewest, 40min, rig.clock.now());
  CHECK(rig.next_in() == 40min);
  rig.clock.advance(40min);
  CHECK(rig.take() == From::kProved);
}

TEST_CASE("a renewal is due when either clock says so, and once", "[credentials][schedule]") {
  Timetable rig;
  const auto hands_out = [&](From from) {
    rig.schedule.handed_out(from, 40min, rig.clock.now(), rig.clock.wall() + 40min);
  };
  const auto looks = [&] {
    rig.schedule.wall_is(rig.clock.wall(), rig.clock.now());
    return rig.take();
  };
  rig.schedule.source_changed(rig.clock.now());
  rig.take();
  hands_out(From::kNewest);
  CHECK(looks() == std::nullopt);

  SECTION("the machine was paused: the wall clock alone knows") {
    rig.clock.set_wall(2h);
    CHECK(looks() == From::kProved);
    CHECK(looks() == std::nullopt);
    rig.fails(From::kProved);  // a failure has its pause all the same
    CHECK(looks() == std::nullopt);
    CHECK(rig.next_in() > 0s);
    rig.clock.advance(*rig.next_in());
    CHECK(looks() == From::kProved);
    hands_out(From::kProved);
    CHECK(looks() == std::nullopt);
    CHECK(rig.next_in() == 40min);
  }
  SECTION("the wall clock was set back: the other one goes on") {
    rig.clock.set_wall(-10h);
    rig.clock.advance(40min);
    CHECK(looks() == From::kProved);
  }
  SECTION("a newer value waits for nothing, and is not what is renewed") {
    rig.schedule.source_changed(rig.clock.now());
    rig.clock.set_wall(2h);
    CHECK(looks() == From::kNewest);
    CHECK(looks() == From::kProved);
    CHECK(looks() == std::nullopt);
  }
}

TEST_CASE("what is in force is renewed with the proved value while a newer one is refused",
          "[credentials][schedule]") {
  Timetable rig;
  rig.schedule.source_changed(rig.clock.now());
  rig.take();
  rig.schedule.handed_out(From::kNewest, 40min, rig.clock.now());
  rig.schedule.source_changed(rig.clock.now());
  int renewals = 0;
  for (const auto end = rig.clock.now() + 24h; rig.clock.now() < end;) {
    rig.clock.advance(*rig.next_in());
    const auto from = rig.take();
    REQUIRE(from);
    if (*from == From::kNewest) {
      rig.fails(From::kNewest);
    } else {
      ++renewals;
      rig.schedule.handed_out(From::kProved, 40min, rig.clock.now());
    }
  }
  CHECK(renewals == 36);
  CHECK(rig.schedule.failures(From::kNewest) > 40);
}

TEST_CASE("a source that holds nothing ends the tries, and no renewal", "[credentials][schedule]") {
  Timetable rig;
  rig.schedule.source_changed(rig.clock.now());
  rig.take();
  rig.schedule.handed_out(From::kNewest, 40min, rig.clock.now());
  rig.schedule.source_changed(rig.clock.now());
  rig.schedule.source_unusable();
  CHECK(rig.next_in() == 40min);
}

TEST_CASE("a pause after a failure does not reach into the end of a token",
          "[credentials][schedule]") {
  Timetable rig;
  for (int i = 0; i < 20; ++i) rig.fails(From::kProved, RefusalKind::kUnknown);
  CHECK(*rig.next_in() == 5min);
  rig.fails(From::kProved, RefusalKind::kUnknown, 90s);
  CHECK(rig.next_in() == 90s);
}

TEST_CASE("nothing is due while it is not known whom to ask", "[credentials][schedule]") {
  Timetable rig;
  rig.schedule.source_changed(rig.clock.now());
  rig.schedule.hold(true);
  CHECK(rig.take() == std::nullopt);
  CHECK(rig.next_in() == std::nullopt);
  rig.schedule.hold(false);
  CHECK(rig.take() == From::kNewest);
}

TEST_CASE("nothing is due at once twice without a question in between", "[credentials][schedule]") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    Timetable rig;
    test::Dice dice(seed);
    From from = From::kNewest;
    bool open = false;  // a question without an outcome
    const auto told = [&] {
      switch (dice.below(8)) {
        case 0:
          rig.schedule.source_changed(rig.clock.now());
          break;
        case 1:
          rig.schedule.source_unusable();
          break;
        case 2:
          rig.schedule.hold(dice.once_in(2));
          break;
        case 3:
          if (!std::exchange(open, false)) break;
          rig.fails(from, dice.once_in(2) ? RefusalKind::kRefused : RefusalKind::kUnknown);
          break;
        case 4:
          if (!std::exchange(open, false)) break;
          rig.schedule.handed_out(from, 30min, rig.clock.now(), rig.clock.wall() + 30min);
          break;
        case 5:
          rig.clock.set_wall(std::chrono::seconds(dice.below(7200)) - 1h);
          break;
        default:
          rig.clock.advance(std::chrono::seconds(dice.below(1000)));
      }
    };
    for (int i = 0; i < 300; ++i) {
      INFO("seed " << seed << ", step " << i);
      told();
      rig.schedule.wall_is(rig.clock.wall(), rig.clock.now());
      while (const auto taken = rig.take()) {
        from = *taken;
        open = true;
      }
      REQUIRE(rig.take() == std::nullopt);
      REQUIRE((!rig.next_in() || *rig.next_in() > 0ns));
    }
  }
}

}  // namespace schedule_test
