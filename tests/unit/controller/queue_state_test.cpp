#include "controller/queue_state.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"

namespace queue_state_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;
using Millis = std::chrono::milliseconds;

struct Rig {
  void add(const std::string& key, Priority priority = Priority::kNew) {
    queue.add(key, priority, now);
  }
  /// The key, or "".
  std::string pop() {
    const auto item = queue.pop(now);
    return item ? item->key : "";
  }
  Words pop_all() {
    Words keys;
    for (auto key = pop(); !key.empty(); key = pop()) keys.push_back(key);
    return keys;
  }
  Millis retry(const std::string& key, Millis at_least = 0ms) {
    return queue.retry(key, now, at_least, test::always(0));
  }
  /// Fails `times` times, waiting out each backoff.
  void fail(const std::string& key, int times) {
    for (int i = 0; i < times; ++i) {
      now += retry(key);
      if (i + 1 < times) REQUIRE(pop() == key);
    }
  }
  /// How long until something is due; -1: never.
  [[nodiscard]] Millis until_due() const {
    const auto due = queue.next_due();
    if (!due) return -1ms;
    return *due <= now ? 0ms : std::chrono::ceil<Millis>(*due - now);
  }

  QueueState queue;
  QueueState::Instant now{1h};
};

}  // namespace

TEST_CASE("a key that is new without end is given out 50 times, then every 50 ms",
          "[controller][queue]") {
  Rig rig;
  const auto flood = [&](Millis time) {
    int given = 0;
    for (const auto end = rig.now + time; rig.now < end; rig.now += 1ms) {
      rig.add("noisy");
      if (rig.pop().empty()) continue;
      ++given;
      rig.queue.done("noisy");
    }
    return given;
  };
  CHECK(flood(49ms) == 49);
  CHECK(flood(1000ms) == 1 + 20);
  // Others don't notice, nor does a roll-out.
  rig.add("quiet");
  CHECK(rig.pop() == "quiet");
  rig.queue.done("quiet");
  CHECK(rig.pop().empty());
  // What is owed is done in the end, and after a while it is as if nothing had been.
  rig.add("noisy");
  CHECK(rig.pop().empty());
  rig.now += rig.until_due();
  CHECK(rig.pop() == "noisy");
  rig.queue.done("noisy");
  CHECK(rig.until_due() == -1ms);
  rig.now += 1h;
  CHECK(flood(49ms) == 49);
}

TEST_CASE("first come, first served", "[controller][queue]") {
  Rig rig;
  CHECK(rig.pop().empty());
  for (const auto* key : {"b", "a", "c"}) rig.add(key);
  CHECK(rig.queue.waiting() == 3);
  CHECK(rig.pop_all() == Words{"b", "a", "c"});
  CHECK(rig.queue.waiting() == 0);
}

TEST_CASE("what waits already is done once", "[controller][queue]") {
  Rig rig;
  rig.add("a");
  rig.add("b");
  rig.add("a");
  CHECK(rig.queue.waiting() == 2);
  CHECK(rig.pop_all() == Words{"a", "b"});
}

TEST_CASE("what is being done is given to nobody else, and done once more", "[controller][queue]") {
  Rig rig;
  rig.add("a");
  CHECK(rig.pop() == "a");
  rig.add("a");
  rig.add("a");
  CHECK(rig.pop().empty());
  CHECK(rig.queue.waiting() == 0);
  rig.queue.done("a");
  CHECK(rig.queue.waiting() == 1);
  CHECK(rig.pop_all() == Words{"a"});
  rig.queue.done("a");
  CHECK(rig.pop().empty());
}

TEST_CASE("new keys go before bulk work", "[controller][queue]") {
  Rig rig;
  rig.add("old-1", Priority::kBulk);
  rig.add("old-2", Priority::kBulk);
  rig.add("new-1");
  rig.add("new-2");
  CHECK(rig.pop_all() == Words{"new-1", "new-2", "old-1"});
  rig.now += 1s;
  CHECK(rig.pop_all() == Words{"old-2"});
}

TEST_CASE("bulk work has every worker when there is no news", "[controller][queue]") {
  Rig rig;
  for (int i = 0; i < 8; ++i) rig.add(std::to_string(i), Priority::kBulk);
  CHECK(rig.pop_all().size() == 8);
}

