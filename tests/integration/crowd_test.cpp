// What shows only with many namespaces: more than a page of them.
#include "harness/crowd.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/pair.hpp"

namespace crowd_test {

namespace {

using namespace itest;

constexpr int kCrowd = 510;  // a page has 500

/// Made by the first test that asks for it, and kept.
const std::vector<std::string>& crowd() {
  static const std::vector<std::string> names = make_crowd("crowd", kCrowd);
  return names;
}

/// One list instead of 510 reads.
std::string crowd_served(const Scene& scene) {
  const auto copies =
      must(cluster().api().get("/api/v1/secrets?fieldSelector=metadata.name=" + kCopy))["items"];
  int good = 0;
  for (const auto& copy : copies) {
    const bool member = copy["metadata"]["namespace"].get<std::string>().starts_with("crowd-");
    if (member && password_of(copy) == scene.key()) ++good;
  }
  if (good != kCrowd) return fmt::format("{} of {} copies are good", good, kCrowd);
  const auto accounts = must(
      cluster().api().get("/api/v1/serviceaccounts?fieldSelector=metadata.name=default"))["items"];
  int attached = 0;
  for (const auto& account : accounts) {
    const bool member = account["metadata"]["namespace"].get<std::string>().starts_with("crowd-");
    const auto names = account.value("imagePullSecrets", json::array());
    if (member && names == json::array({{{"name", kCopy}}})) ++attached;
  }
  return attached == kCrowd ? "" : fmt::format("{} of {} are attached", attached, kCrowd);
}

void expect_crowd_served(const Scene& scene) {
  eventually("the crowd is served", [&] { return crowd_served(scene); }, 60s);
}

/// Waits until the namespaces of earlier tests are gone, as their end makes the control plane
/// write.
void wait_for_quiet() {
  eventually(
      "no namespace is terminating",
      [&]() -> std::string {
        const auto list = must(cluster().api().get("/api/v1/namespaces"));
        for (const auto& ns : list["items"]) {
          if (ns["status"]["phase"] == "Terminating") return ns["metadata"]["name"];
        }
        return {};
      },
      90s);
}

std::map<std::string, long> difference(const std::map<std::string, long>& before,
                                       const std::map<std::string, long>& after) {
  std::map<std::string, long> result;
  for (const auto& [name, count] : after) {
    const auto found = before.find(name);
    const long grown = count - (found == before.end() ? 0 : found->second);
    if (grown != 0) result[name] = grown;
  }
  return result;
}

}  // namespace

TEST_CASE("lists are paged, and a crowd of more than a page is served with two writes each") {
  Scene scene;
  crowd();
  auto& op = scene.start();
  expect_crowd_served(scene);
  const auto requests = proxy().requests();
  for (const auto* const collection : {"namespaces", "serviceaccounts"}) {
    const auto pages = matching(requests, "GET", fmt::format("/api/v1/{}[?].*limit=", collection));
    REQUIRE(pages.size() == 2);
    CHECK(pages[0].path.find("continue=") == std::string::npos);
    CHECK(pages[1].path.find("&continue=") != std::string::npos);
    CHECK(pages[1].status == 200);
  }
  CHECK(matching(requests, "POST", "/namespaces/crowd-.*/secrets$").size() == kCrowd);
  CHECK(matching(requests, "PATCH", "/namespaces/crowd-.*/serviceaccounts/default$").size() ==
        kCrowd);
  CHECK(matching(requests, "POST", "/events$").empty());
  CHECK(matching(requests, "GET", "/namespaces/crowd-").empty());
  std::printf("          %ld KiB resident, %.2f s of CPU for %d namespaces\n", op.resident_kib(),
              op.cpu_seconds(), kCrowd);
}

TEST_CASE("a rotation is one write for each namespace, and new namespaces go ahead of it") {
  Scene scene;
  crowd();
  scene.start();
  expect_crowd_served(scene);
  proxy().start_over();
  // Slow answers make the roll-out take 16 at a time.
  proxy().add({.name = "slow",
               .method = "PATCH",
               .path = "/namespaces/crowd-.*/secrets/",
               .action = "delay",
               .delay = 80ms});
  scene.rotate();
  eventually("the roll-out has begun", [&] { return proxy().matched("slow") > 32 ? "" : "no"; });
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  const auto at_that_time = proxy().matched("slow");
  INFO(at_that_time << " of the crowd had been written when the new namespace was served");
  CHECK(at_that_time < kCrowd - 100);
  proxy().remove();
  expect_crowd_served(scene);
  const auto requests = proxy().requests();
  CHECK(matching(requests, "PATCH", "/namespaces/crowd-.*/secrets/icr-default$").size() == kCrowd);
  // Two for the new namespace; the Event that the old key may go comes when all have the new one.
  CHECK(writes(requests).size() - matching(requests, "POST", "/events$").size() == kCrowd + 2);
  eventually("that it is rolled out is told once", [&] {
    const auto told = matching(proxy().requests(), "POST", "/namespaces/" + kOwn + "/events$");
    return told.size() == 1 ? "" : text_of(told);
  });
}

TEST_CASE("a leader killed while a crowd gets a new key: nothing is lost, nor written twice") {
  Pair pair;
  crowd();
  expect_crowd_served(pair);
  const auto copies = "/namespaces/crowd-.*/secrets/icr-default$";
  pair.first->road().start_over();
  pair.second->road().start_over();
  pair.first->road().add({.name = "slow", .path = copies, .action = "delay", .delay = 80ms});
  pair.rotate();
  eventually("the roll-out is under way",
             [&] { return pair.first->road().matched("slow") > 64 ? "" : "not yet"; });
  pair.first->op().kill();
  const auto took = pair.taken_over();
  expect_crowd_served(pair);
  std::map<std::string, int> patches;  // that the API server accepted, of both
  std::size_t by_first = 0;
  for (auto* const replica : {pair.first.get(), pair.second.get()}) {
    for (const auto& request : matching(replica->written(), "PATCH", copies)) {
      if (request.status == 200) ++patches[request.path];
    }
    if (replica == pair.first.get()) by_first = patches.size();
  }
  for (const auto& [path, count] : patches) {
    INFO(path);
    CHECK(count == 1);
  }
  CHECK(by_first < kCrowd);
  // Without those whose answer was under way when the leader was killed: done, and not known.
  CHECK(patches.size() >= kCrowd - 16);
  std::printf("          %zu copies written, then another led %ld ms after the kill\n", by_first,
              static_cast<long>(took.count()));
  CHECK(pair.second->stop().empty());
}

TEST_CASE("a restart of a converged cluster writes nothing, by the API server's own count") {
  Scene scene;
  crowd();
  scene.start();
  expect_crowd_served(scene);
  scene.stop();
  wait_for_quiet();
  proxy().start_over();
  const auto before = cluster().write_counts();
  auto& op = scene.start();
  eventually("every namespace was looked at", [&] {
    return op.metric("icr_pull_secrets_namespaces", {{"state", "ready"}}) >= kCrowd
               ? ""
               : op.text("/metrics");
  });
  const auto after = cluster().write_counts();
  CHECK(difference(before, after) == std::map<std::string, long>{});
  CHECK(writes(proxy().requests()).empty());
  op.expect_metric("icr_pull_secrets_reconciles_total", {{"outcome", "done"}}, 0);
  CHECK(op.metric("icr_pull_secrets_reconciles_total", {{"outcome", "unchanged"}}) >= kCrowd);
}

TEST_CASE("a list whose page token expires half-way starts over") {
  Scene scene;
  crowd();
  proxy().add({.name = "expired",
               .method = "GET",
               .path = "/api/v1/namespaces[?].*continue=",
               .action = "status",
               .status = 410,
               .times = 1});
  scene.start();
  expect_crowd_served(scene);
  const auto pages = matching(proxy().requests(), "GET", "/api/v1/namespaces[?].*limit=");
  CHECK(pages.size() == 4);
}

TEST_CASE("throttled in the middle of a roll-out, nobody asks before the time is over") {
  Scene scene;
  crowd();
  scene.start();
  expect_crowd_served(scene);
  proxy().start_over();
  proxy().add({.name = "busy",
               .method = "PATCH",
               .path = "/secrets/",
               .action = "status",
               .status = 429,
               .times = 1,
               .headers = {{"Retry-After", "2"}}});
  scene.rotate();
  expect_crowd_served(scene);
  const auto all = writes(proxy().requests());
  const auto refused =
      std::find_if(all.begin(), all.end(), [](const Seen& seen) { return seen.status == 429; });
  REQUIRE(refused != all.end());
  // Those that were in flight already may have begun a moment later.
  const auto early = std::count_if(all.begin(), all.end(), [&](const Seen& seen) {
    return seen.begun > refused->done + 100'000 && seen.begun < refused->done + 2'000'000;
  });
  CHECK(early == 0);
  CHECK(matching(all, "PATCH", "/secrets/").size() == kCrowd + 1);
}

TEST_CASE("a storm of 429 in a roll-out: Retry-After is heeded, and nothing is lost") {
  constexpr int kStorm = 60;
  Scene scene;
  crowd();
  auto& op = scene.start();
  expect_crowd_served(scene);
  proxy().start_over();
  proxy().add({.name = "storm",
               .method = "PATCH",
               .path = "/secrets/",
               .action = "status",
               .status = 429,
               .times = kStorm,
               .headers = {{"Retry-After", "1"}}});
  scene.rotate();
  expect_crowd_served(scene);
  const auto all = matching(proxy().requests(), "PATCH", "/secrets/");
  std::map<std::string, int> accepted;
  int early = 0;
  for (const auto& seen : all) {
    if (seen.status == 200) ++accepted[seen.path];
    if (seen.status != 429) continue;
    // Those that were in flight already may have begun a moment later.
    early += static_cast<int>(std::count_if(all.begin(), all.end(), [&](const Seen& other) {
      return other.begun > seen.done + 100'000 * patience() && other.begun < seen.done + 1'000'000;
    }));
  }
  CHECK(early == 0);
  CHECK(proxy().matched("storm") == kStorm);
  CHECK(all.size() == kCrowd + kStorm);
  CHECK(accepted.size() == kCrowd);  // each once: the sum is right, too
  CHECK(op.metric("icr_pull_secrets_reconciles_total", {{"outcome", "throttled"}}) == kStorm);
  CHECK(op.text("/metrics").find("crowd-") == std::string::npos);
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
}

}  // namespace crowd_test
