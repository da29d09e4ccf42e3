// Input → login → proof → handed out; and what happens when one of these says no.
#include "credentials/keeper.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <tuple>

#include <catch2/catch.hpp>

#include "unit/credentials/keeper_rig.hpp"
#include "unit/support/dice.hpp"

namespace keeper_test {

using namespace icrps;
using namespace std::chrono_literals;
using test::KeeperRig;
using test::kKey;
using test::refusal;
using test::Words;
using Kind = iam::Refusal::Kind;

TEST_CASE("a good key is proved, then in force", "[credentials][keeper]") {
  KeeperRig rig;
  CHECK_FALSE(rig.keeper().settled());
  CHECK(rig.shows("credential_available{credential=\"default\"} 0"));
  const auto next = rig.sees(kKey);
  CHECK(rig.in_force() == kKey);
  CHECK(rig.set.material("default")->login().username == "iamapikey");
  CHECK(rig.minted == 1);
  CHECK(rig.asked == Words{"us.icr.io"});
  CHECK(rig.shows("credential_available{credential=\"default\"} 1"));
  CHECK(rig.shows("credential_proofs_total{credential=\"default\",outcome=\"proved\"} 1"));
  CHECK(rig.keeper().settled());
  CHECK(rig.settled == 1);
  CHECK(rig.reasons.empty());
  CHECK(next == 1h);  // proved again then
  CHECK(rig.keeps_quiet_about(kKey));
}

TEST_CASE("nothing is asked before it is known which hosts namespaces want",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.hosts = {};
  CHECK(rig.sees(kKey) == std::nullopt);
  CHECK(rig.minted == 0);
  CHECK(rig.in_force().empty());
  rig.hosts = icr::Hosts{};
  rig.keeper().poke();
  rig.step();
  CHECK(rig.in_force() == kKey);
}

TEST_CASE("a Secret that goes bad before the namespaces are listed keeps nobody busy",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.hosts = {};
  rig.sees(kKey);
  CHECK(rig.misses() == std::nullopt);
  rig.keeper().poke();
  CHECK(rig.step() == std::nullopt);
}

TEST_CASE("without proof nobody is asked", "[credentials][keeper]") {
  KeeperRig rig;
  rig.context.proof = config::Proof::kOff;
  CHECK(rig.sees(kKey) == std::nullopt);
  CHECK(rig.in_force() == kKey);
  CHECK(rig.minted == 0);
  CHECK(rig.asked.empty());
}

TEST_CASE("what is refused never gets to a namespace", "[credentials][keeper]") {
  struct Case {
    const char* name;
    Kind kind;
    bool by_iam;
    const char* reason;
  };
  for (const auto& [name, kind, by_iam, reason] :
       {Case{"IAM refuses", Kind::kRefused, true, "SourceRefused"},
        Case{"a registry refuses", Kind::kRefused, false, "SourceRefused"},
        Case{"a policy at IAM", Kind::kPolicy, true, "PolicyRefused"},
        Case{"a policy at a registry", Kind::kPolicy, false, "PolicyRefused"}}) {
    DYNAMIC_SECTION(name) {
      KeeperRig rig;
      const bool with_good_one_before = GENERATE(false, true);
      if (with_good_one_before) rig.sees("good-" + kKey);
      const auto no = refusal(kind, "us.icr.io: 401 no");
      if (by_iam) {
        rig.mint = [no](const SecretString&) { return tl::unexpected(no); };
      } else {
        rig.prove = [no](const auto&, const auto& login) -> credentials::Answer {
          if (login.password.reveal() != kKey) return {};
          return tl::unexpected(no);
        };
      }
      const auto next = rig.sees(kKey);
      CHECK(rig.in_force() == (with_good_one_before ? "good-" + kKey : ""));
      REQUIRE(rig.reasons == Words{reason});
      CHECK_THAT(rig.messages[0],
                 Catch::Contains("us.icr.io: 401 no") &&
                     Catch::Contains(with_good_one_before ? "The last good value stays in force"
                                                          : "No namespace gets this credential"));
      CHECK(rig.keeper().settled());
      REQUIRE(next);
      CHECK(*next >= 10s);  // no hammering with a bad key
      CHECK(rig.keeps_quiet_about(kKey));
      rig.again();
      CHECK(rig.reasons.size() == 1);  // told once
    }
  }
}

TEST_CASE("when nobody can be asked the last good one stays, and it is tried again soon",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.sees("good-" + kKey);
  const auto taking = std::exchange(rig.prove, [](const auto&, const auto&) {
    return credentials::Answer(tl::unexpected(refusal(Kind::kUnknown, "us.icr.io: timeout")));
  });
  CHECK(rig.sees(kKey) <= 1s);
  CHECK(rig.reasons.empty());  // it may pass
  rig.again();
  rig.again();
  CHECK(rig.reasons == Words{"SourceUnproved"});
  CHECK(rig.in_force() == "good-" + kKey);
  rig.prove = taking;
  rig.again();
  CHECK(rig.in_force() == kKey);
}

TEST_CASE("IAM or the registries are down for ten minutes: no flood, and recovery soon after",
          "[credentials][keeper]") {
  const bool iam_too = GENERATE(true, false);
  KeeperRig rig;
  if (iam_too) rig.makes_tokens();
  rig.sees(kKey);
  const auto before = rig.in_force();
  REQUIRE_FALSE(before.empty());
  const auto records = rig.records;
  const auto working = std::pair(rig.mint, rig.prove);
  const auto down = refusal(Kind::kUnknown, "no answer within the deadline");
  if (iam_too) rig.mint = [&](const SecretString&) { return tl::unexpected(down); };
  rig.prove = [&](const auto&, const auto&) { return credentials::Answer(tl::unexpected(down)); };
  rig.again();  // a renewal, or another proof

  int attempts = 1;
  for (const auto end = rig.clock.now() + 10min; rig.clock.now() + *rig.next < end; ++attempts) {
    REQUIRE(rig.again());
    REQUIRE(rig.in_force() == before);
  }
  CHECK(attempts >= 5);
  CHECK(attempts <= 15);
  CHECK(rig.reasons == Words{"SourceUnproved"});
  CHECK(rig.records - records <= 1);
  const auto log = rig.log.text();
  CHECK(std::count(log.begin(), log.end(), '\n') < 3 * attempts);

  std::tie(rig.mint, rig.prove) = working;
  CHECK(*rig.next <= 5min);
  rig.again();
  CHECK(rig.reasons.size() == 1);
  CHECK(rig.in_force() == (iam_too ? "token-" + std::to_string(rig.minted) : kKey));
  CHECK(rig.recorded.find("proved") != std::string::npos);
}

TEST_CASE("Retry-After is heeded", "[credentials][keeper]") {
  KeeperRig rig;
  auto busy = refusal(Kind::kUnknown, "iam: 429");
  busy.retry_after = 77s;
  rig.mint = [busy](const SecretString&) { return tl::unexpected(busy); };
  CHECK(rig.sees(kKey) == 77s);
}

TEST_CASE("at the first start a setting decides what happens to what can't be proved",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.mint = [](const SecretString&) {
    return tl::unexpected(refusal(Kind::kUnknown, "iam: connect"));
  };
  SECTION("required: it waits") {
    rig.sees(kKey);
    CHECK(rig.in_force().empty());
  }
  SECTION("preferred: it is handed out") {
    rig.context.proof = config::Proof::kPreferred;
    rig.sees(kKey);
    CHECK(rig.in_force() == kKey);
    CHECK_THAT(rig.recorded, Catch::Contains("\"unproved\""));
  }
  SECTION("preferred: a refusal still holds") {
    rig.context.proof = config::Proof::kPreferred;
    rig.iam_says(Kind::kRefused);
    rig.sees(kKey);
    CHECK(rig.in_force().empty());
  }
  CHECK(rig.keeper().settled());
}

TEST_CASE("what was proved before a restart is good at once, and proved again after",
          "[credentials][keeper]") {
  KeeperRig before;
  before.sees(kKey);
  KeeperRig after;
  after.recorded = before.recorded;
  after.iam_says(Kind::kUnknown);
  CHECK(after.sees(kKey) <= 1s);
  CHECK(after.in_force() == kKey);
  CHECK(after.minted == 1);
  CHECK(after.keeper().settled());

  KeeperRig another;
  another.recorded = before.recorded;
  another.mint = after.mint;
  another.sees("another-" + kKey);
  CHECK(another.in_force().empty());
}

TEST_CASE("what was proved is good after a restart, also when its Secret comes later",
          "[credentials][keeper]") {
  KeeperRig before;
  before.sees(kKey);
  KeeperRig after;
  after.recorded = before.recorded;
  after.iam_says(Kind::kUnknown);
  after.misses();
  CHECK(after.in_force().empty());
  after.sees(kKey);
  CHECK(after.in_force() == kKey);
}

TEST_CASE("what was proved is good after a restart, even if IAM has been down since",
          "[credentials][keeper]") {
  KeeperRig before;
  before.sees(kKey);
  const auto silent = [](const SecretString&) { return tl::unexpected(refusal(Kind::kUnknown)); };
  before.mint = silent;
  for (int i = 0; i < 4; ++i) before.again();
  CHECK_THAT(before.recorded, Catch::Contains("\"unknown\""));
  KeeperRig after;
  after.recorded = before.recorded;
  after.mint = silent;
  after.sees(kKey);
  CHECK(after.in_force() == kKey);
}

TEST_CASE("tokens are fetched anew between 50 and 80 % of their life", "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  rig.context.random = [] { return 0.5; };
  CHECK(rig.sees(kKey) == 39min);
  CHECK(rig.in_force() == "token-1");
  CHECK(rig.set.material("default")->expires_at() == rig.clock.wall() + 1h);
  rig.again();
  CHECK(rig.in_force() == "token-2");
  CHECK(rig.set.material("default")->expires_at() == rig.clock.wall() + 1h);
  CHECK(rig.keeps_quiet_about(kKey));
  CHECK(rig.keeps_quiet_about("token-"));
}

TEST_CASE("a token is not fetched anew because the last one was rolled out",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  rig.sees(kKey);
  for (int i = 0; i < 10; ++i) {
    rig.keeper().poke();
    rig.step();
  }
  CHECK(rig.minted == 1);
}

TEST_CASE("run() wakes up for news, and for nothing else", "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  rig.hosts = {};
  CHECK(rig.sees(kKey) == std::nullopt);
  {
    const std::jthread running([&](const std::stop_token& stop) { rig.keeper().run(stop); });
    rig.hosts = icr::Hosts{};
    rig.keeper().poke();
    for (int i = 0; i < 3000 && !rig.keeper().settled(); ++i) std::this_thread::sleep_for(10ms);
  }
  CHECK(rig.in_force() == "token-1");
}

TEST_CASE("after a sleep of the machine, or another time on its wall clock, there is a fresh token",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  rig.sees(kKey);
  SECTION("it slept") {
    rig.clock.advance(2h);
    CHECK(rig.in_force().empty());
  }
  SECTION("it was paused, its clocks with it, or somebody set the wall clock") {
    rig.clock.set_wall(2h);
    CHECK(rig.in_force() == "token-1");
  }
  rig.step();
  CHECK(rig.in_force() == "token-2");
  rig.step();
  CHECK(rig.minted == 2);
}

TEST_CASE("a token that can't be refreshed stays, but near its end nobody new gets it",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  rig.sees(kKey);
  rig.iam_says(Kind::kUnknown);
  rig.run_for(58min);
  CHECK(rig.in_force() == "token-1");
  rig.clock.advance(90s);
  CHECK(rig.in_force().empty());
}

TEST_CASE("a token that lasts only seconds is handed out all the same", "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  rig.mint = [](const SecretString&) {
    return credentials::Minted{{"iambearer", SecretString("short")}, 20s, {}};
  };
  rig.sees(kKey);
  CHECK(rig.in_force() == "short");
  rig.clock.advance(17s);
  CHECK(rig.in_force() == "short");
  rig.clock.advance(2s);
  CHECK(rig.in_force().empty());
}

