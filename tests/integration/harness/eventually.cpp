#include "harness/eventually.hpp"

#include <cstdlib>
#include <thread>

#include <catch2/catch.hpp>

namespace itest {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kFirstPause = 2ms;
constexpr auto kLongestPause = 40ms;

Milliseconds since(Clock::time_point begin) {
  return std::chrono::duration_cast<Milliseconds>(Clock::now() - begin);
}

}  // namespace

int patience() {
  const char* const text = std::getenv("ICRPS_TEST_PATIENCE");
  const int factor = text == nullptr ? 1 : std::atoi(text);
  return factor < 1 ? 1 : factor;
}

Milliseconds eventually(const std::string& what, const Probe& probe, Milliseconds limit) {
  const auto begin = Clock::now();
  Milliseconds pause = kFirstPause;
  while (true) {
    const std::string wrong = probe();
    const auto waited = since(begin);
    if (wrong.empty()) return waited;
    if (waited > limit * patience()) {
      FAIL("after " << waited.count() << " ms it is still not so that " << what << ": " << wrong);
    }
    std::this_thread::sleep_for(pause);
    pause = std::min<Milliseconds>(pause * 2, kLongestPause);
  }
}

void steadily(const std::string& what, const Probe& probe, Milliseconds time) {
  const auto begin = Clock::now();
  do {
    const std::string wrong = probe();
    if (!wrong.empty()) {
      FAIL("it was not steadily so that " << what << ", after " << since(begin).count()
                                          << " ms: " << wrong);
    }
    std::this_thread::sleep_for(kLongestPause);
  } while (since(begin) < time);
}

bool wait_for(const Probe& probe, Milliseconds limit) {
  const auto begin = Clock::now();
  while (!probe().empty()) {
    if (since(begin) > limit * patience()) return false;
    std::this_thread::sleep_for(kFirstPause);
  }
  return true;
}

}  // namespace itest
