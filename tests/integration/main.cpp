// Integration tests: the operator's binary against a real etcd, kube-apiserver and
// kube-controller-manager. tests/integration/run starts the cluster around them.
#define CATCH_CONFIG_RUNNER
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "http/transport_cpprest.hpp"

namespace {

/// Shows the progress to who watches, and in the end what took longest and what failed. Where
/// nobody watches, the failures are all that there is to read.
class Stopwatch : public Catch::TestEventListenerBase {
 public:
  using TestEventListenerBase::TestEventListenerBase;

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    TestEventListenerBase::testCaseStarting(info);
    begun_ = Clock::now();
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    const std::chrono::duration<double> took = Clock::now() - begun_;
    times_.emplace_back(took.count(), stats.testInfo.name);
    const bool failed = !stats.totals.assertions.allPassed();
    if (failed) failed_.push_back(stats.testInfo.name);
    if (!watched_ && !failed) return;
    std::printf("%6.1f s  %s%s\n", took.count(), stats.testInfo.name.c_str(),
                failed ? "  FAILED" : "");
    std::fflush(stdout);
  }

  void testRunEnded(const Catch::TestRunStats& /*stats*/) override {
    std::sort(times_.rbegin(), times_.rend());
    double sum = 0;
    for (const auto& [seconds, name] : times_) sum += seconds;
    constexpr std::size_t kShown = 8;
    std::printf("\n%zu tests in %.1f s; the slowest:\n", times_.size(), sum);
    for (std::size_t i = 0; i < std::min(kShown, times_.size()); ++i) {
      std::printf("%6.1f s  %s\n", times_[i].first, times_[i].second.c_str());
    }
    for (const auto& name : failed_) std::printf("FAILED: %s\n", name.c_str());
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begun_;
  std::vector<std::pair<double, std::string>> times_;
  std::vector<std::string> failed_;
  bool watched_ = isatty(STDOUT_FILENO) == 1 || std::getenv("ICRPS_TEST_PROGRESS") != nullptr;
};

}  // namespace

CATCH_REGISTER_LISTENER(Stopwatch)

int main(int argc, char** argv) {
  icrps::http::initialize_http();
  return Catch::Session().run(argc, argv);
}