TEST_CASE("a missing or bad Secret changes nothing that works", "[credentials][keeper]") {
  KeeperRig rig;
  CHECK(rig.misses() == std::nullopt);
  CHECK(rig.reasons == Words{"SourceMissing"});
  CHECK(rig.keeper().settled());
  CHECK(rig.misses() == std::nullopt);
  CHECK(rig.reasons.size() == 1);
  rig.sees(kKey);
  rig.misses();
  CHECK(rig.in_force() == kKey);
  CHECK(rig.reasons == Words{"SourceMissing", "SourceMissing"});
  CHECK_THAT(rig.messages.back(), Catch::Contains("The last good value stays in force"));
  rig.sees("");
  CHECK(rig.reasons.back() == "SourceInvalid");
  CHECK(rig.shows("source_refusals_total{credential=\"default\",reason=\"SourceInvalid\"} 1"));
}

TEST_CASE("a line end after the key is removed, and that is said once", "[credentials][keeper]") {
  KeeperRig rig;
  rig.sees(kKey + "\n");
  CHECK(rig.in_force() == kKey);
  CHECK(rig.reasons == Words{"SourceTrimmed"});
  rig.sees(kKey + "\n");
  CHECK(rig.reasons.size() == 1);
}

TEST_CASE("a rotated key takes the old one's place once", "[credentials][keeper]") {
  KeeperRig rig;
  int changes = 0;
  rig.set.listen([&](const auto&) { ++changes; });
  rig.sees(kKey);
  rig.sees(kKey);
  CHECK(changes == 1);
  rig.sees("another-" + kKey);
  CHECK(rig.in_force() == "another-" + kKey);
  CHECK(changes == 2);
}

