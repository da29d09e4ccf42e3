// Tasks aside, with real threads. No assertion runs on one of them.
#include "controller/side_tasks.hpp"

#include <array>
#include <atomic>
#include <latch>

#include <catch2/catch.hpp>

namespace side_tasks_test {

using namespace icrps;
using namespace icrps::controller;

TEST_CASE("each task is done, and those of one key not at once", "[controller][aside]") {
  constexpr std::size_t kKeys = 5;
  constexpr int kOfEach = 20;
  const SystemClock clock;
  std::array<std::atomic<int>, kKeys> busy{};
  std::atomic<int> collisions = 0;
  std::atomic<int> done = 0;
  {
    SideTasks tasks(3, clock);
    for (int i = 0; i < kOfEach; ++i) {
      for (std::size_t key = 0; key < kKeys; ++key) {
        REQUIRE(tasks.run(std::to_string(key), [&, key](const std::stop_token&) {
          if (++busy.at(key) != 1) ++collisions;
          --busy.at(key);
          ++done;
        }));
      }
    }
  }  // what waits has a second
  CHECK(done == kOfEach * static_cast<int>(kKeys));
  CHECK(collisions == 0);
}

TEST_CASE("a task that hangs holds up neither other keys nor the end", "[controller][aside]") {
  const SystemClock clock;
  std::latch other_done(1);
  std::atomic<bool> never = false;
  {
    SideTasks tasks(2, clock);
    tasks.run("hangs", [](const std::stop_token& stop) {
      while (!stop.stop_requested()) std::this_thread::yield();
    });
    tasks.run("hangs", [&](const std::stop_token&) { never = true; });
    tasks.run("other", [&](const std::stop_token&) { other_done.count_down(); });
    other_done.wait();
  }
  CHECK_FALSE(never);
}

}  // namespace side_tasks_test