TEST_CASE("beside news bulk work leaves all workers but one free for it", "[controller][queue]") {
  Rig rig;
  for (int i = 0; i < 4; ++i) rig.add(std::to_string(i), Priority::kBulk);
  rig.add("new");
  CHECK(rig.pop_all() == Words{"new", "0"});
  CHECK(rig.until_due() == 1s);

  SECTION("more of it when that is done") {
    rig.queue.done("0");
    CHECK(rig.until_due() == 0ms);
    CHECK(rig.pop_all() == Words{"1"});
    rig.retry("1");
    CHECK(rig.pop_all() == Words{"2"});
    rig.queue.done("new");
    CHECK(rig.pop_all().empty());
  }
  SECTION("all of it when the news is old") {
    rig.now += 1s;
    CHECK(rig.pop_all() == Words{"1", "2", "3"});
  }
  SECTION("and more news is never held back") {
    rig.add("newer");
    rig.add("3");
    CHECK(rig.until_due() == 0ms);
    CHECK(rig.pop_all() == Words{"newer", "3"});
  }
}

TEST_CASE("what is bulk once more is counted once", "[controller][queue]") {
  Rig rig;
  for (const auto* key : {"a", "b"}) rig.add(key, Priority::kBulk);
  rig.add("new");
  CHECK(rig.pop_all() == Words{"new", "a"});
  rig.add("a", Priority::kBulk);
  rig.queue.done("a");
  CHECK(rig.pop_all() == Words{"b"});
  rig.queue.done("b");
  CHECK(rig.pop_all() == Words{"a"});
  for (const auto* key : {"a", "new"}) rig.queue.done(key);
  CHECK_FALSE(rig.queue.next_due());
}

TEST_CASE("the echo of one's own work is no news that bulk work waits for", "[controller][queue]") {
  Rig rig;
  for (const auto* key : {"a", "b", "c"}) rig.add(key, Priority::kBulk);
  CHECK(rig.pop() == "a");
  rig.add("a");
  CHECK(rig.pop_all() == Words{"b", "c"});
}

TEST_CASE("a key that is edited without end is no news that bulk work waits for",
          "[controller][queue]") {
  Rig rig;
  for (int i = 0; i < 10; ++i) {
    rig.add("noisy");
    CHECK(rig.pop() == "noisy");
    rig.queue.done("noisy");
  }
  rig.now += 1s;
  for (int i = 0; i < 30; ++i) {
    rig.add("noisy");
    CHECK(rig.pop() == "noisy");
    rig.queue.done("noisy");
  }
  rig.now += 1s;
  for (const auto* key : {"a", "b", "c"}) rig.add(key, Priority::kBulk);
  rig.add("noisy");
  CHECK(rig.pop_all() == Words{"noisy", "a", "b", "c"});
}

TEST_CASE("news about a key in the bulk moves it up, and not twice", "[controller][queue]") {
  Rig rig;
  for (const auto* key : {"a", "b", "c"}) rig.add(key, Priority::kBulk);
  rig.add("c");
  rig.add("c", Priority::kBulk);
  CHECK(rig.queue.waiting() == 3);
  CHECK(rig.pop_all() == Words{"c", "a"});
  rig.now += 1s;
  CHECK(rig.pop_all() == Words{"b"});
  CHECK(rig.queue.waiting() == 0);
}

TEST_CASE("a key that moved up and is done can be bulk again", "[controller][queue]") {
  Rig rig;
  rig.add("a", Priority::kBulk);
  rig.add("a");
  CHECK(rig.pop() == "a");
  rig.queue.done("a");
  rig.add("a", Priority::kBulk);
  CHECK(rig.pop_all() == Words{"a"});
  rig.queue.done("a");
  CHECK_FALSE(rig.queue.next_due());
}

TEST_CASE("news while a bulk key is being done counts as news", "[controller][queue]") {
  Rig rig;
  rig.add("a", Priority::kBulk);
  CHECK(rig.pop() == "a");
  rig.add("b", Priority::kBulk);
  rig.add("a");
  rig.queue.done("a");
  CHECK(rig.pop_all() == Words{"a", "b"});
}

TEST_CASE("failures wait longer and longer, up to a cap", "[controller][queue]") {
  Rig rig;
  rig.add("a");
  std::vector<Millis> delays;
  for (int i = 0; i < 15; ++i) {
    REQUIRE(rig.pop() == "a");
    delays.push_back(rig.retry("a"));
    CHECK(rig.pop().empty());
    CHECK(rig.until_due() == delays.back());
    rig.now += delays.back() - 1ns;
    CHECK(rig.pop().empty());
    rig.now += 1ns;
  }
  CHECK(delays == std::vector<Millis>{10ms, 20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1280ms, 2560ms,
                                      5120ms, 10240ms, 20480ms, 40960ms, 60s, 60s});
}

