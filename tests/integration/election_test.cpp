// Two operators of one installation: one works, the other could at once.
#include <fmt/format.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "harness/pair.hpp"

namespace election_test {

using namespace itest;

namespace {

json lease() {
  return cluster().api().get(kLease).body();
}

/// Writes in that namespace that the API server accepted, by what they were about.
std::map<std::string, int> accepted(Replica& replica, const std::string& ns) {
  std::map<std::string, int> counts;
  for (const auto& request : of(replica.written(), ns)) {
    if (request.status >= 200 && request.status < 300) ++counts[request.path];
  }
  return counts;
}

}  // namespace

TEST_CASE("of two replicas one works, and the other is ready and writes nothing") {
  Pair pair;
  const auto ns = pair.make_in("us-south");
  pair.expect_served(ns);
  CHECK(pair.second->op().probe("/readyz") == 200);
  CHECK(pair.second->op().probe("/livez") == 200);
  CHECK(text_of(pair.second->written()).empty());
  CHECK(pair.first->written().size() == 2);
  CHECK(lease()["spec"]["leaseTransitions"] == 0);
  CHECK(pair.first->stop().empty());
  CHECK(pair.second->stop().empty());
}

TEST_CASE("a leader that ends gives its lease back, and the other works at once") {
  Pair pair;
  const auto before = pair.make_in("us-south");
  pair.expect_served(before);
  CHECK(pair.first->stop().empty());
  const auto took = pair.taken_over();
  CHECK(took < kLeaseTime * patience());
  const auto ns = pair.make_in("us-south");
  pair.expect_served(ns);
  CHECK(of(pair.second->written(), before).empty());
  CHECK(lease()["spec"]["leaseTransitions"] == 1);
  CHECK(pair.second->stop().empty());
  CHECK(lease()["spec"]["holderIdentity"] == "");
}

TEST_CASE("a leader that is killed is followed within its lease and a second") {
  Pair pair;
  pair.first->op().kill();
  const auto took = pair.taken_over();
  WARN("another leads " << took.count() << " ms after the kill");
  CHECK(took < (kLeaseTime + 1s) * patience());
  const auto ns = pair.make_in("us-south");
  pair.expect_served(ns);
  CHECK(pair.second->stop().empty());
}

TEST_CASE("a leader that is cut off writes nothing once its lease could have passed, and ends") {
  const auto* const action = GENERATE("drop", "hang");
  Pair pair;
  const auto before = pair.make_in("us-south");
  pair.expect_served(before);
  // Its watches go on, so that it knows what there would be to do.
  pair.first->road().add({.name = "lease", .path = "/leases", .action = action});
  const auto cut = std::chrono::system_clock::now();
  const auto code = pair.first->op().process().wait(10s * patience());
  REQUIRE(code);
  CHECK(*code == 4);
  pair.first->road().remove();
  const auto took = pair.taken_over();
  INFO("took " << took.count() << " ms");
  pair.rotate();
  pair.expect_served(before);
  const auto passed =
      std::chrono::duration_cast<std::chrono::microseconds>((cut + kLeaseTime).time_since_epoch())
          .count();
  for (const auto& request : pair.first->written()) CHECK(request.begun < passed);
  CHECK(accepted(*pair.second, before).size() == 1);
  CHECK(pair.second->stop().empty());
}

TEST_CASE("a leader whose whole road hangs ends, and nothing of it comes late") {
  Pair pair;
  const auto before = pair.make_in("us-south");
  pair.expect_served(before);
  pair.first->road().add({.name = "all", .action = "hang"});
  pair.first->road().silence("watch=1");
  pair.rotate();
  const auto code = pair.first->op().process().wait(10s * patience());
  REQUIRE(code);
  CHECK(*code == 4);
  pair.taken_over();
  pair.expect_served(before);
  pair.first->road().remove();
  CHECK(accepted(*pair.first, before).size() == 2);  // the opt-in
  CHECK(accepted(*pair.second, before).size() == 1);
  CHECK(pair.second->stop().empty());
}

TEST_CASE("a lease that a stranger holds is waited for, one with nonsense in it is taken") {
  Scene scene;
  cluster().api().remove(kLease);
  const json body = GENERATE(json{{"holderIdentity", "stranger"}, {"leaseDurationSeconds", 4}},
                             json{{"leaseTransitions", 2147483647}});
  const auto held = body.contains("holderIdentity");
  must(cluster().api().post(kLeases, {{"metadata", {{"name", kLeaseName}}}, {"spec", body}}));
  Replica replica;
  replica.wait_until_ready();
  const auto took = eventually("it leads", [&] { return replica.leads() ? "" : "not yet"; });
  if (held) CHECK(took > 2s);
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  CHECK(replica.stop().empty());
}

TEST_CASE("SIGTERM ends a leader within 10 s whatever hangs, and gives the lease back") {
  Scene scene;
  cluster().api().remove(kLease);
  const auto stall = scratch_file("stall", {});
  ::unlink(stall.c_str());
  Replica replica(std::string(), std::vector<std::string>{"ICRPS_STALL=watch:" + stall});
  replica.wait_until_ready();
  eventually("it leads", [&] { return replica.leads() ? "" : "not yet"; });
  const bool thread = GENERATE(false, true);
  if (thread) {
    write_text(stall, "now");
    eventually("a watch hangs", [&]() -> std::string {
      replica.road().cut("watch=1");
      return ::access(stall.c_str(), F_OK) != 0 ? "" : "not yet";
    });
  } else {
    replica.road().add({.name = "hung", .method = "POST", .path = "/secrets", .action = "hang"});
    scene.make_in("us-south");
    eventually("a write hangs", [&] { return replica.road().matched("hung") > 0 ? "" : "no"; });
  }
  const auto begun = std::chrono::steady_clock::now();
  replica.op().process().signal(SIGTERM);
  const auto code = replica.op().process().wait(20s);
  const auto took = std::chrono::steady_clock::now() - begun;
  replica.road().remove();
  REQUIRE(code);
  CHECK(*code == (thread ? 1 : 0));
  WARN("it ended " << std::chrono::duration_cast<Milliseconds>(took).count() << " ms later");
  CHECK(took < 10s * patience());
  CHECK(lease()["spec"]["holderIdentity"] == "");
}

TEST_CASE("labels and annotations that others put on the lease stay, and don't renew it") {
  Pair pair;
  must(cluster().api().merge(
      kLease, {{"metadata", {{"labels", {{"team", "a"}}}, {"annotations", {{"note", "b"}}}}}}));
  const auto before = lease()["spec"]["renewTime"];
  eventually("it is renewed", [&] { return lease()["spec"]["renewTime"] != before ? "" : "no"; });
  CHECK(lease()["metadata"]["labels"]["team"] == "a");
  CHECK(lease()["metadata"]["annotations"]["note"] == "b");
  pair.first->op().kill();
  // Somebody who edits it all the time keeps nobody from taking it.
  for (int i = 0; !pair.second->leads() && i < 100; ++i) {
    const auto label = std::to_string(i);
    must(cluster().api().merge(kLease, {{"metadata", {{"labels", {{"edit", label}}}}}}));
    std::this_thread::sleep_for(100ms);
  }
  CHECK(pair.second->leads());
  CHECK(lease()["metadata"]["labels"]["team"] == "a");
  CHECK(pair.second->stop().empty());
}

}  // namespace election_test