TEST_CASE("the record is written when something has changed, not at each proof",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.sees(kKey);
  const int once = rig.records;
  rig.again();
  rig.step();
  CHECK(rig.records == once + 1);  // for the later time of proof, once
  const auto status = credentials::decode_status_line(rig.recorded);
  REQUIRE(status);
  CHECK(status->source == "apiKey");
  CHECK(status->proof == "proved");
  CHECK(status->revision == rig.set.material("default")->revision());
  CHECK(status->expires_at == std::nullopt);
  CHECK(status->message.empty());
}

TEST_CASE("a revoked key is told about, and stays", "[credentials][keeper]") {
  KeeperRig rig;
  rig.sees(kKey);
  rig.mint = [](const SecretString&) {
    return tl::unexpected(refusal(Kind::kRefused, "iam: 400 BXNIM0462E disabled"));
  };
  rig.again();
  CHECK(rig.in_force() == kKey);
  CHECK(rig.reasons == Words{"SourceRefused"});
  const auto status = credentials::decode_status_line(rig.recorded);
  REQUIRE(status);
  CHECK(status->proof == "refused");
  CHECK_THAT(status->message, Catch::Contains("BXNIM0462E"));
}

// What expires, and what does not

namespace {

iam::Refusal denied(const std::string& host) {
  return refusal(Kind::kPolicy, host + ": 403");
}

const std::string kUs = "us.icr.io";
const std::string kDe = "de.icr.io";

/// What the record says, as the next process reads it.
credentials::Status record_of(const KeeperRig& rig) {
  return credentials::decode_status_line(rig.recorded).value();
}

}  // namespace