TEST_CASE("half of a delay is chance", "[controller][queue]") {
  Rig rig;
  rig.add("a");
  rig.pop();
  CHECK(rig.queue.retry("a", rig.now, 0ms, test::always(0.5)) == 7ms);
}

TEST_CASE("success starts the delays over", "[controller][queue]") {
  Rig rig;
  rig.add("a");
  REQUIRE(rig.pop() == "a");
  rig.fail("a", 4);
  CHECK(rig.queue.failures("a") == 4);
  REQUIRE(rig.pop() == "a");
  rig.queue.done("a");
  CHECK(rig.queue.failures("a") == 0);
  rig.add("a");
  rig.pop();
  CHECK(rig.retry("a") == 10ms);
}

TEST_CASE("a delay that was asked for is kept", "[controller][queue]") {
  Rig rig;
  rig.add("a");
  rig.pop();
  CHECK(rig.retry("a", 30s) == 30s);
  CHECK(rig.until_due() == 30s);
  rig.now += 30s;
  CHECK(rig.pop() == "a");
  CHECK(rig.retry("a", 1ms) == 20ms);
}

TEST_CASE("one failing key holds up nobody else", "[controller][queue]") {
  Rig rig;
  rig.add("bad");
  rig.add("good");
  CHECK(rig.pop() == "bad");
  rig.retry("bad", 1h);
  CHECK(rig.pop() == "good");
}

TEST_CASE("news may cure the first two failures", "[controller][queue]") {
  Rig rig;
  rig.add("a");
  REQUIRE(rig.pop() == "a");
  SECTION("when it comes during the backoff") {
    for (unsigned failure = 1; failure <= 2; ++failure) {
      CHECK(rig.retry("a", 1h) == 1h);
      CHECK(rig.pop().empty());
      rig.add("a");
      CHECK(rig.pop() == "a");
      CHECK(rig.queue.failures("a") == failure);
    }
  }
  SECTION("when it came while it failed") {
    for (unsigned failure = 1; failure <= 2; ++failure) {
      rig.add("a");
      CHECK(rig.retry("a") == 0ms);
      CHECK(rig.pop() == "a");
      CHECK(rig.queue.failures("a") == failure);
    }
  }
  rig.add("a");
  CHECK(rig.retry("a") == 40ms);  // the third time it waits, whatever comes
  rig.add("a");
  CHECK(rig.pop().empty());
}

TEST_CASE("a storm of news can't defeat the backoff", "[controller][queue]") {
  Rig rig;
  rig.add("a");
  int attempts = 0;
  for (int millisecond = 0; millisecond < 60'000; ++millisecond) {
    rig.add("a");
    if (rig.pop() == "a") {
      ++attempts;
      rig.add("a");
      rig.retry("a");
    }
    rig.now += 1ms;
  }
  // 10 ms, 20 ms, 40 ms … make at most 14 attempts in a minute, and two come early.
  CHECK(attempts <= 16);
  CHECK(attempts >= 10);
}

TEST_CASE("news while a delay was asked for does not shorten it", "[controller][queue]") {
  Rig rig;
  rig.add("a");
  rig.pop();
  rig.add("a");
  CHECK(rig.retry("a", 30s) == 30s);
  CHECK(rig.pop().empty());
}

