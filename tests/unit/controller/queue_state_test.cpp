#include "controller/pure/queue_state.hpp"

#include <algorithm>
#include <set>
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
  Words pop_some(std::size_t most) {
    Words keys;
    while (keys.size() < most) {
      auto key = pop();
      if (key.empty()) break;
      keys.push_back(std::move(key));
    }
    return keys;
  }
  /// "0", "1", …
  void bulk(int count) {
    for (int i = 0; i < count; ++i) add(std::to_string(i), Priority::kBulk);
  }
  void write(const std::string& key) { queue.writes(key, now); }
  void done(const std::string& key) { queue.done(key, now); }
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
    const auto due = queue.next_due(now);
    if (!due) return -1ms;
    return *due <= now ? 0ms : std::chrono::ceil<Millis>(*due - now);
  }

  QueueState queue{16};
  QueueState::Instant now{1h};
};

/// As Rig::bulk() names them.
bool is_bulk(const std::string& key) {
  return !key.empty() && key.find_first_not_of("0123456789") == std::string::npos;
}

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
      rig.queue.done("noisy", rig.now);
    }
    return given;
  };
  CHECK(flood(49ms) == 49);
  CHECK(flood(1000ms) == 1 + 20);
  // Others don't notice, nor does a roll-out.
  rig.add("quiet");
  CHECK(rig.pop() == "quiet");
  rig.queue.done("quiet", rig.now);
  CHECK(rig.pop().empty());
  // What is owed is done in the end, and after a while it is as if nothing had been.
  rig.add("noisy");
  CHECK(rig.pop().empty());
  rig.now += rig.until_due();
  CHECK(rig.pop() == "noisy");
  rig.queue.done("noisy", rig.now);
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
  rig.queue.done("a", rig.now);
  CHECK(rig.queue.waiting() == 1);
  CHECK(rig.pop_all() == Words{"a"});
  rig.queue.done("a", rig.now);
  CHECK(rig.pop().empty());
}

TEST_CASE("new keys go before bulk work", "[controller][queue]") {
  Rig rig;
  rig.add("old-1", Priority::kBulk);
  rig.add("old-2", Priority::kBulk);
  rig.add("new-1");
  rig.add("new-2");
  CHECK(rig.pop_all() == Words{"new-1", "new-2", "old-1", "old-2"});
}

TEST_CASE("bulk work has every worker but one when there is no news", "[controller][queue]") {
  Rig rig;
  for (int i = 0; i < 20; ++i) rig.add(std::to_string(i), Priority::kBulk);
  CHECK(rig.pop_all().size() == 15);
  rig.add("new");
  CHECK(rig.pop_all() == Words{"new"});
  rig.done("3");
  CHECK(rig.pop_all() == Words{"15"});
}

TEST_CASE("while news is written bulk work has a quarter of the workers", "[controller][queue]") {
  Rig rig;
  rig.bulk(10);
  rig.add("new");
  REQUIRE(rig.pop() == "new");
  rig.write("new");
  CHECK(rig.pop_all() == Words{"0", "1", "2", "3"});
  CHECK(rig.until_due() == NewsHold::kAfter);

  SECTION("more of it when that is done") {
    rig.done("0");
    CHECK(rig.until_due() == 0ms);
    CHECK(rig.pop_all() == Words{"4"});
    rig.retry("1");
    CHECK(rig.pop_all() == Words{"5"});
    rig.done("new");
    CHECK(rig.pop_all().empty());
  }
  SECTION("all of it a moment after the news was written") {
    rig.now += 100ms;
    rig.done("new");
    rig.now += NewsHold::kAfter - 1ms;
    CHECK(rig.pop_all().empty());
    CHECK(rig.until_due() == 1ms);
    rig.now += 1ms;
    CHECK(rig.pop_all() == Words{"4", "5", "6", "7", "8", "9"});
  }
  SECTION("all of it soon, when the write takes long") {
    rig.now += NewsHold::kAfter;
    CHECK(rig.pop_all().size() == 6);
  }
  SECTION("and more news is never held back") {
    rig.add("newer");
    rig.add("9");
    CHECK(rig.until_due() == 0ms);
    CHECK(rig.pop_all() == Words{"newer", "9"});
  }
}

TEST_CASE("what has nothing to write is no news", "[controller][queue]") {
  Rig rig;
  rig.bulk(10);
  rig.add("new");
  CHECK(rig.pop_all().size() == 11);
}

TEST_CASE("bulk work is no news, whatever it writes", "[controller][queue]") {
  Rig rig;
  rig.bulk(10);
  REQUIRE(rig.pop() == "0");
  rig.write("0");
  CHECK(rig.pop_all().size() == 9);
}