TEST_CASE("one host's no takes nobody's tokens", "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  rig.hosts = icr::Hosts{kDe, kUs};
  rig.answers_of.emplace(kDe, denied(kDe));
  rig.sees(kKey);
  CHECK(rig.in_force() == "token-1");
  CHECK(rig.reasons == Words{"PolicyRefused"});
  CHECK_THAT(rig.messages[0], Catch::Contains("de.icr.io: 403") &&
                                  Catch::Contains("nothing changes at the other hosts"));
  CHECK(record_of(rig).proof == "policy");
  CHECK(rig.shows("source_refusals_total{credential=\"default\",reason=\"PolicyRefused\"} 1"));
  rig.run_for(33h);
  CHECK(rig.minted >= 40);
  CHECK(rig.in_force() == "token-" + std::to_string(rig.minted));
  CHECK(rig.reasons.size() == 1);
}

TEST_CASE("an image that is gone takes nobody's tokens", "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  rig.credential.probe_image = "us.icr.io/team/app:1";
  rig.answers_of.emplace("us.icr.io/team/app", denied(kUs));
  rig.sees(kKey);
  CHECK(rig.in_force() == "token-1");
  CHECK(rig.reasons == Words{"PolicyRefused"});
}

TEST_CASE("at a first start one restricted host of many holds up nobody", "[credentials][keeper]") {
  KeeperRig rig;
  rig.hosts = icr::Hosts{kDe, kUs};
  rig.answers_of.emplace(kDe, denied(kDe));
  rig.sees(kKey);
  CHECK(rig.in_force() == kKey);
}

TEST_CASE("with nothing in force, a host that is asked for later may be the first to say yes",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  rig.answers_of.emplace(kUs, denied(kUs));
  rig.sees(kKey);
  CHECK(rig.in_force().empty());
  CHECK(rig.reasons == Words{"PolicyRefused"});
  rig.hosts->insert(kDe);
  rig.keeper().asked_for({kDe});
  rig.step();
  CHECK(rig.in_force() == "token-1");
  CHECK(rig.minted == 1);
}

