// Which of the tasks that nobody waits for is done next.
#include "controller/pure/task_lines.hpp"

#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"

namespace task_lines_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kThreads = 4;
constexpr Clock::Instant kStart{1h};

/// The lines, with tasks that write down their number when they are called.
struct Rig {
  bool put(const std::string& key, int number = 0) {
    return lines.put(
        key, [this, number](const std::stop_token&) { called.push_back(number); }, now);
  }
  /// The key whose task is taken and called; empty: none may be.
  std::string take() {
    const auto item = lines.take();
    if (item) item->task({});
    return item ? item->key : std::string();
  }
  void done(const std::string& key, Clock::Instant::duration took = 1ms) {
    lines.done(key, took, now);
  }
  /// From now on the key is slow.
  void slow(const std::string& key) {
    put(key);
    REQUIRE(take() == key);
    done(key, 10s);
  }

  Clock::Instant now = kStart;
  TaskLines lines{kThreads};
  std::vector<int> called{};
};

}  // namespace

TEST_CASE("tasks of one key are done one after the other, as they came", "[controller][aside]") {
  Rig rig;
  for (const int number : {1, 2, 3}) CHECK(rig.put("a", number));
  for (int i = 0; i < 3; ++i) {
    CHECK(rig.take() == "a");
    CHECK(rig.take().empty());
    rig.done("a");
  }
  CHECK(rig.called == std::vector{1, 2, 3});
  CHECK(rig.lines.idle());
}

TEST_CASE("a key with many tasks takes turns with the others", "[controller][aside]") {
  Rig rig;
  for (int i = 0; i < 5; ++i) rig.put("many");
  rig.put("one");
  CHECK(rig.take() == "many");
  rig.done("many");
  CHECK(rig.take() == "one");
}

TEST_CASE("slow keys have half of the threads, and one at least", "[controller][aside]") {
  Rig rig;
  for (const auto* const key : {"s1", "s2", "s3"}) rig.slow(key);
  for (const auto* const key : {"s1", "s2", "s3"}) rig.put(key);
  CHECK(rig.take() == "s1");
  CHECK(rig.take() == "s2");
  CHECK(rig.take().empty());
  rig.put("quick");
  CHECK(rig.take() == "quick");
  rig.done("s1", 10s);
  rig.put("another");
  CHECK(rig.take() == "another");  // the slow have one
  CHECK(rig.take() == "s3");
  rig.done("s2", 10s);
  rig.done("s3", 10s);
  rig.put("s1");
  rig.put("a third");
  CHECK(rig.take() == "s1");  // they had none
}

TEST_CASE("with one thread slow keys come last", "[controller][aside]") {
  Rig rig{.lines = TaskLines(1)};
  rig.slow("s");
  rig.put("s");
  rig.put("quick");
  CHECK(rig.take() == "quick");
  rig.done("quick");
  CHECK(rig.take() == "s");
}

TEST_CASE("what waits is bounded, of each key and of all", "[controller][aside]") {
  Rig rig;
  std::size_t taken = 0;
  while (rig.put("a")) ++taken;
  CHECK(taken == TaskLines::kMostOfAKey);
  CHECK(rig.put("b"));
  for (int key = 0; rig.lines.waiting() < TaskLines::kMost; ++key) {
    REQUIRE(rig.put("k" + std::to_string(key)));
  }
  CHECK_FALSE(rig.put("c"));
  rig.take();
  CHECK(rig.put("c"));
}

TEST_CASE("no task is lost, done twice or beside one of its key", "[controller][aside]") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    INFO("seed " << seed);
    test::Dice dice(seed);
    Rig rig;
    std::map<std::string, std::vector<int>> expected;
    std::map<std::string, std::vector<int>> done;
    std::vector<std::string> busy;
    for (int number = 0; number < 400 || !rig.lines.idle(); ++number) {
      rig.now += 10ms;
      const auto key = "k" + std::to_string(dice.below(6));
      if (number < 400 && dice.once_in(2) && rig.put(key, number)) expected[key].push_back(number);
      if (busy.size() < kThreads && dice.once_in(2)) {
        const auto taken = rig.take();
        if (!taken.empty()) {
          REQUIRE(std::set(busy.begin(), busy.end()).count(taken) == 0);
          busy.push_back(taken);
          done[taken].push_back(rig.called.back());
        }
      }
      if (!busy.empty() && dice.once_in(2)) {
        rig.done(busy.front(), dice.once_in(5) ? 5s : 1ms);
        busy.erase(busy.begin());
      }
      REQUIRE(number < 10'000);
    }
    CHECK(done == expected);
    CHECK(rig.lines.waiting() == 0);
  }
}

}  // namespace task_lines_test
