// What a tenant with full rights in one namespace costs all others.
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "harness/measure.hpp"
#include "hostile_tenant.hpp"
#include "options.hpp"
#include "stage.hpp"

namespace hostile_test {

using namespace chaos;
using namespace itest;
using SteadyClock = std::chrono::steady_clock;

namespace {

using Micros = std::chrono::microseconds;

constexpr int kSamples = 41;
constexpr long kRoomKib = 8L * 1024;

/// How long things take, one after the other.
struct Times {
  std::vector<Micros> served;   ///< from a change of an annotation to what the copy shows
  std::vector<Micros> request;  ///< a write and a read that the operator has no part in
};

double millis(Micros time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

class Neighbour {
 public:
  explicit Neighbour(IamScene& scene) : ns_(scene.make_in("us-south")) { scene.expect_served(ns_); }

  void sample(Times& times) {
    times.served.push_back(served());
    times.request.push_back(request());
    std::this_thread::sleep_for(60ms);  // nobody is held to his pace
  }

 private:
  static Micros since(SteadyClock::time_point begun) {
    return std::chrono::duration_cast<Micros>(SteadyClock::now() - begun);
  }

  Micros served() {
    other_ = !other_;
    const auto begun = SteadyClock::now();
    cluster().annotate(ns_, {{kRegions, other_ ? "eu-de" : "us-south"}});
    const Hosts wanted{other_ ? "de.icr.io" : "us.icr.io"};
    while (true) {
      const auto copy = cluster().secret(ns_);
      if (copy && hosts_of(*copy) == wanted) return since(begun);
      if (since(begun) > 30s) FAIL(ns_ << " waits for more than 30 s");
      std::this_thread::sleep_for(1ms);
    }
  }

  Micros request() {
    const auto begun = SteadyClock::now();
    cluster().put_secret(ns_, "own", {{"number", std::to_string(++number_)}});
    static_cast<void>(cluster().secret(ns_, "own"));
    return since(begun);
  }

  const std::string ns_;
  bool other_ = false;
  int number_ = 0;
};

/// What others wait beside somebody, at most: twice what they wait in quiet, on an API server that
/// is as slow as it is now for everybody.
Micros bound(const Times& quiet, const Times& beside) {
  const auto slower = std::max(1.0, millis(middle(beside.request)) / millis(middle(quiet.request)));
  return std::chrono::duration_cast<Micros>(middle(quiet.served) * 2 * slower) + 2ms * patience();
}

}  // namespace

TEST_CASE("a hostile tenant costs others little time, and the operator little memory",
          "[hostile]") {
  const auto options = options_of_run(2min);
  INFO(fmt::format("to see it again: make chaos SEED={} TIME={}", options.seed,
                   options.time.count()));
  IamScene scene;
  scene.put_key("team-key");
  auto& op = scene.start_for(api_key() + api_key("team", "team-key"));
  Neighbour neighbour(scene);
  const auto ns = scene.make({{kRegions, "us-south"}, {kCredentials, "default,team"}}, "hostile");
  scene.expect_served(ns);
  Times quiet;
  for (int i = 0; i < kSamples; ++i) neighbour.sample(quiet);
  const auto before = op.resident_kib();

  History history;
  history.say(fmt::format("seed {}, {} s", options.seed, options.time.count() / 2));
  Times beside;
  long most = 0;
  {
    HostileTenant tenant(ns, options.seed);
    const auto end = SteadyClock::now() + options.time / 2;
    while (SteadyClock::now() < end) {
      neighbour.sample(beside);
      most = std::max(most, op.resident_kib());
      REQUIRE(op.process().running());
    }
    tenant.end();
    history.say("the tenant: " + tenant.summary());
    tenant.release();
  }
  const auto left = op.resident_kib();
  const auto most_allowed = bound(quiet, beside);
  history.say(fmt::format(
      "others wait {:.1f} ms in quiet, {:.1f} beside him ({} times, {:.0f} at most), {:.1f} "
      "allowed; "
      "a write and a read take {:.1f} ms in quiet, {:.1f} beside him; {} KiB more, and {} when he "
      "is gone",
      millis(middle(quiet.served)), millis(middle(beside.served)), beside.served.size(),
      millis(*std::max_element(beside.served.begin(), beside.served.end())), millis(most_allowed),
      millis(middle(quiet.request)), millis(middle(beside.request)), most - before, left - before));
  // A sanitizer's own time and memory count, too: tests/CMakeLists.txt says which operator this is.
  if (std::getenv("ICRPS_TEST_SANITIZED") == nullptr) {
    CHECK(middle(beside.served) < most_allowed);
    CHECK(most < before + kRoomKib);
  }
  CHECK(op.probe("/livez") == 200);

  // He gets what he asks for, once he asks for something.
  cluster().delete_secret(ns, kCopy);
  cluster().annotate(ns, {{kRegions, "us-south"},
                          {kCredentials, "default"},
                          {kServiceAccounts, nullptr},
                          {kEndpoints, nullptr}});
  cluster().expect_account(ns);
  must(cluster().api().merge("/api/v1/namespaces/" + ns + "/serviceaccounts/default",
                             {{"imagePullSecrets", json::array()}}));
  eventually("even he is served", [&] { return scene.served(ns); }, 120s);
}

}  // namespace hostile_test
