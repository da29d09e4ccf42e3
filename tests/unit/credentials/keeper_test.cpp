// Input → login → proof → handed out; and what happens when one of these says no.
#include "credentials/keeper.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <tuple>

#include <catch2/catch.hpp>

#include "unit/credentials/keeper_rig.hpp"

namespace keeper_test {

using namespace icrps;
using namespace std::chrono_literals;
using test::KeeperRig;
using test::kKey;
using test::refusal;
using test::Words;
using Kind = iam::Refusal::Kind;

namespace {

/// A source of tokens that last an hour: "token-1", "token-2", …
void make_bearer(KeeperRig& rig) {
  rig.kind.name = "accessToken";
  rig.kind.static_user = {};
  rig.mint = [&rig](const SecretString&) {
    return credentials::Minted{
        {"iambearer", SecretString("token-" + std::to_string(rig.minted))}, 1h, {}};
  };
}

}  // namespace

TEST_CASE("a good key is proved, then in force", "[credentials][keeper]") {
  KeeperRig rig;
  CHECK_FALSE(rig.keeper().settled());
  CHECK(rig.shows("credential_available{credential=\"default\"} 0"));
  const auto next = rig.sees(kKey);
  CHECK(rig.in_force() == kKey);
  CHECK(rig.set.material("default")->login().username == "iamapikey");
  CHECK(rig.minted == 1);
  CHECK(rig.proved == 1);
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
  rig.keeper().attempt({});
  CHECK(rig.in_force() == kKey);
}

TEST_CASE("without proof nobody is asked", "[credentials][keeper]") {
  KeeperRig rig;
  rig.context.proof = config::Proof::kOff;
  CHECK(rig.sees(kKey) == std::nullopt);
  CHECK(rig.in_force() == kKey);
  CHECK(rig.minted == 0);
  CHECK(rig.proved == 0);
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
        rig.prove = [no]() { return tl::unexpected(no); };
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
      rig.keeper().attempt({});
      CHECK(rig.reasons.size() == 1);  // told once
    }
  }
}

TEST_CASE("when nobody can be asked the last good one stays, and it is tried again soon",
          "[credentials][keeper]") {
  KeeperRig rig;
  rig.sees("good-" + kKey);
  rig.prove = []() { return tl::unexpected(refusal(Kind::kUnknown, "us.icr.io: timeout")); };
  auto next = rig.sees(kKey);
  CHECK(next <= 1s);
  CHECK(rig.reasons.empty());  // it may pass
  next = rig.keeper().attempt({});
  next = rig.keeper().attempt({});
  CHECK(rig.reasons == Words{"SourceUnproved"});
  CHECK(rig.in_force() == "good-" + kKey);
  rig.prove = [] { return credentials::Proof{{"us.icr.io"}, {}}; };
  rig.keeper().attempt({});
  CHECK(rig.in_force() == kKey);
}

TEST_CASE("IAM or the registries are down for ten minutes: no flood, and recovery soon after",
          "[credentials][keeper]") {
  const bool iam_too = GENERATE(true, false);
  KeeperRig rig;
  if (iam_too) make_bearer(rig);
  rig.sees(kKey);
  const auto before = rig.in_force();
  REQUIRE_FALSE(before.empty());
  const auto records = rig.records;
  const auto working = std::pair(rig.mint, rig.prove);
  const auto down = refusal(Kind::kUnknown, "no answer within the deadline");
  if (iam_too) rig.mint = [&](const SecretString&) { return tl::unexpected(down); };
  rig.prove = [&]() { return tl::unexpected(down); };

  // The source is looked at in the first second; from then on the keeper's own delays count.
  int attempts = 0;
  const auto begun = rig.clock.now();
  credentials::Keeper::Delay next = 0ms;
  while (rig.clock.now() + *next < begun + 10min) {
    rig.clock.advance(*next);
    next = rig.keeper().attempt({});
    ++attempts;
    REQUIRE(next);
    REQUIRE(rig.in_force() == before);
  }
  CHECK(attempts >= 5);
  CHECK(attempts <= 15);
  CHECK(rig.reasons == Words{"SourceUnproved"});
  CHECK(rig.records - records <= 1);
  const auto log = rig.log.text();
  CHECK(std::count(log.begin(), log.end(), '\n') < 3 * attempts);

  std::tie(rig.mint, rig.prove) = working;
  CHECK(*next <= 5min);
  rig.clock.advance(*next);
  rig.keeper().attempt({});
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
    rig.mint = [](const SecretString&) { return tl::unexpected(refusal(Kind::kRefused)); };
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
  after.mint = [](const SecretString&) { return tl::unexpected(refusal(Kind::kUnknown)); };
  CHECK(after.sees(kKey) == 0ms);
  CHECK(after.in_force() == kKey);
  CHECK(after.minted == 0);
  CHECK(after.keeper().settled());
  CHECK(after.keeper().attempt({}) <= 1s);
  CHECK(after.in_force() == kKey);

  KeeperRig another;
  another.recorded = before.recorded;
  another.mint = after.mint;
  another.sees("another-" + kKey);
  CHECK(another.in_force().empty());
}

