#include "controller/state_tally.hpp"

#include <catch2/catch.hpp>

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