TEST_CASE("later additions", "[controller][queue]") {
  Rig rig;
  SECTION("come when they are due") {
    rig.queue.add_later("a", rig.now + 5s);
    CHECK(rig.until_due() == 5s);
    CHECK(rig.pop().empty());
    rig.now += 5s;
    CHECK(rig.pop() == "a");
  }
  SECTION("are replaced by earlier ones") {
    rig.queue.add_later("a", rig.now + 5s);
    rig.queue.add_later("a", rig.now + 2s);
    rig.queue.add_later("a", rig.now + 9s);
    rig.now += 2s;
    CHECK(rig.pop() == "a");
    rig.queue.done("a");
    rig.now += 10s;
    CHECK(rig.pop().empty());
  }
  SECTION("are part of an addition that comes before") {
    rig.queue.add_later("a", rig.now + 5s);
    rig.add("a");
    CHECK(rig.pop() == "a");
    rig.queue.done("a");
    rig.now += 5s;
    CHECK(rig.pop().empty());
  }
  SECTION("of a key that waits are nothing") {
    rig.add("a");
    rig.queue.add_later("a", rig.now + 5s);
    CHECK(rig.pop() == "a");
    rig.queue.done("a");
    rig.now += 5s;
    CHECK(rig.pop().empty());
  }
  SECTION("of a key that is being done come after it") {
    rig.add("a");
    rig.pop();
    rig.queue.add_later("a", rig.now + 5s);
    rig.queue.done("a");
    CHECK(rig.pop().empty());
    rig.now += 5s;
    CHECK(rig.pop() == "a");
  }
  SECTION("that become due while the key is being done, too") {
    rig.add("a");
    rig.pop();
    rig.queue.add_later("a", rig.now + 5s);
    rig.now += 5s;
    CHECK(rig.pop().empty());
    rig.queue.done("a");
    CHECK(rig.pop() == "a");
  }
  SECTION("several at once") {
    for (const auto* key : {"a", "b", "c"}) rig.queue.add_later(key, rig.now + 1s);
    rig.now += 1s;
    CHECK(rig.pop_all() == Words{"a", "b", "c"});
  }
}

TEST_CASE("a pause is for everybody", "[controller][queue]") {
  Rig rig;
  rig.add("a");
  rig.queue.add_later("b", rig.now + 2s);
  rig.queue.pause_until(rig.now + 5s);
  rig.queue.pause_until(rig.now + 3s);  // a shorter one does not end it
  CHECK(rig.until_due() == 5s);
  CHECK(rig.pop().empty());
  rig.now += 4s;
  CHECK(rig.pop().empty());
  rig.add("c");
  rig.now += 1s;
  CHECK(rig.pop_all() == Words{"a", "b", "c"});
  CHECK(rig.until_due() == -1ms);
}

TEST_CASE("a pause of nobody's work is no reason to wake", "[controller][queue]") {
  Rig rig;
  rig.queue.pause_until(rig.now + 5s);
  CHECK_FALSE(rig.queue.next_due());
}

TEST_CASE("next_due says when to come back", "[controller][queue]") {
  Rig rig;
  CHECK(rig.until_due() == -1ms);
  rig.queue.add_later("a", rig.now + 7s);
  CHECK(rig.until_due() == 7s);
  rig.add("b");
  CHECK(rig.until_due() == 0ms);
  CHECK(rig.pop() == "b");
  CHECK(rig.until_due() == 7s);
}

TEST_CASE("an item knows since when it is due", "[controller][queue]") {
  Rig rig;
  const auto begin = rig.now;
  const auto since = [&] { return rig.queue.pop(rig.now).value().since - begin; };
  SECTION("from its first addition") {
    rig.add("a");
    rig.now += 1s;
    rig.add("a");
    CHECK(since() == 0s);
  }
  SECTION("a retry keeps it") {
    rig.add("a");
    rig.pop();
    rig.now += rig.retry("a");
    CHECK(since() == 0s);
  }
  SECTION("news during a backoff keeps it") {
    rig.add("a");
    rig.pop();
    rig.retry("a", 10s);
    rig.now += 1s;
    rig.add("a");
    CHECK(since() == 0s);
  }
  SECTION("news while it was done count from then") {
    rig.add("a");
    rig.pop();
    rig.now += 1s;
    rig.add("a");
    rig.now += 1s;
    rig.add("a");
    rig.queue.done("a");
    CHECK(since() == 1s);
  }
  SECTION("the oldest news while it was done, also when a later addition falls due") {
    rig.add("a");
    rig.pop();
    rig.queue.add_later("a", rig.now + 2s);
    rig.now += 1s;
    rig.add("a");
    rig.now += 1s;
    CHECK(rig.pop().empty());
    rig.queue.done("a");
    CHECK(since() == 1s);
  }
  SECTION("a later addition counts from when it is due") {
    rig.queue.add_later("a", rig.now + 3s);
    rig.now += 4s;
    CHECK(since() == 3s);
  }
}