TEST_CASE("what was proved is good after a restart, even if IAM has been down since",
          "[credentials][keeper]") {
  KeeperRig before;
  before.sees(kKey);
  const auto silent = [](const SecretString&) { return tl::unexpected(refusal(Kind::kUnknown)); };
  before.mint = silent;
  for (int i = 0; i < 4; ++i) before.keeper().attempt({});
  CHECK_THAT(before.recorded, Catch::Contains("\"unknown\""));
  KeeperRig after;
  after.recorded = before.recorded;
  after.mint = silent;
  after.sees(kKey);
  CHECK(after.in_force() == kKey);
}

TEST_CASE("tokens are fetched anew between 50 and 80 % of their life", "[credentials][keeper]") {
  KeeperRig rig;
  make_bearer(rig);
  rig.context.random = [] { return 0.5; };
  CHECK(rig.sees(kKey) == 39min);
  CHECK(rig.in_force() == "token-1");
  CHECK(rig.set.material("default")->expires_at() == rig.clock.wall() + 1h);
  rig.clock.advance(39min);
  rig.keeper().attempt({});
  CHECK(rig.in_force() == "token-2");
  CHECK(rig.set.material("default")->expires_at() == rig.clock.wall() + 1h);
  CHECK(rig.keeps_quiet_about(kKey));
  CHECK(rig.keeps_quiet_about("token-"));
}

TEST_CASE("a token is not fetched anew because the last one was rolled out",
          "[credentials][keeper]") {
  KeeperRig rig;
  make_bearer(rig);
  // As the operator does: everybody has it, which the source is told.
  rig.set.listen([&](const auto&) { rig.keeper().poke(); });
  rig.sees(kKey);
  {
    const std::jthread running([&](const std::stop_token& stop) { rig.keeper().run(stop); });
    std::this_thread::sleep_for(100ms);
  }
  // Once by hand, and once by the thread, which did not know of that.
  CHECK(rig.minted == 2);
}

TEST_CASE("a source that waits for the namespaces hears of them", "[credentials][keeper]") {
  KeeperRig rig;
  make_bearer(rig);
  rig.hosts = {};
  CHECK(rig.sees(kKey) == std::nullopt);
  rig.hosts = icr::Hosts{};
  rig.keeper().poke();
  {
    const std::jthread running([&](const std::stop_token& stop) { rig.keeper().run(stop); });
    std::this_thread::sleep_for(100ms);
  }
  CHECK(rig.in_force() == "token-1");
}

TEST_CASE("a token that can't be refreshed stays, but near its end nobody new gets it",
          "[credentials][keeper]") {
  KeeperRig rig;
  make_bearer(rig);
  rig.sees(kKey);
  rig.mint = [](const SecretString&) { return tl::unexpected(refusal(Kind::kUnknown)); };
  rig.clock.advance(58min);
  rig.keeper().attempt({});
  CHECK(rig.in_force() == "token-1");
  rig.clock.advance(90s);
  CHECK(rig.in_force().empty());
}

TEST_CASE("a token that lasts only seconds is handed out all the same", "[credentials][keeper]") {
  KeeperRig rig;
  make_bearer(rig);
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
  rig.misses();
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
  rig.clock.advance(1h);
  rig.keeper().attempt({});
  rig.keeper().attempt({});
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
  rig.keeper().attempt({});
  CHECK(rig.in_force() == kKey);
  CHECK(rig.reasons == Words{"SourceRefused"});
  const auto status = credentials::decode_status_line(rig.recorded);
  REQUIRE(status);
  CHECK(status->proof == "refused");
  CHECK_THAT(status->message, Catch::Contains("BXNIM0462E"));
}

}  // namespace keeper_test