TEST_CASE("a token's life is counted from when it was made, however late a host says yes",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  rig.answers_of.emplace(kUs, denied(kUs));
  rig.sees(kKey);
  const auto made = rig.clock.wall();
  REQUIRE(*rig.next > 10s);
  rig.clock.advance(10s);
  rig.hosts->insert(kDe);
  rig.keeper().asked_for({kDe});
  rig.step();
  CHECK(rig.in_force() == "token-1");
  CHECK(rig.set.material("default")->expires_at() == made + 1h);
  rig.clock.advance(30min - 11s);
  rig.step();
  CHECK(rig.minted == 1);
  rig.clock.advance(1s);
  rig.step();
  CHECK(rig.minted == 2);
}

TEST_CASE("a token that nobody said yes to for as long as it lives is not handed out",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens(5s);
  rig.answers_of.emplace(kUs, denied(kUs));
  rig.sees(kKey);
  REQUIRE(*rig.next > 6s);
  rig.clock.advance(6s);
  rig.hosts->insert(kDe);
  rig.keeper().asked_for({kDe});
  rig.step();
  CHECK(rig.in_force() == "token-2");
}

TEST_CASE("a new key that is refused where the old one works now is not handed out",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.hosts = icr::Hosts{kDe, kUs};
  rig.sees(kKey);
  const auto other = "another-" + kKey;
  rig.prove = [&](const std::string& host, const icr::Login& login) -> credentials::Answer {
    const bool refuses = host == kDe && login.password.reveal() == other;
    return refuses ? credentials::Answer(tl::unexpected(denied(host))) : credentials::Answer();
  };
  rig.asked.clear();
  rig.asked_with.clear();
  rig.sees(other);
  CHECK(rig.in_force() == kKey);
  CHECK(rig.reasons == Words{"PolicyRefused"});
  CHECK(rig.asked == Words{kDe, kUs, kDe});
  CHECK(rig.asked_with == Words{other, other, kKey});
}

TEST_CASE("where the old key is refused as well, the host is a doubt", "[credentials][keeper]") {
  KeeperRig rig;
  rig.hosts = icr::Hosts{kDe, kUs};
  rig.sees(kKey);
  rig.answers_of.emplace(kDe, denied(kDe));
  rig.sees("another-" + kKey);
  CHECK(rig.in_force() == "another-" + kKey);
  CHECK(rig.reasons == Words{"PolicyRefused"});
  CHECK_THAT(rig.messages[0], Catch::Contains("nothing changes at the other hosts"));
}

TEST_CASE(
    "with all hosts silent a token is handed out on IAM's word when the last one's end is near",
    "[credentials][keeper]") {
  const auto life = GENERATE(3600s, 40s);
  KeeperRig rig;
  rig.makes_tokens(life);
  rig.sees(kKey);
  rig.prove = [](const auto&, const auto&) {
    return credentials::Answer(tl::unexpected(refusal(Kind::kUnknown, "no answer")));
  };
  rig.run_for(life * 4 / 5);
  CHECK(rig.in_force() == "token-1");
  rig.run_for(life * 3 / 20);
  CHECK(rig.in_force() == "token-" + std::to_string(rig.minted));
  CHECK(rig.minted > 1);
  // And so on: there is always one.
  for (int i = 0; i < 50; ++i) {
    rig.run_for(life / 5);
    REQUIRE_FALSE(rig.in_force().empty());
  }
}

// Slips in a source

