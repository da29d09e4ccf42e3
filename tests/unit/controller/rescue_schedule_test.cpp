#include "controller/rescue_schedule.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"
#include "unit/support/fake_clock.hpp"

namespace rescue_schedule_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;
using Words = std::vector<std::string>;

namespace {

struct Rig {
  void attached(const std::string& ns) { schedule.attached(ns, clock.now()); }

  void found(const std::string& ns, int pods) {
    std::vector<Treatment> treatments;
    for (int i = 0; i < pods; ++i) {
      treatments.push_back({ns, std::to_string(i), ns + std::to_string(i), {}, 0, clock.now()});
    }
    schedule.found(ns, std::move(treatments), clock.now());
  }

  /// "look shop", "shop 1", or nothing.
  std::string pop() {
    last = schedule.pop(clock.now());
    if (!last) return {};
    if (const auto* look = std::get_if<Look>(&*last)) return "look " + look->ns;
    const auto& treatment = std::get<Treatment>(*last);
    return treatment.ns + " " + treatment.pod;
  }

  /// Sleeps as run() does. Nothing: it would sleep for ever.
  std::string next() {
    const auto due = schedule.next_due();
    if (!due) return {};
    if (*due > clock.now()) clock.advance(*due - clock.now());
    return pop();
  }

  /// Of the last one.
  bool retry(std::chrono::milliseconds at_least = 0ms) {
    return std::visit(
        [&](const auto& task) {
          return schedule.retry(task, clock.now(), at_least, test::always(0.0));
        },
        *last);
  }

  test::FakeClock clock;
  const Clock::Instant start = clock.now();
  RescueSchedule schedule{10s};
  std::optional<RescueSchedule::Task> last;
};

}  // namespace

TEST_CASE("a namespace is looked at once, some time after the attachment", "[rescue]") {
  Rig rig;
  CHECK_FALSE(rig.schedule.next_due());
  rig.attached("shop");
  CHECK(rig.schedule.next_due() == rig.start + 10s);
  rig.clock.advance(10s - 1ms);
  CHECK(rig.pop().empty());
  rig.clock.advance(1ms);
  CHECK(rig.pop() == "look shop");
  CHECK(rig.pop().empty());
  CHECK_FALSE(rig.schedule.next_due());
}

TEST_CASE("several attachments are one look, after the last of them", "[rescue]") {
  Rig rig;
  rig.attached("shop");
  rig.attached("shop");
  rig.clock.advance(6s);
  rig.attached("shop");
  CHECK(rig.next() == "look shop");
  CHECK(rig.clock.now() == rig.start + 16s);
  CHECK(rig.next().empty());
  rig.attached("shop");
  CHECK(rig.next() == "look shop");
  CHECK(rig.clock.now() == rig.start + 26s);
}

TEST_CASE("attachments without end don't put the look off for ever", "[rescue]") {
  Rig rig;
  for (int i = 0; i < 9; ++i) {
    rig.attached("shop");
    rig.clock.advance(5s);
    CHECK(rig.pop().empty());
  }
  rig.attached("shop");
  CHECK(rig.next() == "look shop");
  CHECK(rig.clock.now() == rig.start + 50s);
}

TEST_CASE("each namespace is looked at in its time", "[rescue]") {
  Rig rig;
  rig.attached("b");
  rig.clock.advance(1s);
  rig.attached("a");
  CHECK(rig.next() == "look b");
  CHECK(rig.clock.now() == rig.start + 10s);
  CHECK(rig.next() == "look a");
  CHECK(rig.clock.now() == rig.start + 11s);
}

TEST_CASE("five treatments a second, whatever is found", "[rescue]") {
  Rig rig;
  rig.found("shop", 10);
  rig.found("blog", 1);
  for (int i = 0; i < 11; ++i) REQUIRE_FALSE(rig.next().empty());
  CHECK(rig.clock.now() == rig.start + 2s);
  CHECK(rig.next().empty());
}

TEST_CASE("a namespace with many pods does not delay another one", "[rescue]") {
  Rig rig;
  rig.found("crowd", 1000);
  CHECK(rig.next() == "crowd 0");
  CHECK(rig.next() == "crowd 1");
  rig.found("shop", 3);
  int seen = 0;
  for (int i = 0; i < 8; ++i) seen += rig.next().starts_with("shop") ? 1 : 0;
  CHECK(seen == 3);
}

TEST_CASE("what a new look finds takes the place of what is left of the last one", "[rescue]") {
  Rig rig;
  rig.found("shop", 3);
  rig.found("blog", 1);
  CHECK(rig.next() == "shop 0");
  rig.found("shop", 1);
  CHECK(Words{rig.next(), rig.next(), rig.next()} == Words{"blog 0", "shop 0", ""});
}

TEST_CASE("what fails is tried again later and later, and then no more", "[rescue]") {
  Rig rig;
  SECTION("a pod") {
    rig.found("shop", 1);
    REQUIRE(rig.next() == "shop 0");
  }
  SECTION("a look") {
    rig.attached("shop");
    REQUIRE(rig.next() == "look shop");
  }
  const auto begun = rig.clock.now();
  std::vector<std::chrono::nanoseconds> pauses;
  while (rig.retry()) {
    const auto before = rig.clock.now();
    REQUIRE_FALSE(rig.next().empty());
    pauses.push_back(rig.clock.now() - before);
  }
  REQUIRE(pauses.size() > 6);
  CHECK(std::vector(pauses.begin(), pauses.begin() + 4) ==
        std::vector<std::chrono::nanoseconds>{1s, 2s, 4s, 8s});
  CHECK(rig.clock.now() - begun <= 300s);
  CHECK(rig.clock.now() - begun >= 180s);
  CHECK_FALSE(rig.schedule.next_due());
}

TEST_CASE("a retry heeds how long the API server wants to be left alone", "[rescue]") {
  Rig rig;
  rig.found("shop", 1);
  REQUIRE(rig.next() == "shop 0");
  CHECK(rig.retry(30s));
  CHECK(rig.next() == "shop 0");
  CHECK(rig.clock.now() == rig.start + 30s);
  CHECK_FALSE(rig.retry(600s));  // longer than it is worth trying
}

TEST_CASE("an attachment does not shorten the backoff of a look that failed", "[rescue]") {
  Rig rig;
  rig.attached("shop");
  REQUIRE(rig.next() == "look shop");
  CHECK(rig.retry(30s));
  rig.attached("shop");
  CHECK(rig.next() == "look shop");
  CHECK(rig.clock.now() == rig.start + 40s);
  CHECK(rig.next().empty());
}

TEST_CASE("a look that fails while another is due is that one", "[rescue]") {
  Rig rig;
  rig.attached("shop");
  REQUIRE(rig.next() == "look shop");
  rig.attached("shop");
  CHECK(rig.retry());
  CHECK(rig.next() == "look shop");
  CHECK(rig.clock.now() == rig.start + 20s);
  CHECK(rig.next().empty());
}

}  // namespace rescue_schedule_test
