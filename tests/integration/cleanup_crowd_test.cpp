// Everything is removed from a thousand namespaces. The last tests of all: what others left in the
// cluster is removed, too.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/cleanup.hpp"
#include "harness/crowd.hpp"

namespace cleanup_crowd_test {

namespace {

using namespace itest;

constexpr int kCrowd = 1000;

long copies() {
  const auto list =
      must(cluster().api().get("/api/v1/secrets?labelSelector=icr-pull-secrets/credential"));
  return static_cast<long>(list["items"].size());
}

void expect_served_crowd() {
  eventually(
      "the crowd is served",
      [] {
        const auto now = copies();
        const auto list = must(
            cluster().api().get("/api/v1/serviceaccounts?fieldSelector=metadata.name=default"));
        long attached = 0;
        for (const auto& account : list["items"]) {
          if (account.contains("imagePullSecrets")) ++attached;
        }
        return now >= kCrowd && attached >= kCrowd ? "" : fmt::format("{} {}", now, attached);
      },
      120s);
}

}  // namespace

TEST_CASE("cleanup of a thousand namespaces that is killed half-way is finished by the next") {
  Scene scene;
  const HookRights rights;
  static_cast<void>(make_crowd("mass", kCrowd));
  scene.start();
  expect_served_crowd();
  scene.stop();
  const auto before = copies();

  proxy().add(
      {.name = "slow", .method = "DELETE", .path = "/secrets/", .action = "delay", .delay = 50ms});
  {
    Process killed({cleanup_command({}), {}, scratch_file("out", {}), scratch_file("err", {})});
    eventually("it is half-way", [] { return proxy().matched("slow") > 200 ? "" : "no"; }, 60s);
    killed.signal(SIGKILL);
    REQUIRE(killed.wait(10s) == 128 + SIGKILL);
  }
  proxy().remove();
  const auto half_way = copies();
  INFO(before << " copies before, " << half_way << " after the kill");
  CHECK(half_way < before - 100);
  CHECK(half_way > 100);

  proxy().start_over();
  const auto begun = std::chrono::steady_clock::now();
  const auto finished = cleanup();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == 0);
  CHECK(traces() == "");
  std::printf("          %ld copies removed in %.1f s\n", half_way, took.count());

  const auto counted = cluster().settled_write_counts();
  CHECK(cleanup().exit_code == 0);
  CHECK(cluster().settled_write_counts() == counted);
}

}  // namespace cleanup_crowd_test
