#include "runtime/process_metrics.hpp"

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <thread>

#include <catch2/catch.hpp>

namespace process_metrics_test {

using namespace icrps;

namespace {

std::map<std::string, double> values() {
  std::map<std::string, double> found;
  for (const auto& family : process_metrics()) {
    REQUIRE(family.metric.size() == 1);
    const auto& metric = family.metric.front();
    const bool counter = family.type == prometheus::MetricType::Counter;
    found[family.name] = counter ? metric.counter.value : metric.gauge.value;
  }
  return found;
}

}  // namespace

TEST_CASE("a process says of itself what /proc has") {
  const auto now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
  auto before = values();
  CHECK(before.size() == 7);
  CHECK(before["process_resident_memory_bytes"] > 1e6);
  CHECK(before["process_virtual_memory_bytes"] >= before["process_resident_memory_bytes"]);
  CHECK(before["process_max_fds"] > before["process_open_fds"]);
  CHECK(before["process_start_time_seconds"] < now.count() + 2);
  constexpr double kDay = 86400;
  CHECK(before["process_start_time_seconds"] > now.count() - kDay);

  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/dev/null", "rbe"),
                                                             &std::fclose);
  REQUIRE(file);
  std::jthread thread([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  auto after = values();
  CHECK(after["process_open_fds"] == before["process_open_fds"] + 1);
  CHECK(after["process_threads"] == before["process_threads"] + 1);
  CHECK(after["process_cpu_seconds_total"] >= before["process_cpu_seconds_total"]);
}

}  // namespace process_metrics_test