TEST_CASE("who edits his namespace without end is no news", "[controller][queue]") {
  Rig rig;
  const auto edit = [&] {
    rig.add("noisy");
    REQUIRE(rig.pop() == "noisy");
    rig.write("noisy");
    rig.done("noisy");
  };
  for (int i = 0; i < 4; ++i) edit();
  rig.now += 1s;
  rig.bulk(10);
  edit();
  CHECK(rig.pop_all().size() == 10);
  for (int i = 0; i < 10; ++i) rig.done(std::to_string(i));
  // Left alone for a while he is somebody new.
  rig.now += 30s;
  rig.bulk(10);
  edit();
  CHECK(rig.pop_all().size() == 4);
}

TEST_CASE("bulk work keeps its share beside news without end", "[controller][queue]") {
  Rig rig;
  for (int i = 0; i < 100; ++i) rig.add("new-" + std::to_string(i));
  rig.bulk(100);
  const auto first = rig.pop_some(16);
  CHECK(std::count_if(first.begin(), first.end(), is_bulk) == 4);
  CHECK_FALSE(is_bulk(first.front()));
  for (const auto& key : first) rig.done(key);
  const auto second = rig.pop_some(16);
  CHECK(std::count_if(second.begin(), second.end(), is_bulk) == 4);
}

TEST_CASE("bulk work is held half of the time at most", "[controller][queue]") {
  Rig rig;
  rig.bulk(100);
  constexpr Millis kStep = 10ms;
  Millis held = 0ms;
  for (int step = 0; step < 6000; ++step, rig.now += kStep) {
    if (step % 10 == 0) {
      const auto key = "new-" + std::to_string(step);
      rig.add(key);
      REQUIRE(rig.pop() == key);
      rig.write(key);
      rig.done(key);
    }
    const auto given = rig.pop_all();
    if (given.size() < 15) held += kStep;
    for (const auto& one : given) {
      rig.done(one);
      rig.add(one, Priority::kBulk);
    }
  }
  CHECK(held >= 25s);
  CHECK(held <= 36s);
}

TEST_CASE("with a single worker bulk work has its turn within a second", "[controller][queue]") {
  Rig rig{QueueState(1)};
  rig.bulk(3);
  int given = 0;
  for (int i = 0; i < 100; ++i) {
    rig.add("a");
    rig.add("b");
    const auto key = rig.pop();
    if (is_bulk(key)) ++given;
    rig.now += 100ms;
    rig.done(key);
  }
  CHECK(given == 3);
}

TEST_CASE("who holds workers for long holds a quarter of them at most", "[controller][queue]") {
  Rig rig;
  const auto is_slow = [](const auto& key) { return key.starts_with("slow"); };
  const auto add_all = [&](Priority priority) {
    for (int i = 0; i < 48; ++i) rig.add("slow-" + std::to_string(i), priority);
  };
  // Nobody knows them yet: they get what is there, but for what new keys have to themselves.
  add_all(Priority::kBulk);
  auto held = rig.pop_some(16);
  CHECK(held.size() == 15);
  rig.add("somebody");
  CHECK(rig.pop() == "somebody");
  rig.done("somebody");
  for (int round = 0; round < 4; ++round) {
    for (const auto& key : held) rig.write(key);
    rig.now += 10s;
    for (const auto& key : held) rig.done(key);
    held = rig.pop_some(16);
  }
  // Now they are known, and it is no use to them that they are new.
  for (const auto& key : held) rig.done(key);
  add_all(Priority::kNew);
  for (int i = 0; i < 20; ++i) rig.add("quick-" + std::to_string(i));
  held = rig.pop_some(16);
  CHECK(std::count_if(held.begin(), held.end(), is_slow) <= 4);
  CHECK(std::count_if(held.begin(), held.end(), is_slow) >= 1);
  for (const auto& key : held) {
    if (!is_slow(key)) rig.done(key);
  }
  const auto more = rig.pop_some(12);
  CHECK(std::count_if(more.begin(), more.end(), is_slow) <= 3);

  SECTION("until they are quick again") {
    const auto slow = *std::find_if(held.begin(), held.end(), is_slow);
    rig.write(slow);
    rig.done(slow);
    for (const auto& key : more) rig.done(key);
    for (const auto& key : rig.pop_some(100)) {
      rig.done(key);
    }
    rig.add(slow);
    rig.add("quick");
    CHECK(rig.pop() == slow);
  }
}

