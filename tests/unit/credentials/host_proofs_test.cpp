// Hosts that namespaces begin to ask for when the credential is in force already.
#include "credentials/host_proofs.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
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
  void begins_to_ask_for(const icr::Hosts& more) {
    hosts->insert(more.begin(), more.end());
    keeper().asked_for(more);
    step();
  }
  [[nodiscard]] credentials::Status record() const {
    return *credentials::decode_status_line(recorded);
  }
};

}  // namespace

TEST_CASE("a host that is asked for later is proved, by itself and once", "[credentials][hosts]") {
  Running rig;
  rig.begins_to_ask_for({kUs});
  CHECK(rig.asked.empty());
  rig.begins_to_ask_for({kDe, kUs});
  CHECK(rig.asked == Words{kDe});
  for (int i = 0; i < 1000; ++i) rig.begins_to_ask_for({kDe, kUs});
  CHECK(rig.asked.size() == 1);
  CHECK(rig.minted == 1);
  CHECK(rig.shows("credential_proofs_total{credential=\"default\",outcome=\"proved\"} 2"));
  CHECK(rig.reasons.empty());
}

TEST_CASE("a thousand namespaces that begin to ask for a host cost one proof",
          "[credentials][hosts]") {
  Running rig;
  rig.hosts = icr::Hosts{kDe, kUs};
  int scans = 0;
  rig.context.hosts_to_prove = [&](const std::string&) {
    ++scans;
    return rig.hosts;
  };
  {
    const std::jthread running([&](const std::stop_token& stop) { rig.keeper().run(stop); });
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
  CHECK(rig.asked == Words{kDe});
  CHECK(scans == 0);
}

TEST_CASE("a host's no is told, and takes nothing away from the others", "[credentials][hosts]") {
  Running rig;
  rig.answers_of[kDe] = refusal(Kind::kPolicy, "de.icr.io: 403 not from here");
  rig.begins_to_ask_for({kDe, kJp});
  CHECK(rig.next >= 10s);
  CHECK(rig.asked == Words{kDe, kJp});
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
    CHECK(rig.record().proof == "policy");
    CHECK(rig.record().proved_revision == rig.set.material("default")->revision());
    CHECK(rig.reasons.size() == 1);
  }
  SECTION("that of a host where it works still counts for a key in its place") {
    rig.prove = [](const std::string& host, const icr::Login& login) -> credentials::Answer {
      if (host == kUs || login.password.reveal() == kKey) return {};
      return tl::unexpected(refusal(Kind::kRefused, "jp.icr.io: 401"));
    };
    rig.sees("another-" + kKey);
    CHECK(rig.in_force() == kKey);
  }
  SECTION("it is asked again later, and all is well then") {
    rig.answers_of.clear();
    rig.step();
    CHECK(rig.asked.size() == 2);  // it is not time yet
    rig.again();
    CHECK(rig.asked.back() == kDe);
    CHECK(rig.record().proof == "proved");
    CHECK(rig.record().message.empty());
  }
  SECTION("unless nobody asks for it any more") {
    rig.hosts->erase(kDe);
    rig.again();
    CHECK(rig.asked.size() == 2);
    CHECK(rig.record().proof == "proved");
    rig.answers_of.clear();
    rig.begins_to_ask_for({kDe});
    CHECK(rig.asked.back() == kDe);
  }
}

TEST_CASE("a silent host is asked again a few times, then with the rest", "[credentials][hosts]") {
  Running rig;
  rig.answers_of[kDe] = refusal(Kind::kUnknown, "de.icr.io: timeout");
  rig.begins_to_ask_for({kDe});
  for (int i = 0; i < 2; ++i) {
    CHECK(*rig.next <= 5s);
    rig.again();
  }
  CHECK(*rig.next > 50min);
  CHECK(rig.asked == Words{kDe, kDe, kDe});
  CHECK(rig.reasons.empty());
  CHECK(rig.record().proof == "proved");
  CHECK_THAT(rig.log.text(), Catch::Contains("some registries could not be asked"));
  rig.again();
  CHECK(rig.asked.size() == 5);
}

TEST_CASE("an image's host that nobody asks for and that is silent keeps nobody busy",
          "[credentials][hosts]") {
  KeeperRig rig;
  rig.credential.probe_image = "jp.icr.io/team/app:1";
  rig.answers_of["jp.icr.io/team/app"] = refusal(Kind::kUnknown, "jp.icr.io: timeout");
  rig.sees(kKey);
  CHECK(rig.in_force() == kKey);
  for (int i = 0; i < 10; ++i) {
    REQUIRE(*rig.next > 0ms);
    rig.again();
  }
}