TEST_CASE("the queue forgets what is in order", "[controller][queue]") {
  Rig rig;
  for (int i = 0; i < 1000; ++i) {
    const auto key = std::to_string(i);
    rig.add(key, i % 2 == 0 ? Priority::kBulk : Priority::kNew);
    REQUIRE(rig.pop() == key);
    rig.now += rig.retry(key);
    REQUIRE(rig.pop() == key);
    rig.queue.done(key);
  }
  CHECK(rig.queue.waiting() == 0);
  rig.now += 1h;
  CHECK(rig.pop().empty());
  CHECK_FALSE(rig.queue.next_due());
}

TEST_CASE("the promises hold over a random walk", "[controller][queue]") {
  test::Dice dice(99);
  Rig rig;
  std::map<std::string, bool> owed;   // added and not begun since
  std::map<std::string, bool> being;  // in a worker's hands
  const auto begin_one = [&] {
    const auto key = rig.pop();
    if (key.empty()) return;
    REQUIRE_FALSE(being[key]);
    being[key] = true;
    owed[key] = false;
  };
  for (int step = 0; step < 100'000; ++step) {
    const auto key = std::string(1, static_cast<char>('a' + dice.below(8)));
    switch (dice.below(8)) {
      case 0:
      case 1:
        rig.add(key, dice.once_in(2) ? Priority::kNew : Priority::kBulk);
        owed[key] = true;
        break;
      case 2:
        rig.queue.add_later(key, rig.now + Millis(dice.below(50)));
        owed[key] = true;
        break;
      case 3:
      case 4:
        begin_one();
        break;
      case 5:
        if (being[key]) rig.queue.done(key);
        being[key] = false;
        break;
      case 6:
        if (!being[key]) break;
        rig.retry(key, Millis(dice.below(2) * 30));
        being[key] = false;
        owed[key] = true;
        break;
      default:
        rig.now += Millis(dice.below(20));
        if (dice.once_in(50)) rig.queue.pause_until(rig.now + Millis(dice.below(100)));
    }
  }
  // Nothing is lost: with enough time and no more news everything that is owed is done.
  for (auto& [key, busy] : being) {
    if (busy) rig.queue.done(key);
    busy = false;
  }
  while (const auto due = rig.queue.next_due()) {
    rig.now = std::max(rig.now, *due);
    const auto key = rig.pop();
    if (key.empty()) continue;
    owed[key] = false;
    rig.queue.done(key);
  }
  for (const auto& [key, is_owed] : owed) {
    INFO(key);
    CHECK_FALSE(is_owed);
  }
  CHECK(rig.queue.waiting() == 0);
}

TEST_CASE("the oldest key that could be given out is known", "[controller][queue]") {
  Rig rig;
  const auto start = rig.now;
  const auto oldest = [&] { return rig.queue.oldest_due(rig.now); };
  CHECK_FALSE(oldest());
  SECTION("of both classes") {
    rig.add("bulk", Priority::kBulk);
    rig.now += 1s;
    rig.add("new");
    rig.now += 5s;
    CHECK(oldest() == start);
    CHECK(rig.queue.handed_out() == QueueState::Instant{});
    CHECK(rig.pop() == "new");
    CHECK(rig.queue.handed_out() == rig.now);
    rig.queue.done("new");
    CHECK(oldest() == start);
    CHECK(rig.pop() == "bulk");
    CHECK_FALSE(oldest());
  }
  SECTION("one that moves up has waited since it came, and leaves nothing behind") {
    rig.add("a", Priority::kBulk);
    rig.now += 1s;
    rig.add("b", Priority::kBulk);
    rig.add("a");
    CHECK(oldest() == start);
    CHECK(rig.pop() == "a");
    CHECK(oldest() == start + 1s);
  }
  SECTION("one in its backoff can't be given out before its end") {
    rig.add("a");
    rig.fail("a", 3);
    const auto due = rig.now;
    rig.now -= 1ms;
    CHECK_FALSE(oldest());
    rig.now += 1h;
    CHECK(oldest() == due);
  }
  SECTION("one that changed while it was worked on counts from then") {
    rig.add("a");
    CHECK(rig.pop() == "a");
    CHECK_FALSE(oldest());
    rig.now += 1s;
    rig.add("a");
    rig.now += 1s;
    CHECK_FALSE(oldest());
    rig.queue.done("a");
    CHECK(oldest() == start + 1s);
  }
  SECTION("in a pause that the API server asked for nothing can") {
    rig.add("a");
    rig.queue.pause_until(rig.now + 30s);
    rig.now += 29s;
    CHECK_FALSE(oldest());
    rig.now += 1s;
    CHECK(oldest() == start);
  }
}

}  // namespace queue_state_test
