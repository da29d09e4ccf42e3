// A source's value and the operator's record → what is in force.
#include "cli/plan/in_force.hpp"

#include <catch2/catch.hpp>

#include "runtime/timestamp.hpp"

namespace in_force_test {

using namespace icrps;
using namespace icrps::cli;
using namespace std::chrono_literals;

namespace {

const auto kNow = *parse_rfc3339("2026-11-23T06:20:44Z");

FoundLogin login(const std::string& key) {
  return icr::Login{"iamapikey", SecretString(key)};
}

std::string revision(const std::string& key) {
  return plan::revision_of("default", {"iamapikey", SecretString(key)});
}

credentials::Status recorded(const std::string& revision, const std::string& proof) {
  credentials::Status status;
  status.revision = revision;
  status.proof = proof;
  return status;
}

InForce ask(const FoundLogin& login, const credentials::Status& status,
            config::Proof proof = config::Proof::kRequired) {
  return in_force("default", login, status, proof, kNow);
}

}  // namespace

TEST_CASE("a source's value that is recorded is in force", "[cli][plan]") {
  const auto found = ask(login("one"), recorded(revision("one"), "proved"));
  REQUIRE(found.material);
  CHECK(found.material->revision() == revision("one"));
  CHECK_FALSE(found.material->content({"us.icr.io"})->hash.empty());
  CHECK(found.note.empty());
}

TEST_CASE("a source's value that was refused is not in force", "[cli][plan]") {
  auto status = recorded("before", "refused");
  status.message = "BXNIM0415E";
  const auto found = ask(login("wrong"), status);
  REQUIRE(found.material);
  CHECK(found.material->revision() == "before");
  CHECK(found.note ==
        "the source holds revision " + revision("wrong") + ", which is not handed out: BXNIM0415E");
  SECTION("and if it was the first, nothing is") {
    CHECK_FALSE(ask(login("wrong"), recorded("", "refused")).material);
  }
  SECTION("unless nobody asks") {
    const auto off = ask(login("wrong"), status, config::Proof::kOff);
    CHECK(off.material->revision() == revision("wrong"));
    CHECK(off.note.empty());
  }
  SECTION("but the one that was proved before is") {
    status.proved_revision = revision("wrong");
    CHECK(ask(login("wrong"), status).material->revision() == revision("wrong"));
  }
}

TEST_CASE("a source's value that nobody looked at yet is taken for good, and that is said",
          "[cli][plan]") {
  const auto found = ask(login("new"), recorded("before", "proved"));
  CHECK(found.material->revision() == revision("new"));
  CHECK_THAT(found.note, Catch::Contains("was not proved yet"));
}

TEST_CASE("without a source that can be used the record counts", "[cli][plan]") {
  const FoundLogin broken = tl::unexpected(std::string("its source Secret x is not there"));
  const auto found = ask(broken, recorded("before", "invalid"));
  REQUIRE(found.material);
  CHECK(found.material->revision() == "before");
  CHECK(found.material->content({"us.icr.io"})->hash.empty());
  CHECK(found.note == "its source Secret x is not there; the recorded value counts as in force");
  const auto none = ask(broken, {});
  CHECK_FALSE(none.material);
  CHECK(none.note == "its source Secret x is not there; nothing is handed out");
}

TEST_CASE("of tokens the recorded one is in force", "[cli][plan]") {
  auto status = recorded("token", "proved");
  status.expires_at = kNow + 10min;
  const auto found = ask(std::nullopt, status);
  REQUIRE(found.material);
  CHECK(found.material->revision() == "token");
  CHECK(found.material->expires_at() == status.expires_at);
  CHECK(found.note.empty());
  status.expires_at = kNow - 1s;
  CHECK_THAT(ask(std::nullopt, status).note, Catch::Contains("has expired"));
  CHECK_FALSE(ask(std::nullopt, {}).material);
  CHECK_THAT(ask(std::nullopt, {}).note, Catch::Contains("has not recorded any value"));
}

}  // namespace in_force_test
