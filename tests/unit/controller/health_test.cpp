// The facts of the running process, and what is told of them.
#include "controller/health.hpp"

#include <catch2/catch.hpp>

#include "unit/support/captured_log.hpp"
#include "unit/support/dice.hpp"

namespace health_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

struct Rig {
  test::FakeClock clock;
  test::CapturedLog log;
  Metrics metrics{"v", "r"};
  WorkQueue queue{clock, test::always(0)};
  std::optional<ElectionFacts> election;
  std::stop_source stop;
  Health health{{}, 2, {clock, log.log, metrics, queue, [this] { return election; }}};

  bool shows(const std::string& line) const {
    return metrics.text().find("\nicr_pull_secrets_" + line + "\n") != std::string::npos;
  }
};

}  // namespace

TEST_CASE("a worker is judged by its last step, and only while it has one",
          "[controller][health]") {
  Rig rig;
  CHECK(rig.health.liveness() == "");
  rig.health.worker_step(1);
  rig.clock.advance(100s);
  rig.health.worker_step(1);
  rig.clock.advance(100s);
  CHECK(rig.health.liveness() == "");
  rig.clock.advance(21s);
  CHECK(rig.health.liveness() ==
        "worker 1 is stuck: at one change in a namespace for more than 2m");
  rig.health.worker_free(1);
  CHECK(rig.health.liveness() == "");
}

TEST_CASE("a failure is in the log once, and so is its end", "[controller][health]") {
  Rig rig;
  rig.health.worker_step(0);
  rig.clock.advance(3min);
  for (int i = 0; i < 3; ++i) static_cast<void>(rig.health.liveness());
  const auto text = rig.log.text();
  const auto first = text.find(R"("level":"error","msg":"not live, a new process is needed")");
  REQUIRE(first != std::string::npos);
  CHECK(text.find("not live", first + 60) == std::string::npos);
  CHECK_THAT(text, Contains("worker 0 is stuck"));
  rig.health.worker_free(0);
  for (int i = 0; i < 3; ++i) static_cast<void>(rig.health.liveness());
  CHECK_THAT(rig.log.text(), Contains("live again"));
}

TEST_CASE("a watch is judged for as long as somebody holds its pulse", "[controller][health]") {
  Rig rig;
  auto pulse = rig.health.watch("secrets", "secrets metadata.name=icr-default");
  rig.clock.advance(10min + 1s);
  CHECK_THAT(rig.health.liveness(),
             Contains("the watch of secrets metadata.name=icr-default hangs"));
  pulse->step(1s);
  CHECK(rig.health.liveness() == "");
  rig.clock.advance(1h);
  pulse.reset();
  CHECK(rig.health.liveness() == "");
}

TEST_CASE("a watch that gets no answer is held against requests that do", "[controller][health]") {
  Rig rig;
  const auto pulse = rig.health.watch("namespaces", "namespaces");
  rig.health.request("200");
  rig.clock.advance(11min);
  pulse->step(1min);
  pulse->trouble(kube::WatchTrouble::Kind::kBroken);
  rig.health.request("200");
  // Nobody had asked meanwhile: it may have been down, and is back just now.
  CHECK(rig.health.liveness() == "");
  for (int i = 0; i < 11; ++i) {
    rig.clock.advance(1min);
    rig.health.request("200");
  }
  pulse->step(1min);
  CHECK_THAT(rig.health.liveness(), Contains("although the API server answers other requests"));
  rig.health.request("timeout");
  CHECK(rig.health.liveness() == "");
}

TEST_CASE("the queue counts from the moment it is worked on", "[controller][health]") {
  Rig rig;
  rig.queue.add("shop", Priority::kBulk);
  rig.clock.advance(1h);
  CHECK(rig.health.liveness() == "");
  CHECK(rig.shows("queue_oldest_seconds 0"));
  rig.health.working();
  CHECK(rig.health.liveness() == "");
  CHECK(rig.shows("queue_oldest_seconds 3600"));
  rig.clock.advance(61s);
  CHECK_THAT(rig.health.liveness(), Contains("the queue stands still"));
  REQUIRE(rig.queue.get(rig.stop.get_token()));
  CHECK(rig.health.liveness() == "");
  CHECK(rig.shows("queue_oldest_seconds 0"));
}

TEST_CASE("the election is asked for each time", "[controller][health]") {
  Rig rig;
  rig.election = ElectionFacts{rig.clock.now(), 15s, {}};
  CHECK(rig.health.liveness() == "");
  rig.clock.advance(26s);
  CHECK_THAT(rig.health.liveness(), Contains("the election of a leader hangs"));
}

TEST_CASE("of several watches of a resource the oldest sign is shown", "[controller][health]") {
  Rig rig;
  const auto first = rig.health.watch("secrets", "secrets a");
  const auto second = rig.health.watch("secrets", "secrets b");
  rig.clock.advance(100s);
  first->opened();
  CHECK(rig.shows(R"(watch_last_sign_timestamp_seconds{resource="secrets"} 1795414844)"));
  second->bytes();
  rig.clock.advance(5s);
  first->bytes();
  CHECK(rig.shows(R"(watch_last_sign_timestamp_seconds{resource="secrets"} 1795414944)"));
}

}  // namespace health_test
