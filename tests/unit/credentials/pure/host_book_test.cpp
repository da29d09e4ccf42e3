// One map host → state: what is asked when.
#include "credentials/pure/host_book.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"
#include "unit/support/fake_clock.hpp"

namespace host_book_test {

using namespace icrps;
using namespace icrps::credentials;
using namespace std::chrono_literals;
using test::Dice;

namespace {

Answer refused_by(const std::string& message) {
  iam::Refusal refusal;
  refusal.kind = iam::Refusal::Kind::kPolicy;
  refusal.message = message;
  return tl::unexpected(refusal);
}

Answer no_answer() {
  return tl::unexpected(iam::Refusal());
}

struct Book {
  HostBook book;
  test::FakeClock clock;
  icr::Hosts take() { return book.take_due(clock.now()); }
  HostBook::Heard hears(const std::string& place, const Answer& answer) {
    return book.heard(place, answer, clock.now(), test::always(0));
  }
  std::optional<std::chrono::nanoseconds> next_in() const {
    const auto next = book.next();
    return next ? std::optional<std::chrono::nanoseconds>(*next - clock.now()) : std::nullopt;
  }
};

}  // namespace

TEST_CASE("a host that begins to count is due at once, and once", "[credentials][hosts][book]") {
  Book rig;
  CHECK(rig.take().empty());
  CHECK(rig.book.add({"a", "b"}, rig.clock.now()));
  CHECK(rig.take() == icr::Hosts{"a", "b"});
  CHECK(rig.take().empty());
  CHECK(rig.next_in() == std::nullopt);
  CHECK_FALSE(rig.book.add({"a"}, rig.clock.now()));
  CHECK(rig.hears("a", {}).news);
  CHECK(rig.take().empty());
}

TEST_CASE("a no is asked about again after pauses, and told once", "[credentials][hosts][book]") {
  Book rig;
  rig.book.add({"a"}, rig.clock.now());
  rig.take();
  CHECK(rig.hears("a", refused_by("403")).news);
  CHECK(rig.book.first_no()->message == "403");
  CHECK(rig.next_in() == 15s);
  rig.clock.advance(15s);
  CHECK(rig.book.doubts_due(rig.clock.now()));
  CHECK(rig.take() == icr::Hosts{"a"});
  CHECK_FALSE(rig.hears("a", refused_by("403")).news);
  CHECK(rig.next_in() == 30s);
  SECTION("other words are news") {
    rig.clock.advance(30s);
    rig.take();
    CHECK(rig.hears("a", refused_by("401")).news);
  }
  SECTION("silence takes nothing back, and it is asked again") {
    rig.clock.advance(30s);
    rig.take();
    rig.hears("a", no_answer());
    CHECK(rig.book.first_no() != nullptr);
    CHECK(rig.next_in());
  }
  SECTION("a yes ends it") {
    rig.clock.advance(30s);
    rig.take();
    CHECK(rig.hears("a", {}).news);
    CHECK(rig.book.first_no() == nullptr);
    CHECK(rig.next_in() == std::nullopt);
  }
}

TEST_CASE("a silent host is asked three times, then with all others",
          "[credentials][hosts][book]") {
  Book rig;
  rig.book.add({"a"}, rig.clock.now());
  for (int i = 0; i < 3; ++i) {
    CHECK(rig.take() == icr::Hosts{"a"});
    rig.hears("a", no_answer());
    if (const auto next = rig.next_in()) rig.clock.advance(*next);
  }
  CHECK(rig.next_in() == std::nullopt);
  rig.book.ask_all(rig.clock.now());
  CHECK(rig.take() == icr::Hosts{"a"});
}

TEST_CASE("what was good once stays so while it is silent", "[credentials][hosts][book]") {
  Book rig;
  rig.book.add({"a"}, rig.clock.now());
  rig.take();
  rig.hears("a", {});
  rig.book.another_login({"a"}, rig.clock.now());
  rig.hears("a", no_answer());
  CHECK(rig.book.says_yes("a"));
  CHECK(rig.next_in() == std::nullopt);
}

TEST_CASE("a host that nobody asks for any more is forgotten, its answer too",
          "[credentials][hosts][book]") {
  Book rig;
  rig.book.add({"a", "b"}, rig.clock.now());
  rig.take();
  rig.hears("a", refused_by("403"));
  rig.book.track({"b"}, rig.clock.now());
  CHECK(rig.book.first_no() == nullptr);
  CHECK_FALSE(rig.hears("a", refused_by("403")).news);
  CHECK(rig.book.states().size() == 1);
  CHECK(rig.next_in() == std::nullopt);
}

TEST_CASE("another login is asked about everywhere, but where it is being asked already",
          "[credentials][hosts][book]") {
  Book rig;
  rig.book.add({"a", "b", "c"}, rig.clock.now());
  rig.take();
  rig.hears("a", {});
  rig.book.another_login({"b", "d"}, rig.clock.now());
  CHECK(rig.take() == icr::Hosts{"a", "c"});
}

namespace {

/// Anything that may happen to a book, in any order.
struct BookWalk : Book {
  explicit BookWalk(unsigned seed) : dice(seed) {}
  Dice dice;
  std::multiset<std::string> open;  ///< questions without an answer

  std::string any_place() { return std::string(1, static_cast<char>('a' + dice.below(5))); }
  icr::Hosts some_places() {
    icr::Hosts places;
    for (std::size_t i = dice.below(5); i > 0; --i) places.insert(any_place());
    return places;
  }
  Answer any_answer() {
    if (dice.once_in(3)) return {};
    return dice.once_in(2) ? refused_by(dice.once_in(2) ? "401" : "403") : no_answer();
  }
  void step() {
    switch (dice.below(7)) {
      case 0:
        book.add(some_places(), clock.now());
        break;
      case 1:
        book.track(some_places(), clock.now());
        break;
      case 2:
        if (dice.once_in(5)) book.ask_all(clock.now());
        break;
      case 3:
        if (!dice.once_in(5)) break;
        // Whoever changes the login has broken off the questions about the other one.
        open.clear();
        for (const auto& place : some_places()) open.insert(place);
        book.another_login(icr::Hosts(open.begin(), open.end()), clock.now());
        break;
      case 4:
        clock.advance(std::chrono::milliseconds(dice.below(60'000)));
        break;
      default:
        if (open.empty()) break;
        const auto place = *std::next(open.begin(), static_cast<long>(dice.below(open.size())));
        open.erase(open.find(place));
        hears(place, any_answer());
    }
  }
};

}  // namespace

TEST_CASE("a host is never due at once twice without a question in between",
          "[credentials][hosts][book]") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    BookWalk walk(seed);
    for (int i = 0; i < 200; ++i) {
      INFO("seed " << seed << ", step " << i);
      walk.step();
      const bool due = walk.next_in() && *walk.next_in() <= 0ns;
      const auto taken = walk.take();
      REQUIRE(taken.empty() == !due);
      for (const auto& place : taken) {
        REQUIRE(walk.book.states().contains(place));
        walk.open.insert(place);
      }
      REQUIRE(walk.take().empty());
      REQUIRE((!walk.next_in() || *walk.next_in() > 0ns));
    }
  }
}

}  // namespace host_book_test
