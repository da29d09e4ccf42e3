#include "kube/pure/election.hpp"

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"

namespace election_test {

using namespace icrps;
using namespace icrps::kube;
using namespace std::chrono_literals;

namespace {

/// The Lease as an API server keeps it.
struct Server {
  std::optional<Lease> lease;
  int version = 10;

  void put(LeaseSpec spec) { lease = Lease{std::to_string(++version), std::move(spec)}; }
};

struct Candidate {
  Candidate(Server& api, const std::string& name) : server(api), election({name}) {}

  /// Does what the election says until it sleeps.
  void run(Election::Instant now) {
    while (true) {
      const auto step = election.next(now, {}, test::always(0));
      if (const auto* sleep = std::get_if<Election::Sleep>(&step)) {
        wakes = sleep->until;
        return;
      }
      ++requests;
      if (cut_off) {
        election.failed(now, test::always(0));
      } else if (const auto* write = std::get_if<Election::Write>(&step)) {
        do_write(*write, now);
      } else {
        election.read(server.lease, now);
      }
    }
  }
  void do_write(const Election::Write& write, Election::Instant now) {
    const bool fits = server.lease ? server.lease->resource_version == write.resource_version
                                   : write.resource_version.empty();
    if (!fits) return election.conflicted(now);
    server.put(write.spec);
    server.lease->metadata = write.metadata;
    election.written(*server.lease, now);
  }
  [[nodiscard]] bool leads(Election::Instant now) const {
    return election.leads_until() && now < *election.leads_until();
  }

  Server& server;
  Election election;
  bool cut_off = false;
  int requests = 0;
  Election::Instant wakes{};
};

/// Two candidates and the time between them.
struct Race {
  /// A second at a time, and whenever somebody wants to wake.
  void pass(std::chrono::seconds time) {
    const auto end = now + time;
    for (; now < end; now += 100ms) {
      if (a.wakes <= now && !a.election.lost(now)) a.run(now);
      if (b.wakes <= now && !b.election.lost(now)) b.run(now);
      CHECK_FALSE((a.leads(now) && b.leads(now)));
    }
  }

