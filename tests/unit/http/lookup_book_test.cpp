// One look-up per name, a bounded number at once, each with an end.
#include "http/names/lookup_book.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"

namespace lookup_book_test {

using namespace icrps;
using namespace std::chrono_literals;
using http::Addresses;
using http::names::Instant;
using http::names::LookupBook;

namespace {

constexpr Instant kStart{};
const Addresses kHere{"127.0.0.1"};

std::vector<std::string> names_of(const std::vector<LookupBook::Handle>& lookups) {
  std::vector<std::string> names;
  for (const auto& lookup : lookups) names.push_back(lookup->name);
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("whoever wants a name that is being looked up joins in", "[http][names]") {
  LookupBook book({});
  const auto first = book.join("a");
  CHECK(book.join("a") == first);
  CHECK(names_of(book.next(kStart).begin) == Names{"a"});
  CHECK(book.join("a") == first);
  CHECK(book.next(kStart).begin.empty());
  book.answered(first, kHere, kStart);
  CHECK(first->answer.value().value() == kHere);
  CHECK(book.join("a") != first);
}

TEST_CASE("what was found is good for a while, what was not is asked again", "[http][names]") {
  LookupBook book({.kept = 5s});
  const auto good = book.join("good");
  const auto bad = book.join("bad");
  static_cast<void>(book.next(kStart));
  book.answered(good, kHere, kStart);
  book.answered(bad, tl::unexpected(http::Failure{}), kStart);
  CHECK(book.kept("good", kStart + 4999ms) == kHere);
  CHECK_FALSE(book.kept("good", kStart + 5s));
  CHECK_FALSE(book.kept("bad", kStart));
  CHECK(bad->answer);
}

TEST_CASE("a look-up that nobody waits for goes on until somebody needs its place",
          "[http][names]") {
  LookupBook book({.at_once = 2});
  const auto left = book.join("left");
  const auto wanted = book.join("wanted");
  static_cast<void>(book.next(kStart));
  book.leave(left);
  CHECK(book.next(kStart).end.empty());
  static_cast<void>(book.join("third"));
  const auto orders = book.next(kStart);
  CHECK(names_of(orders.end) == Names{"left"});
  CHECK(names_of(orders.begin) == Names{"third"});
  static_cast<void>(book.join("fourth"));  // all places are wanted
  CHECK(book.next(kStart).begin.empty());
}

TEST_CASE("a look-up without an answer ends, and the next has its turn", "[http][names]") {
  LookupBook book({.at_once = 1, .longest = 10s});
  const auto first = book.join("first");
  const auto second = book.join("second");
  CHECK_FALSE(book.wake_at());
  static_cast<void>(book.next(kStart));
  CHECK(book.wake_at() == kStart + 10s);
  const auto orders = book.next(kStart + 10s);
  CHECK(names_of(orders.end) == Names{"first"});
  CHECK(first->answer.value().error().kind == http::Failure::Kind::kConnect);
  CHECK(names_of(orders.begin) == Names{"second"});
  book.answered(first, kHere, kStart + 11s);  // too late
  CHECK_FALSE(first->answer.value());
  CHECK_FALSE(second->answer);
}

TEST_CASE("a hint takes a place only when there is one", "[http][names]") {
  LookupBook book({.at_once = 1});
  book.hint("a");
  book.hint("a");
  book.hint("b");
  CHECK(names_of(book.next(kStart).begin) == Names{"a"});
  const auto joined = book.join("a");
  book.answered(joined, kHere, kStart);
  CHECK(joined->answer);
}

TEST_CASE("one that leaves before its turn is not looked up", "[http][names]") {
  LookupBook book({.at_once = 1});
  book.leave(book.join("a"));
  CHECK(book.next(kStart).begin.empty());
}

// In any order of callers, answers and time: never too many at once, never two of one name, none
// that somebody waits for ends early or late, and whoever waits is answered in the end.
namespace {

class LookupWalk {
 public:
  explicit LookupWalk(unsigned seed) : dice_(seed) {}

  void step() {
    switch (dice_.below(6)) {
      case 0:
      case 1:
        callers_.push_back(book_.join(name()));
        break;
      case 2:
        if (!callers_.empty()) leave(dice_.below(callers_.size()));
        break;
      case 3:
        book_.hint(name());
        break;
      case 4:
        if (!running_.empty()) answer(dice_.below(running_.size()));
        break;
      default:
        now_ += std::chrono::milliseconds(dice_.below(200));
    }
    follow();
  }

  void finish() {
    for (int i = 0; i < 1000 && !callers_.empty(); ++i) {
      now_ += 100ms;
      follow();
      collect();
    }
    CHECK(callers_.empty());
  }

 private:
  static constexpr http::names::LookupLimits kLimits{
      .at_once = 3, .longest = 1000ms, .kept = 100ms, .most_kept = 2};
  struct Running {
    LookupBook::Handle lookup;
    Instant since;
  };

  std::string name() { return std::string(1, static_cast<char>('a' + dice_.below(8))); }

  void leave(std::size_t index) {
    book_.leave(callers_[index]);
    callers_.erase(callers_.begin() + static_cast<long>(index));
  }

  void answer(std::size_t index) {
    const auto lookup = running_[index].lookup;
    book_.answered(
        lookup, dice_.once_in(3) ? http::Resolution(tl::unexpected(http::Failure{})) : kHere, now_);
    running_.erase(running_.begin() + static_cast<long>(index));
    CHECK(lookup->answer);
  }

  /// What the resolver's thread does, and what must hold of it.
  void follow() {
    const auto orders = book_.next(now_);
    for (const auto& lookup : orders.end) {
      const auto found = std::find_if(running_.begin(), running_.end(),
                                      [&](const Running& one) { return one.lookup == lookup; });
      REQUIRE(found != running_.end());
      const bool late = now_ - found->since >= kLimits.longest;
      CHECK(lookup->answer.has_value() == late);
      if (!late) CHECK(lookup->callers == 0);
      running_.erase(found);
    }
    for (const auto& lookup : orders.begin) {
      running_.push_back({lookup, now_});
    }
    CHECK(running_.size() == book_.under_way());
    CHECK(running_.size() <= kLimits.at_once);
    std::set<std::string> names;
    for (const auto& one : running_) {
      CHECK(names.insert(one.lookup->name).second);
      CHECK(now_ - one.since < kLimits.longest);
    }
  }

  void collect() {
    for (std::size_t i = callers_.size(); i-- > 0;) {
      if (callers_[i]->answer) leave(i);
    }
  }

  test::Dice dice_;
  LookupBook book_{kLimits};
  Instant now_{kStart};
  std::vector<LookupBook::Handle> callers_;
  std::vector<Running> running_;
};

}  // namespace

TEST_CASE("a random walk of look-ups keeps its promises", "[http][names]") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    LookupWalk walk(seed);
    for (int i = 0; i < 500; ++i) walk.step();
    walk.finish();
  }
}

}  // namespace lookup_book_test