TEST_CASE("after a slip tokens go on being fetched with the last value that was proved",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  rig.sees(kKey);
  const auto slip = GENERATE(0, 1, 2);
  const auto fetching = rig.mint;
  rig.mint = [&](const SecretString& input) -> KeeperRig::MintResult {
    if (input.reveal() == kKey) return fetching(input);
    return tl::unexpected(refusal(Kind::kRefused, "iam: 400 BXNIM0415E"));
  };
  if (slip == 0) rig.misses();
  if (slip == 1) rig.sees("");
  if (slip == 2) rig.sees("mistyped-" + kKey);
  CHECK(rig.reasons.size() == 1);
  CHECK_THAT(rig.messages[0],
             Catch::Contains("tokens go on being fetched") &&
                 Catch::Contains("The token in force ends at 2026-11-23T07:20:44Z.") &&
                 Catch::Contains("To stop that on purpose, revoke the key"));
  const auto outcome = record_of(rig).proof;
  for (int hour = 0; hour < 48; ++hour) {
    rig.run_for(1h);
    REQUIRE_FALSE(rig.in_force().empty());
  }
  CHECK(rig.reasons.size() == 1);
  CHECK(record_of(rig).proof == outcome);  // the source is as bad as before
  CHECK(record_of(rig).proved_revision == rig.set.material("default")->revision());
  // The same value again is what is in force: nothing is fetched for it.
  const auto minted = rig.minted;
  rig.sees(kKey);
  CHECK(rig.minted == minted);
  CHECK(record_of(rig).proof == "proved");
  // A newer one that is proved takes its place.
  rig.mint = fetching;
  rig.sees("better-" + kKey);
  CHECK(rig.minted == minted + 1);
}

TEST_CASE("a revoked key's last token is said to end", "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  rig.sees(kKey);
  rig.iam_says(Kind::kRefused);
  rig.again();
  CHECK_THAT(rig.messages.at(0),
             Catch::Contains("until it expires. The token in force ends at 2026-11-23T07:20:44Z."));
}

TEST_CASE("the same data of a source are no change", "[credentials][keeper]") {
  KeeperRig rig;
  rig.makes_tokens();
  SECTION("of a good key: no login, no other token") {
    rig.sees(kKey);
    const auto records = rig.records;
    for (int i = 0; i < 20; ++i) rig.sees(kKey);
    CHECK(rig.minted == 1);
    CHECK(rig.in_force() == "token-1");
    CHECK(rig.records == records);
  }
  SECTION("of a bad key: the pause after a refusal goes on") {
    rig.iam_says(Kind::kRefused);
    rig.sees(kKey);
    for (int i = 0; i < 20; ++i) rig.sees(kKey);
    CHECK(rig.minted == 1);
    rig.sees("another-" + kKey);
    CHECK(rig.minted == 2);
  }
}

TEST_CASE("a changed source breaks off a login that is being made", "[credentials][keeper]") {
  KeeperRig rig;
  rig.mint = [&](const SecretString& input) -> KeeperRig::MintResult {
    if (input.reveal() != kKey) return credentials::Minted{{"iamapikey", input}, {}, {}};
    rig.keeper().offer(
        credentials::SecretValue{SecretString("newer-" + kKey), false, false, "uid-1"});
    return tl::unexpected(refusal(Kind::kCanceled));
  };
  CHECK(rig.sees(kKey) == 0ms);
  CHECK(rig.asked.empty());
  rig.step();
  CHECK(rig.in_force() == "newer-" + kKey);
  CHECK(rig.reasons.empty());
}

// What a process before left

TEST_CASE("a successor goes on with the token of the copies: no login, no write",
          "[credentials][keeper]") {
  KeeperRig before;
  before.makes_tokens();
  before.sees(kKey);
  before.run_for(10min);
  KeeperRig after;
  after.makes_tokens();
  after.succeeds(before);
  after.sees(kKey);
  CHECK(after.in_force() == "token-1");
  CHECK(after.minted == 0);
  CHECK(after.records == 0);
  CHECK(after.keeper().settled());
  CHECK(after.set.material("default")->revision() == before.set.material("default")->revision());
  CHECK(after.set.material("default")->expires_at() ==
        before.set.material("default")->expires_at());
  CHECK(after.asked == Words{"us.icr.io"});  // it is proved again
  CHECK(after.next == before.next);          // renewed when it was to be
  after.again();
  CHECK(after.minted == 1);
}

TEST_CASE("a successor fetches a token where there is none to go on with",
          "[credentials][keeper]") {
  KeeperRig before;
  before.makes_tokens();
  before.sees(kKey);
  KeeperRig after;
  after.makes_tokens();
  after.succeeds(before);
  SECTION("the copies are gone") {
    after.copies.clear();
  }
  SECTION("somebody wrote another login into the copy") {
    const icr::Login other{"iambearer", SecretString("token-x")};
    after.copy = icr::docker_config_json({"us.icr.io"}, other).reveal();
  }
  SECTION("the copy makes no sense") {
    after.copy = "{";
  }
  SECTION("it has expired") {
    after.clock.advance(61min);
  }
  after.mint = [](const SecretString&) {
    return credentials::Minted{{"iambearer", SecretString("fresh")}, 1h, {}};
  };
  after.sees(kKey);
  CHECK(after.in_force() == "fresh");
  CHECK(after.minted == 1);
}

