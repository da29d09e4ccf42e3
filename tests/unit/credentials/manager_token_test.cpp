#include "credentials/manager_token.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "unit/support/fake_clock.hpp"

namespace manager_token_test {
namespace {

using namespace icrps;
using namespace std::chrono_literals;

/// An IAM that takes its time and then gives tokens of an hour.
struct Rig {
  test::FakeClock clock;
  int asked = 0;
  bool silent = false;
  credentials::ManagerToken token{
      [this](const SecretString&,
             const std::stop_token&) -> tl::expected<credentials::Minted, iam::Refusal> {
        ++asked;
        clock.advance(30s);
        if (silent) return tl::unexpected(iam::Refusal{});
        return credentials::Minted{
            {"iambearer", SecretString("token-" + std::to_string(asked))}, 3600s, {}};
      },
      credentials::SecretInput(credentials::SecretValue{}), clock};

  std::string get() {
    const auto got = token.get({});
    return got ? got->reveal() : std::string("none");
  }
};

}  // namespace

TEST_CASE("a manager's token is renewed when either clock says so", "[credentials]") {
  Rig rig;
  CHECK(rig.get() == "token-1");
  CHECK(rig.get() == "token-1");

  SECTION("its life counts from the request") {
    rig.clock.advance(48min - 31s);
    CHECK(rig.get() == "token-1");
    rig.clock.advance(1s);
    CHECK(rig.get() == "token-2");
  }
  SECTION("the machine slept, or was paused") {
    rig.clock.set_wall(2h);
    CHECK(rig.get() == "token-2");
    CHECK(rig.get() == "token-2");
  }
  SECTION("the wall clock was set back") {
    rig.clock.set_wall(-10h);
    rig.clock.advance(48min);
    CHECK(rig.get() == "token-2");
  }
  SECTION("the wall clock was set forward and IAM is silent") {
    rig.clock.set_wall(10h);
    rig.silent = true;
    CHECK(rig.get() == "token-1");
    rig.clock.advance(1h);
    CHECK(rig.get() == "none");
  }
}

}  // namespace manager_token_test
