// The way of a request to a server that has a name.
#include "http/names/journey.hpp"

#include <map>

#include <catch2/catch.hpp>

#include "unit/support/fake_clock.hpp"

namespace journey_test {

using namespace icrps;
using namespace std::chrono_literals;
using http::Addresses;
using http::Failure;
using http::names::Journey;
using http::names::LastGood;

namespace {

using FailureKind = Failure::Kind;

/// Says what it is told to.
class ScriptedResolver final : public http::Resolver {
 public:
  http::Resolution lookup(const std::string& /*name*/,
                          std::chrono::steady_clock::time_point /*deadline*/,
                          const std::stop_token& /*stop*/) override {
    ++lookups;
    return answer;
  }
  std::optional<Addresses> at_hand(const std::string& /*name*/) override {
    ++hints;
    return kept;
  }

  http::Resolution answer = tl::unexpected(Failure{FailureKind::kConnect, "no such name"});
  std::optional<Addresses> kept;
  int lookups = 0;
  int hints = 0;
};

struct JourneyRig {
  test::FakeClock clock;
  [[nodiscard]] http::names::Instant now() const {
    return http::names::Instant(clock.now().time_since_epoch());
  }
  ScriptedResolver resolver;
  LastGood last_good;

  Journey begin(std::chrono::milliseconds time = 10s) {
    return {resolver,     last_good, [this] { return now(); }, {"us.icr.io", "us.icr.io:443"},
            now() + time, {}};
  }
  /// All addresses in their order, none of which can be connected to.
  Addresses all() {
    auto journey = begin();
    Addresses tried;
    while (const auto leg = journey.next()) {
      tried.push_back(leg->address);
      if (!journey.goes_on(refused())) break;
    }
    return tried;
  }
  static Journey::Visit refused() { return {false, Failure{FailureKind::kConnect, "refused"}}; }
};

}  // namespace

TEST_CASE("each address is tried until one takes a connection", "[http][names]") {
  JourneyRig rig;
  rig.resolver.answer = Addresses{"1", "2", "3"};
  auto journey = rig.begin();
  CHECK(journey.next()->address == "1");
  CHECK(journey.goes_on(JourneyRig::refused()));
  CHECK(journey.next()->address == "2");
  SECTION("and answers") {
    CHECK_FALSE(journey.goes_on({true, std::nullopt}));
    CHECK(rig.last_good.trusted(rig.now()) == "2");
  }
  SECTION("and breaks: the request may have been acted on") {
    CHECK_FALSE(journey.goes_on({true, Failure{FailureKind::kBroken, ""}}));
    CHECK_FALSE(rig.last_good.trusted(rig.now()));
  }
  SECTION("but not after the end of the time, or of the caller's patience") {
    const auto kind = GENERATE(FailureKind::kTimeout, FailureKind::kCanceled, FailureKind::kTls);
    CHECK_FALSE(journey.goes_on({false, Failure{kind, ""}}));
  }
  CHECK(rig.resolver.lookups == 1);
}

TEST_CASE("each address has a share of the time, the last all that is left", "[http][names]") {
  JourneyRig rig;
  rig.resolver.answer = Addresses{"1", "2", "3"};
  auto journey = rig.begin(6s);
  const auto begun = rig.now();
  CHECK(journey.next()->connect_by == begun + 2s);
  rig.clock.advance(2s);
  CHECK(journey.goes_on(JourneyRig::refused()));
  CHECK(journey.next()->connect_by == begun + 4s);
  rig.clock.advance(2s);
  CHECK(journey.goes_on(JourneyRig::refused()));
  CHECK_FALSE(journey.next()->connect_by);
  auto patient = rig.begin(60s);
  CHECK(patient.next()->connect_by == rig.now() + Journey::kConnectLimit);
}

TEST_CASE("an address that answered lately is used while its name is looked up aside",
          "[http][names]") {
  JourneyRig rig;
  rig.last_good.answered("2", rig.now());
  auto journey = rig.begin();
  CHECK(rig.resolver.hints == 1);
  const auto leg = journey.next();
  CHECK(leg->address == "2");
  CHECK(leg->connect_by);
  CHECK(rig.resolver.lookups == 0);
  SECTION("when it refuses, the name servers are waited for, and it isn't tried again") {
    rig.resolver.answer = Addresses{"1", "2"};
    CHECK(journey.goes_on(JourneyRig::refused()));
    CHECK(journey.next()->address == "1");
    CHECK(journey.goes_on(JourneyRig::refused()));
    CHECK_FALSE(journey.next());
    CHECK(journey.failure().message == "refused");
  }
  SECTION("when it refuses and they say nothing, that is told") {
    CHECK(journey.goes_on(JourneyRig::refused()));
    CHECK_FALSE(journey.next());
    CHECK(journey.failure().message == "us.icr.io:443: the name can't be resolved: no such name");
  }
}

TEST_CASE("an address is trusted no longer than a connection would be kept", "[http][names]") {
  JourneyRig rig;
  rig.last_good.answered("2", rig.now());
  rig.clock.advance(LastGood::kTrusted + 1ms);
  rig.resolver.answer = Addresses{"1", "2"};
  CHECK(rig.begin().next()->address == "2");  // still the first of those that were found
  CHECK(rig.resolver.lookups == 1);
  rig.resolver.answer = Addresses{"1"};
  CHECK(rig.begin().next()->address == "1");
}

TEST_CASE("an address that fails is no longer the first", "[http][names]") {
  JourneyRig rig;
  rig.resolver.kept = Addresses{"1", "2", "3"};
  rig.last_good.answered("3", rig.now());
  CHECK(rig.all() == Addresses{"3", "1", "2"});
  CHECK(rig.all() == Addresses{"1", "2", "3"});
  CHECK(rig.resolver.lookups == 0);
}

TEST_CASE("a name that can't be resolved is told with its name and reason", "[http][names]") {
  JourneyRig rig;
  auto journey = rig.begin();
  CHECK_FALSE(journey.next());
  CHECK(journey.failure().kind == FailureKind::kConnect);
  CHECK(journey.failure().message == "us.icr.io:443: the name can't be resolved: no such name");
  rig.resolver.answer = tl::unexpected(Failure{FailureKind::kCanceled, "stopped by the caller"});
  auto stopped = rig.begin();
  CHECK_FALSE(stopped.next());
  CHECK(stopped.failure().kind == FailureKind::kCanceled);
  CHECK(stopped.failure().message == "us.icr.io:443: stopped by the caller");
}

}  // namespace journey_test
