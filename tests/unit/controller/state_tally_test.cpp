#include "controller/state_tally.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "controller/rollout.hpp"
#include "unit/support/fake_clock.hpp"

namespace state_tally_test {

using namespace icrps;
using namespace icrps::controller;
using plan::State;

namespace {

bool shows(const Metrics& metrics, const std::string& state, int count) {
  return metrics.text().find("icr_pull_secrets_namespaces{state=\"" + state + "\"} " +
                             std::to_string(count) + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("every state is shown from the start", "[controller][tally]") {
  Metrics metrics("v", "r");
  const StateTally tally(metrics);
  for (const auto* state : {"not_opted_in", "ready", "pending", "mistake", "not_allowed",
                            "conflict", "no_credential", "forbidden", "terminating"}) {
    INFO(state);
    CHECK(shows(metrics, state, 0));
  }
}

TEST_CASE("each namespace counts in one state", "[controller][tally]") {
  Metrics metrics("v", "r");
  StateTally tally(metrics);
  tally.set("shop", State::kPending);
  tally.set("web", State::kPending);
  CHECK(shows(metrics, "pending", 2));
  tally.set("shop", State::kReady);
  tally.set("shop", State::kReady);
  CHECK(shows(metrics, "pending", 1));
  CHECK(shows(metrics, "ready", 1));
  tally.forget("shop");
  tally.forget("shop");
  tally.forget("never seen");
  CHECK(shows(metrics, "ready", 0));
  CHECK(shows(metrics, "pending", 1));
}

TEST_CASE("the metrics of 10,000 namespaces are as long as those of one", "[controller][tally]") {
  constexpr int kNamespaces = 10'000;
  test::FakeClock clock;
  Metrics metrics("v", "r");
  StateTally tally(metrics);
  Rollout rollout({"default"}, clock, metrics);
  rollout.release("default", "r1");
  const auto lines_after = [&](int first, int last) {
    for (int i = first; i < last; ++i) {
      const auto ns = "tenant-" + std::to_string(i);
      tally.set(ns, i % 2 == 0 ? State::kReady : State::kMistake);
      rollout.seen(ns, {{"default", plan::Standing::kInPlace, "", "r1"}});
      metrics.reconciled("done");
      metrics.problem("InvalidRegions");
    }
    const auto text = metrics.text();
    CHECK(text.find("tenant-") == std::string::npos);
    return std::count(text.begin(), text.end(), '\n');
  };
  const auto few = lines_after(0, 2);
  CHECK(lines_after(2, kNamespaces) == few);
  CHECK(shows(metrics, "ready", kNamespaces / 2));
}

}  // namespace state_tally_test
