// Two operators of one installation: one works, the other could at once.
#include <fmt/format.h>
#include <memory>
#include <set>

#include <catch2/catch.hpp>

#include "harness/replica.hpp"
#include "harness/scene.hpp"

using namespace itest;

namespace {

constexpr auto kLeases = "/apis/coordination.k8s.io/v1/namespaces/icr-pull-secrets/leases";

json lease() {
  return cluster().api().get(std::string(kLeases) + "/" + kLeaseName).body();
}

/// Two replicas of which one leads. The scene has the source and the namespaces.
struct Pair : Scene {
  Pair() {
    cluster().api().remove(std::string(kLeases) + "/" + kLeaseName);
    first = std::make_unique<Replica>();
    second = std::make_unique<Replica>();
    first->wait_until_ready();
    second->wait_until_ready();
    eventually("one leads", [&]() -> std::string {
      return first->leads() != second->leads() ? "" : "none or both";
    });
    if (second->leads()) std::swap(first, second);
  }

  /// Waits until `second` leads; returns how long that took.
  Milliseconds taken_over() const {
    return eventually("the other one leads", [&] { return second->leads() ? "" : "not yet"; });
  }

  std::unique_ptr<Replica> first;  ///< the leader
  std::unique_ptr<Replica> second;
};

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

TEST_CASE("a leader killed during a roll-out loses nothing, and nothing is written twice") {
  constexpr int kNamespaces = 60;
  Pair pair;
  std::vector<std::string> names;
  for (int i = 0; i < kNamespaces; ++i) names.push_back(pair.make_in("us-south"));
  for (const auto& ns : names) pair.expect_served(ns);
  const auto before = pair.first->written().size();
  pair.rotate();
  eventually("the roll-out is under way",
             [&] { return pair.first->written().size() > before + 5 ? "" : "not yet"; });
  pair.first->op().kill();
  const auto took = pair.taken_over();
  for (const auto& ns : names) pair.expect_served(ns);
  for (const auto& ns : names) {
    INFO(ns);
    auto counts = accepted(*pair.first, ns);
    for (const auto& [path, count] : accepted(*pair.second, ns)) counts[path] += count;
    // The opt-in is a POST to the collection; a rotation is one PATCH of the copy.
    CHECK(counts[fmt::format("/api/v1/namespaces/{}/secrets/icr-default", ns)] <= 1);
  }
  INFO("another led " << took.count() << " ms after the kill");
  CHECK(pair.second->stop().empty());
}

TEST_CASE("a lease that a stranger holds is waited for, one with nonsense in it is taken") {
  Scene scene;
  cluster().api().remove(std::string(kLeases) + "/" + kLeaseName);
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
