// What is slow on one road to the API server holds up nothing on another.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/measure.hpp"
#include "harness/replica.hpp"
#include "harness/scene.hpp"

namespace roads_test {

using namespace itest;

TEST_CASE("while every write in a namespace hangs, the lease is renewed as ever") {
  constexpr int kMoreThanWorkers = 24;
  Scene scene;
  cluster().api().remove(kLease);
  Replica replica;
  replica.wait_until_ready();
  eventually("it leads", [&] { return replica.leads() ? "" : "not yet"; });
  replica.road().add(
      {.name = "webhook", .method = "POST|PATCH", .path = "/secrets", .action = "hang"});
  std::vector<std::string> shops;
  for (int i = 0; i < kMoreThanWorkers; ++i) shops.push_back(scene.make_in("us-south"));
  eventually("all workers hang",
             [&] { return replica.road().matched("webhook") >= 16 ? "" : "not yet"; });
  replica.road().start_over();
  CHECK_FALSE(replica.op().process().wait(3 * kLeaseTime));  // it goes on
  CHECK(replica.leads());
  CHECK(replica.op().probe("/livez") == 200);
  const auto gap = longest_gap(replica.road().requests());
  INFO(gap.count() << " ms between two renewals");
  CHECK(gap > 0ms);
  CHECK(gap < 2s * patience());
  // Nor do lists wait for them.
  replica.road().cut_abruptly("/api/v1/namespaces[?].*watch=1");
  replica.road().expect_open("/api/v1/namespaces[?].*watch=1", 1);
  replica.road().remove("webhook");
  for (const auto& shop : shops) scene.expect_served(shop);
  CHECK(replica.stop().empty());
}

}  // namespace roads_test