TEST_CASE("a doubted host that nobody asks for any more keeps nobody busy while proofs fail",
          "[credentials][hosts]") {
  Running rig;
  rig.answers_of[kDe] = refusal(Kind::kPolicy, "de.icr.io: 403");
  rig.begins_to_ask_for({kDe});
  rig.hosts->erase(kDe);
  rig.mint = [](const SecretString&) { return tl::unexpected(refusal(Kind::kUnknown)); };
  rig.sees("another-" + kKey);
  for (int i = 0; i < 50; ++i) {
    REQUIRE(*rig.next > 0ms);
    rig.again();
  }
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
  rig.step();
  CHECK(rig.asked.empty());
}

TEST_CASE("a refused new value hides nothing of a host that is asked for meanwhile",
          "[credentials][hosts]") {
  Running rig;
  rig.mint = [](const SecretString&) {
    return tl::unexpected(refusal(Kind::kRefused, "iam: 400 BXNIM0415E"));
  };
  rig.sees("wrong-" + kKey);
  rig.begins_to_ask_for({kDe});
  CHECK(rig.asked == Words{kDe});
  CHECK(rig.record().proof == "refused");
  CHECK(rig.record().message == "iam: 400 BXNIM0415E");
}

namespace {

/// Hosts that answer when the test lets them.
struct Slow : KeeperRig {
  Slow() {
    context.ask_side_by_side = 64;
    context.ask_host = [this](const std::string& host, const icr::Login& login, const auto&,
                              const std::stop_token& stop) -> credentials::Answer {
      std::unique_lock lock(mutex);
      questions.emplace_back(host, login.password.reveal());
      changed.notify_all();
      changed.wait(lock, stop, [&] { return !silent.contains(host); });
      if (!stop.stop_requested()) return {};
      broken_off.insert(host);
      return tl::unexpected(refusal(Kind::kCanceled));
    };
  }
  ~Slow() { end(); }  // before what its threads use
  Slow(const Slow&) = delete;
  Slow& operator=(const Slow&) = delete;
  Slow(Slow&&) = delete;
  Slow& operator=(Slow&&) = delete;
  /// Until `done` holds; what is due is done meanwhile.
  template <class Done>
  bool until(const Done& done) {
    for (int i = 0; i < 3000; ++i) {
      step();
      {
        const std::lock_guard lock(mutex);
        if (done()) return true;
      }
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  bool asked_for_value(const std::string& host, const std::string& value) const {
    return std::find(questions.begin(), questions.end(), std::pair(host, value)) != questions.end();
  }

  std::mutex mutex;
  std::condition_variable_any changed;
  std::set<std::string> silent;
  std::set<std::string> broken_off;
  std::vector<std::pair<std::string, std::string>> questions;
};

}  // namespace

TEST_CASE("a token is handed out at the first yes, silent hosts are finished in the background",
          "[credentials][hosts]") {
  Slow rig;
  rig.kind.static_user = {};
  rig.mint = [](const SecretString&) {
    return credentials::Minted{{"iambearer", SecretString("token")}, 1h, {}};
  };
  rig.hosts = icr::Hosts{kDe, kJp, kUs};
  rig.silent = {kDe, kJp};
  rig.sees(kKey);
  CHECK(rig.until([&] { return rig.in_force() == "token"; }));
  CHECK(rig.broken_off.empty());
  {
    const std::lock_guard lock(rig.mutex);
    rig.silent.clear();
  }
  rig.changed.notify_all();
  const auto others = [&] {
    const auto log = rig.log.text();
    return log.find("at more hosts") != log.rfind("at more hosts");
  };
  CHECK(rig.until(others));
}

TEST_CASE("a changed source ends the asking at once", "[credentials][hosts]") {
  Slow rig;
  const auto newer = "newer-" + kKey;
  rig.hosts = icr::Hosts{kDe, kJp, kUs};
  rig.silent = {kDe, kJp, kUs};
  rig.sees(kKey);
  CHECK(rig.until([&] { return rig.questions.size() == 3; }));
  rig.sees(newer);
  CHECK(rig.until([&] { return rig.broken_off.size() == 3; }));
  {
    const std::lock_guard lock(rig.mutex);
    rig.silent = {kJp};
  }
  rig.changed.notify_all();
  CHECK(rig.until([&] { return rig.in_force() == newer; }));
  CHECK(rig.reasons.empty());
}

TEST_CASE("a new key waits a moment for hosts of which nothing is known", "[credentials][hosts]") {
  Slow rig;
  const auto newer = "newer-" + kKey;
  rig.hosts = icr::Hosts{kDe, kJp, kUs};
  rig.silent = {kDe, kJp};
  rig.sees(kKey);
  REQUIRE(rig.until([&] { return rig.in_force() == kKey; }));
  rig.sees(newer);
  REQUIRE(rig.until([&] { return rig.asked_for_value(kJp, newer); }));
  rig.after(499ms);
  CHECK(rig.in_force() == kKey);
  rig.clock.advance(1ms);
  CHECK(rig.until([&] { return rig.in_force() == newer; }));
}

}  // namespace host_proofs_test