  Server server;
  Candidate a{server, "a"};
  Candidate b{server, "b"};
  Election::Instant now{1h};
};

}  // namespace

TEST_CASE("where there is no lease, the first who comes makes one", "[kube][election]") {
  Race race;
  race.a.run(race.now);
  CHECK(race.a.leads(race.now));
  CHECK(race.a.election.leads_until() == race.now + 15s);
  CHECK(race.server.lease->spec.holder == "a");
  CHECK(race.server.lease->spec.transitions == 0);
  CHECK(race.server.lease->spec.acquired == race.server.lease->spec.renewed);
  race.b.run(race.now);
  CHECK_FALSE(race.b.leads(race.now));
  CHECK(race.b.election.holder() == "a");
}

TEST_CASE("a leader renews every two seconds with one request", "[kube][election]") {
  Race race;
  race.b.cut_off = true;
  race.pass(1s);
  const int before = race.a.requests;
  race.pass(60s);
  CHECK(race.a.requests - before == 30);
  CHECK(race.a.leads(race.now));
  CHECK(race.server.lease->spec.transitions == 0);
}

TEST_CASE("who stands by asks every two seconds and takes nothing", "[kube][election]") {
  Race race;
  race.pass(1s);
  const int before = race.b.requests;
  race.pass(60s);
  CHECK(race.b.requests - before <= 31);
  CHECK(race.a.leads(race.now));
  CHECK_FALSE(race.b.leads(race.now));
}

TEST_CASE("a leader that is cut off stops before another begins", "[kube][election]") {
  Race race;
  race.pass(5s);
  REQUIRE(race.a.leads(race.now));
  race.a.cut_off = true;
  race.pass(10s);
  CHECK(race.a.election.lost(race.now));
  CHECK_FALSE(race.b.leads(race.now));
  race.pass(6s);
  CHECK(race.b.leads(race.now));
  CHECK(race.server.lease->spec.holder == "b");
  CHECK(race.server.lease->spec.transitions == 1);
}

TEST_CASE("a leader that comes back in time goes on", "[kube][election]") {
  Race race;
  race.pass(5s);
  race.a.cut_off = true;
  race.pass(7s);
  race.a.cut_off = false;
  race.pass(20s);
  CHECK(race.a.leads(race.now));
  CHECK(race.server.lease->spec.transitions == 0);
}

TEST_CASE("a lease that was released is taken within the retry period", "[kube][election]") {
  Race race;
  race.pass(5s);
  const auto last = race.a.election.release({});
  REQUIRE(last);
  CHECK(last->spec.holder.empty());
  race.a.do_write(*last, race.now);
  race.a.wakes = race.now + 1h;
  race.pass(3s);
  CHECK(race.server.lease->spec.holder == "b");
  CHECK(race.server.lease->spec.transitions == 1);
}

TEST_CASE("a holder that is gone is waited for by one's own clock", "[kube][election]") {
  Race race;
  // Its time stamps are of another machine, far in the future or in the past.
  race.server.put({"gone", 15s, "2036-01-01T00:00:00.000000Z", "1996-01-01T00:00:00.000000Z", 8});
  race.pass(14s);
  CHECK(race.server.lease->spec.holder == "gone");
  race.pass(2s);
  CHECK(race.server.lease->spec.holder != "gone");
  CHECK(race.server.lease->spec.transitions == 9);
}

TEST_CASE("a stranger that renews is never pushed out, one with nonsense is", "[kube][election]") {
  Race race;
  for (int i = 0; i < 40; ++i) {
    race.server.put({"stranger", 15s, "", std::to_string(i), 0});
    race.pass(1s);
  }
  CHECK(race.server.lease->spec.holder == "stranger");
  race.server.put({"stranger", 0s, "", "", 0});
  race.pass(4s);
  CHECK(race.server.lease->spec.holder != "stranger");
}

TEST_CASE("a count of transitions that is full stays full", "[kube][election]") {
  Race race;
  race.server.put({"", 0s, "", "", kMostTransitions});
  race.pass(1s);
  CHECK(race.server.lease->spec.transitions == kMostTransitions);
}

TEST_CASE("a leader that was pushed out knows it when it looks", "[kube][election]") {
  Race race;
  race.pass(5s);
  race.server.put({"stranger", 15s, "", "", 0});
  race.pass(3s);
  CHECK(race.a.election.lost(race.now));
  CHECK_FALSE(race.a.election.leads_until());
  CHECK_FALSE(race.a.election.release({}));
}

TEST_CASE("a lease that somebody deletes is made again by its leader", "[kube][election]") {
  Race race;
  race.pass(5s);
  race.server.lease.reset();
  race.pass(5s);
  REQUIRE(race.server.lease);
  CHECK((race.a.leads(race.now) || race.b.leads(race.now)));
}

TEST_CASE("an answer that was lost costs a leader nothing", "[kube][election]") {
  Race race;
  race.pass(5s);
  // The renewal arrived, its answer did not.
  auto spec = race.server.lease->spec;
  spec.renewed = "later";
  race.server.put(spec);
  race.a.election.failed(race.now, test::always(0));
  race.pass(20s);
  CHECK(race.a.leads(race.now));
  CHECK(race.server.lease->spec.transitions == 0);
}

TEST_CASE("no request about the lease outlives its use", "[kube][election]") {
  Race race;
  CHECK(race.a.election.patience(race.now) == 5s);
  race.a.run(race.now);
  CHECK(race.a.election.patience(race.now) == 5s);
  CHECK(race.a.election.patience(race.now + 9s) == 1s);
  CHECK(race.a.election.patience(race.now + 11s) == 1ms);
}

TEST_CASE("a label that is edited again and again does not renew a lease", "[kube][election]") {
  Server server;
  Candidate waits{server, "b"};
  server.put({"a", 15s, "x", "y", 0});
  for (Election::Instant now{1h}; now < Election::Instant(1h) + 20s; now += 500ms) {
    server.lease->resource_version = std::to_string(++server.version);
    server.lease->metadata = R"({"labels":{"edited":")" + std::to_string(server.version) + "\"}}";
    if (waits.wakes <= now) waits.run(now);
  }
  CHECK(server.lease->spec.holder == "b");
}

}  // namespace election_test
