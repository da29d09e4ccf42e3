// Hosts that namespaces begin to ask for when the credential is in force already.
#include "credentials/host_proofs.hpp"

#include <chrono>
#include <thread>

#include <catch2/catch.hpp>

#include "unit/credentials/keeper_rig.hpp"

namespace host_proofs_test {

using namespace icrps;
using namespace std::chrono_literals;
using test::KeeperRig;
using test::kKey;
using test::refusal;
using test::Words;
using Kind = iam::Refusal::Kind;

namespace {

const std::string kUs = "us.icr.io";
const std::string kDe = "de.icr.io";
const std::string kJp = "jp.icr.io";

/// A key that is in force, proved at us.icr.io.
struct Running : KeeperRig {
  Running() {
    sees(kKey);
    asked.clear();
  }
  /// A namespace that asks for them, as the operator tells of it.
  credentials::Keeper::Delay begins_to_ask_for(const icr::Hosts& more) {
    hosts->insert(more.begin(), more.end());
    keeper().asked_for(more);
    return keeper().check_hosts({});
  }
  [[nodiscard]] credentials::Status record() const {
    return *credentials::decode_status_line(recorded);
  }
};

}  // namespace

TEST_CASE("a host that is asked for later is proved, by itself and once", "[credentials][hosts]") {
  Running rig;
  CHECK(rig.begins_to_ask_for({kUs}) == std::nullopt);
  CHECK(rig.asked.empty());
  CHECK(rig.begins_to_ask_for({kDe, kUs}) == std::nullopt);
  CHECK(rig.asked == std::vector{icr::Hosts{kDe}});
  for (int i = 0; i < 1000; ++i) rig.begins_to_ask_for({kDe, kUs});
  CHECK(rig.asked.size() == 1);
  CHECK(rig.minted == 1);
  CHECK(rig.shows("credential_proofs_total{credential=\"default\",outcome=\"proved\"} 2"));
  CHECK(rig.reasons.empty());
}

TEST_CASE("a thousand namespaces that begin to ask for a host cost one proof",
          "[credentials][hosts]") {
  Running rig;
  rig.keeper().offer(credentials::SecretValue{SecretString(kKey), false,
                                              "uid-1"});  // for the thread to begin with
  rig.hosts = icr::Hosts{kDe, kUs};
  int scans = 0;
  rig.context.hosts_to_prove = [&](const std::string&) {
    ++scans;
    return rig.hosts;
  };
  {
    const std::jthread running([&](const std::stop_token& stop) { rig.keeper().run(stop); });
    rig.keeper().asked_for({kDe, kUs});
    const auto asked_for_de = [&] {
      const auto text = rig.metrics.text();
      return text.find("outcome=\"proved\"} 2\n") != std::string::npos;
    };
    for (int i = 0; i < 3000 && !asked_for_de(); ++i) {
      for (int ns = 0; ns < 1000; ++ns) rig.keeper().asked_for({kDe, kUs});
      std::this_thread::sleep_for(10ms);
    }
    CHECK(asked_for_de());
    for (int ns = 0; ns < 1000; ++ns) rig.keeper().asked_for({kDe, kUs});
  }
  CHECK(rig.asked == std::vector{icr::Hosts{kDe, kUs}});
  CHECK(scans == 1);
}

TEST_CASE("a new value waits for the yes of a host that has just been asked for",
          "[credentials][hosts]") {
  Running rig;
  rig.hosts->insert(kDe);
  rig.keeper().asked_for({kDe});  // and nobody has looked yet
  rig.answers_of[kDe] = refusal(Kind::kRefused, "de.icr.io: 401");
  rig.sees("another-key-that-is-as-long-as-the-first-00");
  CHECK(rig.asked == std::vector{icr::Hosts{kDe, kUs}});
  CHECK(rig.reasons == Words{"SourceRefused"});
}

TEST_CASE("a host's no is told, and takes nothing away from the others", "[credentials][hosts]") {
  Running rig;
  rig.answers_of[kDe] = refusal(Kind::kPolicy, "de.icr.io: 403 not from here");
  CHECK(rig.begins_to_ask_for({kDe, kJp}) >= 10s);
  CHECK(rig.asked == std::vector{icr::Hosts{kDe, kJp}});
  CHECK(rig.in_force() == kKey);
  CHECK(rig.reasons == Words{"PolicyRefused"});
  CHECK(rig.subjects == Words{"key"});
  CHECK_THAT(rig.messages[0], Catch::Contains("de.icr.io: 403 not from here") &&
                                  Catch::Contains("nothing changes at the other hosts"));
  CHECK(rig.shows("credential_proofs_total{credential=\"default\",outcome=\"policy\"} 1"));
  CHECK(rig.record().proof == "policy");
  CHECK(rig.record().message == "de.icr.io: 403 not from here");
  CHECK(rig.record().proved_revision == rig.set.material("default")->revision());
  CHECK(rig.keeps_quiet_about(kKey));

  SECTION("nor from a key that is put in its place, or a token that is fetched") {
    rig.sees("another-" + kKey);
    CHECK(rig.in_force() == "another-" + kKey);
    CHECK(rig.asked.back() == icr::Hosts{kJp, kUs});
    rig.keeper().check_hosts({});
    CHECK(rig.asked.back() == icr::Hosts{kDe});
    CHECK(rig.record().proof == "policy");
    CHECK(rig.record().proved_revision == rig.set.material("default")->revision());
    CHECK(rig.reasons.size() == 1);
  }
  SECTION("that of a host where it worked still counts") {
    rig.answers_of[kJp] = refusal(Kind::kRefused, "jp.icr.io: 401");
    rig.sees("another-" + kKey);
    CHECK(rig.in_force() == kKey);
  }
  SECTION("it is asked again later, and all is well then") {
    rig.answers_of.clear();
    rig.keeper().check_hosts({});
    CHECK(rig.asked.size() == 1);  // it is not time yet
    rig.clock.advance(30min);
    CHECK(rig.keeper().check_hosts({}) == std::nullopt);
    CHECK(rig.asked.back() == icr::Hosts{kDe});
    CHECK(rig.record().proof == "proved");
    CHECK(rig.record().message.empty());
    rig.answers_of[kDe] = refusal(Kind::kRefused, "de.icr.io: 401");
    rig.sees("another-" + kKey);
    CHECK(rig.in_force() == kKey);  // it worked there
  }
  SECTION("unless nobody asks for it any more") {
    rig.hosts->erase(kDe);
    rig.clock.advance(30min);
    CHECK(rig.keeper().check_hosts({}) == std::nullopt);
    CHECK(rig.asked.size() == 1);
    CHECK(rig.record().proof == "proved");
    rig.answers_of.clear();
    rig.begins_to_ask_for({kDe});
    CHECK(rig.asked.back() == icr::Hosts{kDe});
  }
}

TEST_CASE("a silent host is asked again a few times, then with the rest", "[credentials][hosts]") {
  Running rig;
  rig.answers_of[kDe] = refusal(Kind::kUnknown, "de.icr.io: timeout");
  auto next = rig.begins_to_ask_for({kDe});
  for (int i = 0; i < 2; ++i) {
    REQUIRE(next);
    CHECK(*next <= 5s);
    rig.clock.advance(*next);
    next = rig.keeper().check_hosts({});
  }
  CHECK(next == std::nullopt);
  CHECK(rig.asked.size() == 3);
  CHECK(rig.reasons.empty());
  CHECK(rig.record().proof == "proved");
  CHECK_THAT(rig.log.text(), Catch::Contains("some registries could not be asked"));
  rig.clock.advance(1h);
  rig.keeper().attempt({});
  CHECK(rig.keeper().check_hosts({}) == std::nullopt);
  CHECK(rig.asked.back() == icr::Hosts{kDe});
  CHECK(rig.asked.size() == 5);
}

TEST_CASE("what is not in force, or not to be proved, is asked about nowhere",
          "[credentials][hosts]") {
  KeeperRig rig;
  SECTION("before the first proof") {
    rig.mint = [](const SecretString&) { return tl::unexpected(refusal(Kind::kUnknown)); };
    rig.sees(kKey);
  }
  SECTION("with `proof: off`") {
    rig.context.proof = config::Proof::kOff;
    rig.sees(kKey);
  }
  rig.keeper().asked_for({kDe});
  CHECK(rig.keeper().check_hosts({}) == std::nullopt);
  CHECK(rig.asked.empty());
}

TEST_CASE("a refused new value hides nothing of a host that is asked for meanwhile",
          "[credentials][hosts]") {
  Running rig;
  rig.mint = [](const SecretString&) {
    return tl::unexpected(refusal(Kind::kRefused, "iam: 400 BXNIM0415E"));
  };
  rig.sees("wrong-" + kKey);
  CHECK(rig.begins_to_ask_for({kDe}) == std::nullopt);
  CHECK(rig.asked == std::vector{icr::Hosts{kDe}});
  CHECK(rig.record().proof == "refused");
  CHECK(rig.record().message == "iam: 400 BXNIM0415E");
}

}  // namespace host_proofs_test
