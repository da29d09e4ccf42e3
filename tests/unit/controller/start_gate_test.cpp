#include "controller/start_gate.hpp"

#include <atomic>
#include <thread>

#include <catch2/catch.hpp>

#include "unit/support/fake_clock.hpp"

namespace start_gate_test {

using namespace icrps;
using namespace icrps::controller;
using Words = std::vector<std::string>;

namespace {

struct Rig {
  test::FakeClock clock;
  bool namespaces = false;
  Words not_listed{"namespaces", "serviceaccounts"};
  Words not_settled{"source of default"};
  StartGate gate{clock,
                 {[this] { return namespaces; }, [this] { return not_listed; },
                  [this] { return not_settled; }}};
};

}  // namespace

TEST_CASE("a process is not ready before it knows what it can", "[controller][start]") {
  Rig rig;
  CHECK(rig.gate.awaited(false) == Words{"namespaces", "serviceaccounts"});
  rig.not_listed = {"serviceaccounts"};
  rig.namespaces = true;
  rig.gate.check();
  CHECK(rig.gate.awaited(false) == Words{"serviceaccounts"});
  SECTION("one that stands by waits for lists only") {
    rig.not_listed.clear();
    CHECK(rig.gate.awaited(false).empty());
    CHECK(rig.gate.awaited(true) == Words{"source of default"});
  }
  SECTION("and not for ever") {
    rig.clock.advance(StartGate::kListPatience);
    CHECK(rig.gate.awaited(false).empty());
    CHECK(rig.gate.awaited(true) == Words{"source of default"});
  }
  CHECK_FALSE(rig.gate.open());
}

TEST_CASE("work begins when all is known", "[controller][start]") {
  Rig rig;
  rig.namespaces = true;
  rig.not_listed.clear();
  rig.not_settled.clear();
  CHECK(rig.gate.wait({}));
  CHECK(rig.gate.open());
  CHECK(rig.gate.missing().empty());
}

TEST_CASE("a stop ends the wait for what is not known", "[controller][start]") {
  Rig rig;
  std::jthread waits([&](const std::stop_token& stop) { CHECK_FALSE(rig.gate.wait(stop)); });
  waits.request_stop();
  waits.join();
  CHECK_FALSE(rig.gate.open());
}

}  // namespace start_gate_test
