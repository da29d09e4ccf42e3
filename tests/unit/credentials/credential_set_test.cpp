#include "credentials/credential_set.hpp"

#include <catch2/catch.hpp>

#include "unit/support/facts.hpp"
#include "unit/support/fake_clock.hpp"

namespace credential_set_test {

using namespace icrps;
using credentials::CredentialSet;
using Words = std::vector<std::string>;
using namespace std::chrono_literals;

TEST_CASE("a credential's value is told when it is another one", "[credentials]") {
  CredentialSet set({"default", "team-b"});
  Words told;
  set.listen([&](const auto& name) { told.push_back(name); });
  CHECK(set.names() == Words{"default", "team-b"});
  CHECK(set.material("default") == nullptr);
  CHECK(set.material("nobody") == nullptr);

  const auto first = test::material("key-1");
  set.set("default", first);
  CHECK(told == Words{"default"});
  set.set("default", test::material("key-1"));  // the same revision
  CHECK(told == Words{"default"});
  CHECK(set.material("default") == first);
  set.set("default", test::material("key-2"));
  CHECK(told == Words{"default", "default"});
  CHECK(set.material("default")->login().password.reveal() == "key-2");
  CHECK(set.material("team-b") == nullptr);
}

TEST_CASE("a token is good for as long as it lives, whatever the wall clock is set to",
          "[credentials]") {
  test::FakeClock clock;
  CredentialSet set({"default"}, &clock);
  const icr::Login login{"iambearer", SecretString("token")};
  set.set("default",
          std::make_shared<const plan::Material>(login, "revision", clock.wall() + 60min));
  clock.set_wall(10h);
  CHECK(set.material("default"));
  clock.set_wall(-20h);
  CHECK(set.material("default"));
  clock.advance(58min);
  CHECK(set.material("default"));
  clock.advance(1min);  // the last minute is for nobody new
  CHECK_FALSE(set.material("default"));
}

TEST_CASE("a listener may read the set", "[credentials]") {
  CredentialSet set({"default"});
  bool there = false;
  set.listen([&](const auto& name) { there = set.material(name) != nullptr; });
  set.set("default", test::material());
  CHECK(there);
}

}  // namespace credential_set_test