TEST_CASE("a spare worker takes the place of one that is held up", "[controller][queue]") {
  Rig rig{QueueState(4, 2)};
  for (const auto* const key : {"a", "b", "c", "d", "e", "f", "g"}) rig.add(key);
  CHECK(rig.pop_all() == Words{"a", "b", "c", "d"});
  CHECK(rig.until_due() == 250ms);
  rig.now += 249ms;
  CHECK(rig.pop() == "");
  rig.now += 1ms;
  CHECK(rig.pop_all() == Words{"e", "f"});  // as many as there are
  rig.now += 1h;
  CHECK(rig.pop() == "");
  CHECK(rig.until_due() == -1ms);
  rig.done("a");
  CHECK(rig.pop() == "g");
}

TEST_CASE("of those that are known to be slow none is replaced", "[controller][queue]") {
  Rig rig{QueueState(4, 4)};
  for (const auto* const key : {"a", "b"}) {
    rig.add(key);
    REQUIRE(rig.pop() == key);
    rig.write(key);
    rig.now += 10s;
    rig.done(key);
    rig.add(key);
  }
  CHECK(rig.pop_all() == Words{"a"});
  rig.now += 10s;
  CHECK(rig.pop() == "");
}

TEST_CASE("where everybody is slow nobody is", "[controller][queue]") {
  SlowKeys slow;
  const auto now = Clock::Instant{1h};
  for (int i = 0; i < 1000; ++i) slow.took(std::to_string(i), 3s, now);
  CHECK(slow.is_slow("0", now));
  CHECK_FALSE(slow.is_slow("999", now));
  CHECK_FALSE(slow.is_slow("0", now + SlowKeys::kRemembered));
  slow.took("0", 3s, now);
  CHECK_FALSE(slow.is_slow("0", now));
  // A crowd of slow ones doesn't make slow usual.
  SlowKeys few;
  for (int i = 0; i < 48; ++i) few.took(std::to_string(i), 10s, now);
  CHECK(few.is_slow("47", now));
}

TEST_CASE("the echo of one's own work is no news that bulk work waits for", "[controller][queue]") {
  Rig rig;
  for (const auto* key : {"a", "b", "c"}) rig.add(key, Priority::kBulk);
  CHECK(rig.pop() == "a");
  rig.write("a");
  rig.add("a");
  CHECK(rig.pop_all() == Words{"b", "c"});
}

TEST_CASE("news about a key in the bulk moves it up, and not twice", "[controller][queue]") {
  Rig rig;
  for (const auto* key : {"a", "b", "c"}) rig.add(key, Priority::kBulk);
  rig.add("c");
  rig.add("c", Priority::kBulk);
  CHECK(rig.queue.waiting() == 3);
  CHECK(rig.pop_all() == Words{"c", "a", "b"});
  CHECK(rig.queue.waiting() == 0);
}

TEST_CASE("what fails again and again waits behind what is new", "[controller][queue]") {
  Rig rig;
  rig.add("bad");
  REQUIRE(rig.pop() == "bad");
  rig.fail("bad", 3);
  rig.now += 1h;
  rig.add("new");
  CHECK(rig.pop_all() == Words{"new", "bad"});
}

TEST_CASE("when the cause of failures is gone their backoffs end", "[controller][queue]") {
  Rig rig;
  for (const auto* key : {"a", "b", "asked"}) rig.add(key);
  REQUIRE(rig.pop_all().size() == 3);
  rig.retry("a", 1h);
  rig.retry("b", 1h);
  rig.queue.retry("asked", rig.now, 1h, test::always(0), true);
  rig.queue.end_backoffs(rig.now);
  auto given = rig.pop_all();
  std::sort(given.begin(), given.end());
  CHECK(given == Words{"a", "b"});
}

TEST_CASE("a key that moved up and is done can be bulk again", "[controller][queue]") {
  Rig rig;
  rig.add("a", Priority::kBulk);
  rig.add("a");
  CHECK(rig.pop() == "a");
  rig.queue.done("a", rig.now);
  rig.add("a", Priority::kBulk);
  CHECK(rig.pop_all() == Words{"a"});
  rig.queue.done("a", rig.now);
  CHECK_FALSE(rig.queue.next_due(rig.now));
}

