// How long a watch waits after a failure.
#include <vector>

#include <catch2/catch.hpp>

#include "unit/kube/watch_machine_rig.hpp"

namespace watch_backoff_test {

using namespace icrps;
using namespace icrps::test;
using namespace std::chrono_literals;

namespace {

using Delays = std::vector<std::chrono::milliseconds>;

/// The delays after each of `count` times the same input.
Delays delays(kube::WatchMachine& machine, const Input& input, int count) {
  Delays seen;
  for (int i = 0; i < count; ++i) {
    input(machine);
    seen.push_back(machine.delay());
  }
  return seen;
}

const Input kListed = gets_page({}, "10");

}  // namespace

TEST_CASE("failures in a row wait longer and longer, up to a cap", "[kube][watch]") {
  WatchRig rig;
  CHECK(delays(rig.machine, breaks_off(), 7) ==
        Delays{200ms, 400ms, 800ms, 1600ms, 3200ms, 5s, 5s});
}

TEST_CASE("a server that is back and calls the version too old is listed at once",
          "[kube][watch]") {
  WatchRig rig;
  rig.feed({kListed});
  CHECK(delays(rig.machine, breaks_off(), 6).back() == 5s);
  CHECK(delays(rig.machine, is_refused(410), 2) == Delays{200ms, 400ms});
}

TEST_CASE("half of the delay is chance", "[kube][watch]") {
  RecordingSink sink;
  kube::WatchMachine machine(sink, scripted({0, 0.5, 0.999}));
  CHECK(delays(machine, breaks_off(), 3) == Delays{200ms, 300ms, 400ms});
}

TEST_CASE("whatever the failure, the delay grows", "[kube][watch]") {
  using Kind = kube::WatchTrouble::Kind;
  for (const auto& input :
       {is_refused(500), is_refused(403), is_refused(410), breaks_off(Kind::kSilent),
        sees_error(410, "Expired"), sees_error(500), sees_line("x"), gets_page_text("x")}) {
    WatchRig rig;
    rig.feed({kListed});
    CHECK(delays(rig.machine, input, 3) == Delays{200ms, 400ms, 800ms});
  }
}

TEST_CASE("success makes a watch forget its failures", "[kube][watch]") {
  struct Case {
    const char* name;
    Input success;
  };
  for (const auto& [name, success] :
       std::vector<Case>{{"a page", gets_page({}, "10")},
                         {"a page of several", gets_page({}, "10", "t")},
                         {"an event", sees("ADDED", "a@11")},
                         {"a bookmark", sees("BOOKMARK", "@11")},
                         {"a watch that lived", is_closed_after(1min)}}) {
    DYNAMIC_SECTION(name) {
      WatchRig rig;
      rig.feed({kListed, breaks_off(), breaks_off(), breaks_off()});
      CHECK(rig.machine.delay() == 800ms);
      rig.feed({success});
      CHECK(rig.machine.delay() == 0ms);
      CHECK(delays(rig.machine, breaks_off(), 2) == Delays{200ms, 400ms});
    }
  }
}

TEST_CASE("a watch that is closed at once again and again is not a hot loop", "[kube][watch]") {
  WatchRig rig;
  rig.feed({kListed});
  CHECK(delays(rig.machine, is_closed_after(3ms), 4) == Delays{200ms, 400ms, 800ms, 1600ms});
}

TEST_CASE("nobody waits longer than half a minute for a Retry-After", "[kube][watch]") {
  WatchRig rig;
  CHECK(delays(rig.machine, is_refused(429, "", 600s), 2) == Delays{30s, 30s});
}

TEST_CASE("Retry-After only ever makes the wait longer", "[kube][watch]") {
  WatchRig rig;
  CHECK(delays(rig.machine, is_refused(429, "", 1s), 5) == Delays{1s, 1s, 1s, 1600ms, 3200ms});
}

}  // namespace watch_backoff_test
