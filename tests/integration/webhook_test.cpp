// Admission webhooks of others that are slow or hang: what they cost whom they were not asked
// about.
#include "harness/webhook.hpp"

#include <csignal>
#include <cstdio>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/crowd.hpp"
#include "harness/iam_scene.hpp"
#include "harness/measure.hpp"
#include "harness/pair.hpp"

namespace webhook_test {

using namespace itest;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr int kSamples = 9;
/// More than there are workers.
constexpr int kMany = 48;

/// Deletes namespaces that no scene tracks.
struct Crowd {
  explicit Crowd(int count) : names(make_crowd("slow", count)) {}
  ~Crowd() {
    for (const auto& ns : names) cluster().delete_namespace(ns);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  const std::vector<std::string> names;
};

Milliseconds since(SteadyClock::time_point begun) {
  return std::chrono::duration_cast<Milliseconds>(SteadyClock::now() - begun);
}

void check_beside(const std::string& what, Milliseconds quiet, Milliseconds beside) {
  std::printf("          others wait %ld ms in quiet, %ld ms beside %s\n",
              static_cast<long>(quiet.count()), static_cast<long>(beside.count()), what.c_str());
  CHECK(beside < quiet * 2 + 20ms * patience());
}

/// A new key for each source at once; how long until the namespace has them all.
Milliseconds roll(IamScene& scene, const std::string& ns,
                  const std::map<std::string, std::string>& sources) {
  std::map<std::string, std::string> keys;
  for (const auto& [credential, source] : sources) keys[credential] = scene.put_key(source);
  const auto begun = SteadyClock::now();
  for (const auto& [credential, key] : keys) scene.expect_password(ns, key, credential);
  return since(begun);
}

}  // namespace

TEST_CASE("a webhook that takes 10 s for the Secrets of 48 namespaces ends no replica") {
  Pair scene;
  const Crowd crowd(kMany);
  for (const auto& ns : crowd.names) scene.expect_served(ns);
  const auto quiet = middle(arrivals(scene, kSamples));
  const auto other = scene.make_in("us-south");
  scene.expect_served(other);

  Webhook webhook("secrets", crowd.names);
  webhook.take(10s);
  scene.rotate();
  const auto begun = SteadyClock::now();
  scene.expect_served(other);  // a roll-out reaches those that nothing holds up
  const auto rolled_out = since(begun);
  eventually("writes hang", [&] { return webhook.waiting() >= 4 ? "" : "not yet"; });
  scene.first->road().start_over();
  check_beside("them", quiet, middle(arrivals(scene, kSamples)));
  CHECK(rolled_out < 10s * patience());
  CHECK_FALSE(scene.first->op().process().wait(3 * kLeaseTime));
  check_beside("them, a while later", quiet, middle(arrivals(scene, kSamples)));

  CHECK(scene.first->leads());
  CHECK(scene.second->op().process().running());
  CHECK(scene.first->op().probe("/livez") == 200);
  CHECK(scene.second->op().probe("/livez") == 200);
  const auto gap = longest_gap(scene.first->road().requests());
  INFO(gap.count() << " ms between two renewals");
  CHECK(gap > 0ms);
  CHECK(gap < 2s * patience());
  CHECK(webhook.waiting() > 0);

  webhook.let_pass();
  for (const auto& ns : crowd.names) scene.expect_served(ns);
  CHECK(scene.first->stop().empty());
  CHECK(scene.second->stop().empty());
}

TEST_CASE("new namespaces behind a webhook that hangs keep others waiting for a moment only") {
  Scene scene;
  scene.start();
  const auto quiet = middle(arrivals(scene, kSamples));
  std::vector<std::string> names;
  for (int i = 0; i < kMany; ++i) names.push_back(scene.make({}));
  for (const auto& ns : names) cluster().expect_account(ns);
  Webhook webhook("secrets", names);
  webhook.hang();
  for (const auto& ns : names) cluster().annotate(ns, {{kRegions, "us-south"}});
  eventually("writes hang", [&] { return webhook.waiting() >= 8 ? "" : "not yet"; });
  const auto times = arrivals(scene, kSamples);
  check_beside("them", quiet, middle(times));
  for (const auto& time : times) CHECK(time < 5s * patience());
  webhook.let_pass();
}

TEST_CASE("a slow webhook for ConfigMaps does not serialise what credentials hand out") {
  const std::map<std::string, std::string> sources{
      {"default", kSource}, {"team", "team-key"}, {"profile", "icr-profile-key"}};
  IamScene scene;
  std::string credentials;
  for (const auto& [name, source] : sources) {
    scene.put_key(source);
    credentials += api_key(name, source);
  }
  scene.start_for(credentials);
  const auto ns = scene.make({{kRegions, "us-south"}, {kCredentials, "default,team,profile"}});
  eventually("it has all", [&] {
    for (const auto& [name, source] : sources) {
      if (!cluster().secret(ns, copy_of(name))) return name;
    }
    return std::string();
  });
  const auto quiet = roll(scene, ns, sources);

  Webhook webhook("configmaps", {kOwn});
  webhook.take(10s);
  const auto once = roll(scene, ns, sources);
  eventually("the record hangs", [&] { return webhook.waiting() > 0 ? "" : "not yet"; });
  const auto again = roll(scene, ns, sources);
  std::printf("          new keys take %ld ms in quiet, %ld and %ld ms beside it\n",
              static_cast<long>(quiet.count()), static_cast<long>(once.count()),
              static_cast<long>(again.count()));
  CHECK(once < quiet * 2 + 500ms * patience());
  CHECK(again < quiet * 2 + 500ms * patience());
  webhook.let_pass();
}

TEST_CASE("Events that hang hold up nobody") {
  Scene scene;
  scene.start();
  std::vector<std::string> names;
  for (int i = 0; i < kMany; ++i) names.push_back(scene.make_in("us-south"));
  for (const auto& ns : names) scene.expect_served(ns);
  const auto quiet = middle(arrivals(scene, kSamples));
  Webhook webhook("events", names);
  webhook.hang();
  for (const auto& ns : names) cluster().annotate(ns, {{kRegions, "nowhere"}});
  eventually("Events hang", [&] { return webhook.waiting() > 0 ? "" : "not yet"; });
  check_beside("them", quiet, middle(arrivals(scene, kSamples)));
  // Nor the roll-out of a key, to those namespaces neither.
  scene.rotate();
  const auto begun = SteadyClock::now();
  for (const auto& ns : names) scene.expect_served(ns);
  std::printf("          a roll-out takes %ld ms\n", static_cast<long>(since(begun).count()));
  CHECK(since(begun) < 5s * patience());
  webhook.let_pass();
  for (const auto& ns : names) Scene::expect_event(ns, "InvalidRegions");
}

TEST_CASE("Events about a source that hang hold up no new key") {
  IamScene scene;
  scene.start_for(api_key());
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  Webhook webhook("events", {kOwn});
  webhook.hang();
  scene.put_wrong_key();
  eventually("an Event hangs", [&] { return webhook.waiting() > 0 ? "" : "not yet"; });
  const auto begun = SteadyClock::now();
  scene.expect_password(ns, scene.put_key(kSource));
  CHECK(since(begun) < 5s * patience());
  webhook.let_pass();
}

TEST_CASE("a webhook that hangs holds up a changed configuration for a moment only") {
  Scene scene;
  auto& op = scene.start();
  const auto held = scene.make({});
  cluster().expect_account(held);
  Webhook webhook("secrets", {held});
  webhook.hang();
  cluster().annotate(held, {{kRegions, "us-south"}});
  eventually("a write hangs", [&] { return webhook.waiting() > 0 ? "" : "not yet"; });
  const auto other = scene.make({{kRegions, "us-south"}, {kCredentials, "team"}});
  const auto begun = SteadyClock::now();
  write_text(op.config_file(), config_text() + api_key("team", kSource));
  op.process().signal(SIGHUP);
  eventually("it is in force",
             [&] { return cluster().secret(other, "icr-team") ? "" : "not yet"; });
  const auto took = since(begun);
  std::printf("          it is in force after %ld ms\n", static_cast<long>(took.count()));
  CHECK(took < 8s);  // a write has 10 s, however slow the machine is
  webhook.let_pass();
  scene.expect_served(held);
}

TEST_CASE("a webhook's 429 in one namespace keeps nobody else waiting") {
  Scene scene;
  scene.start();
  const auto quiet = middle(arrivals(scene, kSamples));
  const auto ns = scene.make({});
  Webhook webhook("secrets", {ns});
  webhook.deny({{"code", 429},
                {"reason", "TooManyRequests"},
                {"message", "later"},
                {"details", {{"retryAfterSeconds", 20}}}});
  const auto before = webhook.asked();
  cluster().annotate(ns, {{kRegions, "us-south"}});
  eventually("it was refused", [&] { return webhook.asked() > before ? "" : "not yet"; });
  check_beside("one that is refused", quiet, middle(arrivals(scene, kSamples)));
  CHECK(webhook.asked() == before + 1);  // as it was asked to
  webhook.let_pass();
}

}  // namespace webhook_test