TEST_CASE("news while a bulk key is being done counts as news", "[controller][queue]") {
  Rig rig;
  rig.add("a", Priority::kBulk);
  CHECK(rig.pop() == "a");
  rig.add("b", Priority::kBulk);
  rig.add("a");
  rig.queue.done("a", rig.now);
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
  rig.queue.done("a", rig.now);
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
    rig.queue.done("a", rig.now);
    rig.now += 10s;
    CHECK(rig.pop().empty());
  }
  SECTION("are part of an addition that comes before") {
    rig.queue.add_later("a", rig.now + 5s);
    rig.add("a");
    CHECK(rig.pop() == "a");
    rig.queue.done("a", rig.now);
    rig.now += 5s;
    CHECK(rig.pop().empty());
  }
  SECTION("of a key that waits are nothing") {
    rig.add("a");
    rig.queue.add_later("a", rig.now + 5s);
    CHECK(rig.pop() == "a");
    rig.queue.done("a", rig.now);
    rig.now += 5s;
    CHECK(rig.pop().empty());
  }
  SECTION("of a key that is being done come after it") {
    rig.add("a");
    rig.pop();
    rig.queue.add_later("a", rig.now + 5s);
    rig.queue.done("a", rig.now);
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
    rig.queue.done("a", rig.now);
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
  CHECK(rig.pop_all() == Words{"a", "c", "b"});  // one that came later is bulk
  CHECK(rig.until_due() == -1ms);
}

TEST_CASE("a pause of nobody's work is no reason to wake", "[controller][queue]") {
  Rig rig;
  rig.queue.pause_until(rig.now + 5s);
  CHECK_FALSE(rig.queue.next_due(rig.now));
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
    rig.queue.done("a", rig.now);
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
    rig.queue.done("a", rig.now);
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
    rig.queue.done(key, rig.now);
  }
  CHECK(rig.queue.waiting() == 0);
  rig.now += 1h;
  CHECK(rig.pop().empty());
  CHECK_FALSE(rig.queue.next_due(rig.now));
}

namespace {

/// What is owed to whom, without any lanes: the promises, and nothing of how they are kept.
class Walk {
 public:
  Walk(unsigned seed, std::size_t workers, std::size_t spare)
      : dice_(seed), threads_(workers + spare), rig_{QueueState(workers, spare)} {}

  void step() {
    const auto key = std::string(1, static_cast<char>('a' + dice_.below(24)));
    switch (dice_.below(9)) {
      case 0:
      case 1:
        rig_.add(key, dice_.once_in(2) ? Priority::kNew : Priority::kBulk);
        owed_.insert(key);
        break;
      case 2:
        rig_.queue.add_later(key, rig_.now + Millis(dice_.below(50)));
        owed_.insert(key);
        break;
      case 3:
      case 4:
        begin_one();
        break;
      case 5:
        if (being_.erase(key) > 0) rig_.done(key);
        break;
      case 6:
        if (being_.contains(key)) rig_.write(key);
        break;
      case 7:
        if (being_.erase(key) == 0) break;
        rig_.retry(key, Millis(dice_.below(2) * 30));
        owed_.insert(key);
        break;
      default:
        rig_.now += Millis(dice_.once_in(30) ? dice_.below(3000) : dice_.below(20));
        if (dice_.once_in(50)) rig_.queue.pause_until(rig_.now + Millis(dice_.below(100)));
        if (dice_.once_in(50)) rig_.queue.end_backoffs(rig_.now);
    }
  }

  /// Nothing is lost: with enough time and no more news everything that is owed is done.
  void finish() {
    for (const auto& key : std::exchange(being_, {})) rig_.done(key);
    while (const auto due = rig_.queue.next_due(rig_.now)) {
      rig_.now = std::max(rig_.now, *due);
      begin_one();
      for (const auto& key : std::exchange(being_, {})) rig_.done(key);
    }
    CHECK(owed_ == std::set<std::string>{});
    CHECK(rig_.queue.waiting() == 0);
  }

 private:
  void begin_one() {
    if (being_.size() >= threads_) return;
    const auto key = rig_.pop();
    if (key.empty()) {
      const auto due = rig_.queue.next_due(rig_.now);
      REQUIRE((!due || *due > rig_.now));  // never due twice at once without a question in between
      return;
    }
    REQUIRE(being_.insert(key).second);
    owed_.erase(key);
  }

  test::Dice dice_;
  const std::size_t threads_;
  Rig rig_;
  std::set<std::string> owed_;   // added and not begun since
  std::set<std::string> being_;  // in a worker's hands
};

}  // namespace

TEST_CASE("the promises hold over a random walk", "[controller][queue]") {
  for (const std::size_t workers : {1, 2, 3, 4, 16, 64}) {
    for (const std::size_t spare : {0, 8}) {
      Walk walk(static_cast<unsigned>(workers), workers, spare);
      for (int step = 0; step < 50'000; ++step) walk.step();
      walk.finish();
    }
  }
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
    rig.queue.done("new", rig.now);
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
    rig.queue.done("a", rig.now);
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
