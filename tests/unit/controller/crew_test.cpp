// The work's threads. No assertion runs on one of them.
#include "controller/crew.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include <catch2/catch.hpp>

namespace crew_test {

using namespace icrps::controller;

TEST_CASE("there is one more than are busy, up to the bound", "[controller][queue]") {
  constexpr std::size_t kMost = 4;
  std::stop_source stop;
  std::mutex mutex;
  std::condition_variable_any wake;
  int jobs = 0;           // to be taken
  std::size_t taken = 0;  // and held until the end
  Crew crew(kMost, stop.get_token(), [&](Crew& all, const std::stop_token& end, std::size_t) {
    std::unique_lock lock(mutex);
    if (!wake.wait(lock, end, [&] { return jobs > 0; })) return;
    --jobs;
    all.busy();
    ++taken;
    wake.notify_all();
    wake.wait(lock, end, [] { return false; });
    all.free();
  });
  CHECK(crew.size() == 1);
  // An owner that waits for the end keeps none from being made.
  std::jthread owner;
  if (GENERATE(false, true)) owner = std::jthread([&] { crew.join(); });
  for (std::size_t count = 1; count <= kMost; ++count) {
    std::unique_lock lock(mutex);
    ++jobs;
    wake.notify_all();
    wake.wait(lock, [&] { return taken == count; });
    lock.unlock();
    CHECK(crew.size() == std::min(count + 1, kMost));
  }
  stop.request_stop();
  if (!owner.joinable()) crew.join();
}

}  // namespace crew_test