TEST_CASE("a successor waits until the copies are known", "[credentials][keeper]") {
  KeeperRig before;
  before.makes_tokens();
  before.sees(kKey);
  KeeperRig after;
  after.makes_tokens();
  after.succeeds(before);
  after.copies_listed = false;
  CHECK(after.sees(kKey) == std::nullopt);
  CHECK(after.minted == 0);
  CHECK_FALSE(after.keeper().settled());
  after.copies_listed = true;
  after.keeper().poke();
  after.step();
  CHECK(after.in_force() == "token-1");
  CHECK(after.minted == 0);
}

TEST_CASE("a successor with another key uses it at once, and the old token until then",
          "[credentials][keeper]") {
  KeeperRig before;
  before.makes_tokens();
  before.sees(kKey);
  KeeperRig after;
  after.makes_tokens();
  after.succeeds(before);
  SECTION("a good one") {
    after.mint = [](const SecretString&) {
      return credentials::Minted{{"iambearer", SecretString("fresh")}, 1h, {}};
    };
    after.sees("another-" + kKey);
    CHECK(after.in_force() == "fresh");
  }
  SECTION("a bad one") {
    after.iam_says(Kind::kRefused);
    after.sees("another-" + kKey);
    CHECK(after.in_force() == "token-1");
    CHECK_THAT(after.messages.at(0),
               Catch::Contains("until it expires. The token in force ends at"));
  }
  SECTION("none") {
    after.misses();
    CHECK(after.in_force() == "token-1");
    CHECK(after.keeper().settled());
  }
}

TEST_CASE("with `proof: preferred`, what the record calls proved counts as in force",
          "[credentials][keeper]") {
  KeeperRig before;
  before.sees(kKey);
  KeeperRig after;
  after.recorded = before.recorded;
  after.context.proof = config::Proof::kPreferred;
  after.iam_says(Kind::kUnknown);
  after.sees("another-" + kKey);
  CHECK(after.in_force().empty());
}

namespace {

/// Anything that may happen to a keeper, in any order.
void happens(KeeperRig& rig, test::Dice& dice) {
  const std::vector<std::string> all{kDe, kUs, "jp.icr.io"};
  const auto host = dice.pick(all);
  switch (dice.below(9)) {
    case 0:
      rig.keeper().offer(credentials::SecretValue{
          SecretString(kKey + std::to_string(dice.below(3))), false, false, "uid-1"});
      break;
    case 1:
      rig.misses();
      break;
    case 2:
      rig.hosts = dice.once_in(5) ? std::nullopt : std::optional(icr::Hosts{host});
      rig.keeper().poke();
      break;
    case 3:
      rig.keeper().asked_for({host});
      break;
    case 4:
      rig.answers_of[host] = dice.once_in(2) ? denied(host) : refusal(Kind::kUnknown);
      break;
    case 5:
      rig.answers_of.erase(host);
      break;
    case 6: {
      const auto kind = dice.once_in(2) ? Kind::kUnknown : Kind::kRefused;
      const bool works = dice.once_in(2);
      rig.mint = [&rig, kind, works](const SecretString&) -> KeeperRig::MintResult {
        if (!works) return tl::unexpected(refusal(kind));
        return credentials::Minted{
            {"iambearer", SecretString("token-" + std::to_string(rig.minted))}, 1h, {}};
      };
      break;
    }
    default:
      rig.clock.advance(std::chrono::seconds(dice.below(1800)));
  }
}

}  // namespace

TEST_CASE("a keeper is never due at once twice without a question in between",
          "[credentials][keeper]") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    KeeperRig rig;
    test::Dice dice(seed);
    if (dice.once_in(2)) rig.makes_tokens();
    if (dice.once_in(3)) rig.credential.probe_image = "us.icr.io/team/app:1";
    for (int i = 0; i < 100; ++i) {
      INFO("seed " << seed << ", step " << i);
      happens(rig, dice);
      rig.step();
      const auto questions = rig.asked.size() + static_cast<std::size_t>(rig.minted);
      const auto next = rig.step();
      REQUIRE(questions == rig.asked.size() + static_cast<std::size_t>(rig.minted));
      REQUIRE((!next || *next > 0ms));
    }
  }
}

}  // namespace keeper_test
