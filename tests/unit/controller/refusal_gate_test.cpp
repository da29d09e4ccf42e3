#include "controller/pure/refusal_gate.hpp"

#include <catch2/catch.hpp>

#include "controller/pure/throttle_witness.hpp"
#include "unit/support/dice.hpp"

namespace refusal_gate_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;

namespace {

std::string name(std::size_t number) {
  return "ns-" + std::to_string(number);
}

}  // namespace

TEST_CASE("what is refused in one namespace is tried in all others", "[controller][refusals]") {
  RefusalGate gate;
  for (int i = 0; i < 100; ++i) {
    CHECK(gate.may_try(Clock::Instant{1h}));
    CHECK(gate.refused("shop") == Everywhere::kNo);
  }
}

TEST_CASE("what is refused in a few namespaces and succeeds in others is tried everywhere",
          "[controller][refusals]") {
  RefusalGate gate;
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(gate.refused(name(i)) == Everywhere::kNo);
    if (i % (RefusalGate::kMany - 1) == 0) CHECK(gate.succeeded() == Everywhere::kNo);
  }
}

TEST_CASE("what is refused everywhere is told once and tried by a few", "[controller][refusals]") {
  RefusalGate gate;
  auto now = Clock::Instant{1h};
  int tried = 0;
  int told = 0;
  for (std::size_t i = 0; i < 10'000; ++i) {
    now += 5ms;
    if (!gate.may_try(now)) continue;
    ++tried;
    if (gate.refused(name(i)) == Everywhere::kBegins) ++told;
  }
  CHECK(told == 1);
  CHECK(tried <= 8 + 4 + 100);  // in 50 s
  CHECK(tried >= 100);
  CHECK(gate.succeeded() == Everywhere::kEnds);
  CHECK(gate.succeeded() == Everywhere::kNo);
  CHECK(gate.may_try(now));
  CHECK(gate.refused("shop") == Everywhere::kNo);
}

TEST_CASE("a gate is closed after enough refusals, and by nothing else", "[controller][refusals]") {
  test::Dice dice(11);
  RefusalGate gate;
  std::set<std::size_t> refused;
  bool closed = false;
  auto now = Clock::Instant{1h};
  for (int step = 0; step < 20'000; ++step) {
    now += std::chrono::milliseconds(dice.below(200));
    const bool may = gate.may_try(now);
    REQUIRE((may || closed));
    if (!may) continue;
    if (dice.once_in(15)) {
      REQUIRE(gate.succeeded() == (closed ? Everywhere::kEnds : Everywhere::kNo));
      refused.clear();
      closed = false;
      continue;
    }
    const auto ns = dice.below(20);
    refused.insert(ns);
    const bool closes = !closed && refused.size() >= RefusalGate::kMany;
    REQUIRE(gate.refused(name(ns)) == (closed   ? Everywhere::kYes
                                       : closes ? Everywhere::kBegins
                                                : Everywhere::kNo));
    closed |= closes;
    REQUIRE(gate.closed() == closed);
  }
}

TEST_CASE("a 429 that nobody signs is the API server's when others get it too",
          "[controller][refusals]") {
  ThrottleWitness witness;
  auto now = Clock::Instant{1h};
  for (int i = 0; i < 100; ++i) CHECK_FALSE(witness.told("shop", now));
  CHECK_FALSE(witness.told("web", now));
  CHECK(witness.told("third", now));
  CHECK(witness.told("shop", now));
  now += 2s;
  CHECK_FALSE(witness.told("web", now));
}

}  // namespace refusal_gate_test
