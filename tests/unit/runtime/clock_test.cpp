#include "runtime/clock.hpp"

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <stop_token>

#include <catch2/catch.hpp>

namespace clock_test {

using namespace icrps;
using namespace std::chrono_literals;

TEST_CASE("the clock counts the time in which the machine slept, as the kernel's uptime does",
          "[runtime]") {
  double uptime = 0;
  std::ifstream("/proc/uptime") >> uptime;
  const std::chrono::duration<double> now = SystemClock().now().time_since_epoch();
  CHECK(now.count() == Approx(uptime).margin(5));
}

TEST_CASE("a condition variable waits by it", "[runtime]") {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  const auto begun = BootClock::now();
  CHECK_FALSE(never.wait_until(lock, std::stop_token(), begun + 20ms, [] { return false; }));
  CHECK(BootClock::now() - begun >= 20ms);
}

}  // namespace clock_test
