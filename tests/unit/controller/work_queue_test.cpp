// The queue with real threads. No assertion runs on a worker.
#include "controller/work_queue.hpp"

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"

namespace work_queue_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kKeys = 20;

struct Tally {
  std::array<std::atomic<int>, kKeys> busy{};
  std::array<std::atomic<int>, kKeys> done{};
  std::atomic<int> collisions = 0;
};

void work(WorkQueue& queue, Tally& tally, unsigned seed, const std::stop_token& stop) {
  test::Dice dice(seed);
  while (const auto item = queue.get(stop)) {
    const auto key = static_cast<std::size_t>(std::stoi(item->key));
    if (++tally.busy.at(key) != 1) ++tally.collisions;
    if (dice.once_in(4)) std::this_thread::yield();
    --tally.busy.at(key);
    if (dice.once_in(8)) {
      queue.retry(item->key, 0ms);
      continue;
    }
    ++tally.done.at(key);
    queue.done(item->key);
  }
}

}  // namespace

TEST_CASE("a key is never in two hands at once, and none is lost", "[controller][queue]") {
  const SystemClock clock;
  WorkQueue queue(clock, test::always(0.999));
  Tally tally;
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < 4; ++i) {
      workers.emplace_back([&, i](std::stop_token stop) { work(queue, tally, i, stop); });
    }
    test::Dice dice(5);
    for (int i = 0; i < 20'000; ++i) {
      const auto key = std::to_string(dice.below(kKeys));
      if (dice.once_in(10)) {
        queue.add_after(key, std::chrono::milliseconds(dice.below(3)));
      } else {
        queue.add(key, dice.once_in(2) ? Priority::kNew : Priority::kBulk);
      }
    }
    // Each key once more, and then until each was done after that.
    std::array<int, kKeys> before{};
    for (std::size_t i = 0; i < kKeys; ++i) before.at(i) = tally.done.at(i);
    for (std::size_t i = 0; i < kKeys; ++i) queue.add(std::to_string(i), Priority::kBulk);
    for (std::size_t i = 0; i < kKeys; ++i) {
      while (tally.done.at(i) == before.at(i)) std::this_thread::yield();
    }
  }
  CHECK(tally.collisions == 0);
}

TEST_CASE("a stop ends every wait", "[controller][queue]") {
  const SystemClock clock;
  WorkQueue queue(clock, test::always(0));
  std::atomic<int> items = 0;
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 3; ++i) {
      workers.emplace_back([&](std::stop_token stop) { items += queue.get(stop) ? 1 : 0; });
    }
    queue.add_after("late", 1h);
  }
  CHECK(items == 0);
}

TEST_CASE("a delayed key wakes a worker that waits", "[controller][queue]") {
  const SystemClock clock;
  WorkQueue queue(clock, test::always(0));
  const std::stop_source stop;
  queue.add_after("late", 2ms);
  const auto item = queue.get(stop.get_token());
  REQUIRE(item);
  CHECK(item->key == "late");
  CHECK(queue.retry("late", 3ms) == 10ms);
  CHECK(queue.get(stop.get_token())->key == "late");
}

TEST_CASE("after a pause work goes on by itself", "[controller][queue]") {
  const SystemClock clock;
  WorkQueue queue(clock, test::always(0));
  const std::stop_source stop;
  queue.pause_for(5ms);
  queue.add("a", Priority::kNew);
  CHECK(queue.waiting() == 1);
  const auto begun = clock.now();
  CHECK(queue.get(stop.get_token())->key == "a");
  CHECK(clock.now() - begun < 10s);
}

TEST_CASE("who stands by remembers no namespace", "[controller][queue]") {
  const SystemClock clock;
  WorkQueue queue(clock, test::always(0));
  queue.close();
  for (int i = 0; i < 10'000; ++i) {
    queue.add(std::to_string(i), i % 2 == 0 ? Priority::kNew : Priority::kBulk);
    queue.add_after("later-" + std::to_string(i), 0ms);
  }
  CHECK(queue.waiting() == 0);
  CHECK_FALSE(queue.facts().oldest_due);
  queue.open();
  queue.add("shop", Priority::kNew);
  CHECK(queue.waiting() == 1);
}

}  // namespace work_queue_test
