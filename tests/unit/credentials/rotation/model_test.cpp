// The rotation in a pretended world, killed wherever it can be. World::check() holds what must be
// true at every moment; World::settle() what must be true in the end.
#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "unit/credentials/rotation/world.hpp"

namespace model_test {

using namespace icrps;
using namespace std::chrono_literals;
using test::World;
using Words = std::vector<std::string>;

namespace {

/// The first key, and one rotation.
void first_key_and_rotation(World& world) {
  world.run_for(30min);
  REQUIRE(world.in_force() != nullptr);
  const auto first = world.in_force()->id;
  world.request_rotation();
  world.run_for(30min);
  world.settle();
  CHECK(world.in_force()->id != first);
}

std::size_t count(const Words& words, const std::string& word) {
  return static_cast<std::size_t>(std::count(words.begin(), words.end(), word));
}

}  // namespace

TEST_CASE("a first key is made, and replaced when its time is over", "[rotation][model]") {
  World world;
  world.settle();
  const auto first = world.in_force()->id;
  CHECK(world.settled == 1);
  CHECK(world.reasons == Words{"KeyRotated"});

  world.run_for(world.terms.rotate_every - 2h);
  CHECK(world.in_force()->id == first);
  world.run_for(2h + 5min);
  CHECK(world.in_force()->id != first);
  CHECK(world.ours().size() == 2);
  CHECK_FALSE(world.ours()[0]->disabled);  // the overlap

  world.run_for(2h);
  CHECK(world.ours()[0]->disabled);
  world.settle();
  CHECK(count(world.calls, "create") == 2);
  CHECK(count(world.calls, "disable " + first) == 1);
  CHECK(count(world.calls, "delete " + first) == 1);
  CHECK(world.reasons == Words{"KeyRotated", "KeyRotated", "OldKeyDisabled"});
}

TEST_CASE("every failure point lies on the way of a rotation", "[rotation][model]") {
  World world;
  first_key_and_rotation(world);
  for (const auto name : credentials::rotation::kFailurePoints) {
    CHECK(count(world.points, std::string(name)) > 0);
  }
}

TEST_CASE("killed anywhere, a rotation ends the same", "[rotation][model]") {
  World undisturbed;
  first_key_and_rotation(undisturbed);
  const auto moments = undisturbed.points.size();
  REQUIRE(moments > 30);
  for (std::size_t moment = 0; moment < moments; ++moment) {
    INFO("killed at failure point " << moment << ", " << undisturbed.points[moment]);
    World world;
    world.crash_at = moment;
    first_key_and_rotation(world);
    REQUIRE(world.crashes == 1);
  }
}

TEST_CASE("killed twice around each failure point by name", "[rotation][model]") {
  for (const auto name : credentials::rotation::kFailurePoints) {
    INFO(name);
    World world;
    world.terms.rotate_every = 24h;
    world.run_for(30min);
    world.crash_at_name = std::string(name);
    world.run_for(world.terms.rotate_every + 6h);
    world.crash_at_name = std::string(name);
    world.request_rotation();
    world.run_for(6h);
    world.settle();
    CHECK(world.crashes == 2);
  }
}

TEST_CASE("no sequence of troubles loses a key or leaves one behind", "[rotation][model]") {
  constexpr unsigned kWalks = 150;
  std::size_t crashes = 0;
  std::size_t made = 0;
  for (unsigned seed = 1; seed <= kWalks; ++seed) {
    INFO("seed " << seed);
    World world(seed);
    test::Dice dice(seed);
    const auto now_and_then = [&] { return dice.once_in(4) ? 0 : 3 + dice.below(9); };
    world.terms = credentials::rotation::terms_of({24h, 2h});
    world.known_after = std::chrono::seconds(dice.below(100));
    world.listed_after = std::chrono::seconds(dice.below(100));
    world.trouble.crash = 10 + dice.below(60);
    world.trouble.lost_answer = now_and_then();
    world.trouble.lost_save = now_and_then();
    world.trouble.other_writer = now_and_then();
    world.trouble.twice = now_and_then();
    for (int day = 0; day < 5; ++day) {
      world.run_for(std::chrono::minutes(60 + dice.below(2400)));
      if (!world.text || !world.state().current) continue;
      const auto what = dice.below(5);
      const auto current = world.state().current->id;
      bool works = false;
      for (const auto* key : world.ours()) works = works || (key->id == current && !key->disabled);
      if (what == 0 && works) world.ibm_disables_current();
      if (what == 1 && works) world.ibm_deletes_current();
      if (what == 2) world.request_rotation();
    }
    world.settle();
    crashes += world.crashes;
    made += count(world.calls, "create");
  }
  // It was not the quiet of a world without rotations.
  CHECK(crashes > 10UL * kWalks);
  CHECK(made > 5UL * kWalks);
}

TEST_CASE("a key that IBM disables is replaced at once", "[rotation][model]") {
  World world;
  world.settle();
  const auto old = world.in_force()->id;
  SECTION("disabled") {
    world.ibm_disables_current();
  }
  SECTION("deleted") {
    world.ibm_deletes_current();
  }
  world.run_for(world.terms.check_every + 5min);
  CHECK(world.in_force()->id != old);
  CHECK(count(world.reasons, "KeyDisabledAtIam") == 1);
  world.settle();
}

TEST_CASE("a request rotates once", "[rotation][model]") {
  World world;
  world.settle();
  world.request_rotation();
  world.run_for(5min);
  CHECK(count(world.calls, "create") == 2);
  world.start();  // also not again after a restart
  world.run_for(24h);
  CHECK(count(world.calls, "create") == 2);
  world.request_rotation();
  world.settle();
  CHECK(count(world.calls, "create") == 3);
}

TEST_CASE("a request that is no time is refused in words", "[rotation][model]") {
  World world;
  world.settle();
  world.annotation = "now, please";
  world.process->state_changed();
  world.run_for(2h);
  CHECK(count(world.reasons, "RotateRequestInvalid") == 1);
  CHECK(count(world.calls, "create") == 1);
}

TEST_CASE("without room under the limit the old key stays", "[rotation][model]") {
  World world;
  world.settle();
  const auto old = world.in_force()->id;
  world.foreign_keys = 19;
  world.request_rotation();
  world.run_for(2h);
  CHECK(world.in_force()->id == old);
  CHECK(count(world.reasons, "KeyLimitReached") == 1);
  CHECK(count(world.calls, "create") == 1);
  CHECK(world.told().find("20 of 20 API keys") != std::string::npos);
  world.foreign_keys = 3;
  world.run_for(20min);
  CHECK(world.in_force()->id != old);
  world.settle();
}

TEST_CASE("a leaked key makes room for its successor", "[rotation][model]") {
  World world;
  world.settle();
  const auto old = world.in_force()->id;
  world.foreign_keys = 19;
  world.ibm_disables_current();
  world.run_for(1h);
  CHECK(world.in_force()->id != old);
  world.settle();
}

TEST_CASE("IAM's own word on the limit counts", "[rotation][model]") {
  World world;
  world.settle();
  // The limit that is read says more than IAM grants.
  world.manager_refusal = iam::Refusal{iam::Refusal::Kind::kLimit, "iam.test",  422, "BXNIM0151E",
                                       "iam.test: 422 BXNIM0151E", std::nullopt};
  world.request_rotation();
  world.run_for(1h);
  CHECK(count(world.reasons, "KeyLimitReached") == 1);
  world.manager_refusal.reset();
  world.settle();
}

TEST_CASE("a manager without rights is told, seldom tried, and at once when it changes",
          "[rotation][model]") {
  World world;
  world.settle();
  world.manager_refusal = iam::Refusal{iam::Refusal::Kind::kPolicy, "iam.test",  403, "BXNIM0513E",
                                       "iam.test: 403 BXNIM0513E",  std::nullopt};
  world.calls.clear();
  world.request_rotation();
  world.run_for(2h);
  CHECK(count(world.reasons, "ManagerRefused") == 1);
  CHECK(world.calls.size() <= 10);
  CHECK(world.in_force() != nullptr);
  world.manager_refusal.reset();
  world.process->manager_changed();
  world.run_for(3min);
  CHECK(count(world.calls, "create") == 1);
  world.settle();
}

TEST_CASE("an IAM that does not answer is not hammered", "[rotation][model]") {
  World world;
  world.settle();
  world.manager_refusal = iam::Refusal{
      iam::Refusal::Kind::kUnknown, "iam.test", 503, {}, "iam.test: 503", std::chrono::minutes(10)};
  world.calls.clear();
  world.request_rotation();
  for (int i = 0; i < 200; ++i) {
    world.process->poke();
    world.tick(10s);
  }
  CHECK(world.calls.size() <= 5);
  world.manager_refusal.reset();
  world.settle();
}

TEST_CASE("a state that was deleted before a start finds its keys by name", "[rotation][model]") {
  World world;
  world.settle();
  const auto old = world.in_force()->id;
  world.delete_state();
  world.start();
  world.run_for(10min);
  CHECK(world.in_force()->id != old);
  CHECK(world.ours().size() == 2);
  world.settle();
}

TEST_CASE("a state that was deleted in the middle of a rotation", "[rotation][model]") {
  for (const auto name : credentials::rotation::kFailurePoints) {
    INFO(name);
    World world;
    world.run_for(30min);
    world.crash_at_name = std::string(name);
    world.request_rotation();
    while (world.crashes == 0) world.tick();
    world.delete_state();
    world.settle();
  }
}

TEST_CASE("a state that is deleted while its process lives is written again", "[rotation][model]") {
  World world;
  world.settle();
  const auto before = world.text;
  world.delete_state();
  world.process->state_changed();
  world.tick();
  REQUIRE(world.text);
  CHECK(*world.text == *before);
  CHECK(count(world.calls, "create") == 1);
}

TEST_CASE("a state that makes no sense is neither used nor overwritten", "[rotation][model]") {
  World world;
  world.settle();
  const auto good = world.text;
  auto newer = good->reveal();
  newer.replace(newer.find("\"version\":2"), 11, "\"version\":3");
  for (const auto& bad : Words{newer, "{}", "", "hunter2", good->reveal().substr(1)}) {
    world.text = SecretString(bad);
    world.state_is_spoiled = true;
    world.calls.clear();
    world.saves = 0;
    const bool restart = bad != newer;
    if (restart) world.start();
    world.process->state_changed();
    world.calls.clear();
    for (int i = 0; i < 5; ++i) {
      const auto until = world.process->advance({});
      CHECK(until > world.now());
      world.clock.advance(until - world.now());
    }
    CHECK(world.calls.empty());
    CHECK(world.saves == 0);
    CHECK(world.text->reveal() == bad);
    CHECK(world.reasons.back() == "RotationStateInvalid");
    CHECK(world.process->settled());
  }
  CHECK(world.told().find("newer version") != std::string::npos);
  world.check_silence();
  world.text = good;
  world.state_is_spoiled = false;
  world.process->state_changed();
  world.settle();
}

TEST_CASE("a Secret without a state in it counts as none", "[rotation][model]") {
  World world;
  world.exists = true;
  world.settle();
  CHECK(count(world.calls, "create") == 1);
}

TEST_CASE("an API server that refuses the state stops everything before it is done",
          "[rotation][model]") {
  using credentials::rotation::StoreFault;
  World world;
  world.store_fault = StoreFault{StoreFault::Kind::kForbidden, "secrets is forbidden"};
  world.run_for(2h);
  CHECK(world.calls.empty());
  CHECK(world.reasons == Words{"RotationStateUnavailable"});
  world.store_fault.reset();
  world.settle();
}

TEST_CASE("a clock that jumps does not hold up a rotation for long", "[rotation][model]") {
  World world;
  world.settle();
  world.clock.set(100000h);  // years ahead, and a rotation there
  world.run_for(6h);
  world.settle();
  const auto made = count(world.calls, "create");
  world.clock.set(-100000h);
  world.run_for(world.terms.rotate_every + 6h);
  CHECK(count(world.calls, "create") == made + 1);
  world.settle();
}

TEST_CASE("a namespace that is not served holds up the end of the old key", "[rotation][model]") {
  World world;
  world.settle();
  const auto old = world.in_force()->id;
  world.roll_out_takes = 100h;
  world.request_rotation();
  world.run_for(99h);
  CHECK(count(world.calls, "disable " + old) == 0);
  world.run_for(2h);
  CHECK(count(world.calls, "disable " + old) == 0);  // the overlap starts only now
  world.run_for(2h);
  CHECK(count(world.calls, "disable " + old) == 1);
  world.settle();
}

TEST_CASE("a key that stays refused is told, and the old one stays", "[rotation][model]") {
  World world;
  world.settle();
  const auto old = world.in_force()->id;
  world.known_after = 3h;
  world.request_rotation();
  world.run_for(2h);
  CHECK(world.in_force()->id == old);
  CHECK(count(world.reasons, "KeyNotAccepted") == 1);
  world.run_for(2h);
  CHECK(world.in_force()->id != old);
  world.settle();
}

TEST_CASE("an idle rotation asks IAM once in a while and writes nothing", "[rotation][model]") {
  World world;
  world.settle();
  world.calls.clear();
  world.saves = 0;
  world.run_for(24h);
  CHECK(world.calls.size() <= 97);
  CHECK(world.saves == 0);
}

namespace {

iam::Refusal not_allowed() {
  return iam::Refusal{iam::Refusal::Kind::kPolicy, "iam.test",  403, "BXNIM0513E",
                      "iam.test: 403 BXNIM0513E",  std::nullopt};
}

}  // namespace

TEST_CASE("a leaked key is replaced at once, whatever the manager may not do to others",
          "[rotation][model]") {
  World world;
  world.settle();
  const auto first = world.in_force()->id;
  SECTION("an old key is locked") {
    world.lock_current();
  }
  SECTION("the manager may not disable keys") {
    world.change_refusal = not_allowed();
  }
  world.request_rotation();
  world.run_for(3h);  // beyond the overlap
  const auto second = world.in_force()->id;
  REQUIRE(second != first);
  world.ibm_disables_current();
  world.run_for(world.terms.check_every + 5min);
  CHECK(world.in_force()->id != second);
  CHECK(count(world.reasons, "KeyDisabledAtIam") == 1);
  // And it is told, once, why the old one is still there.
  const bool locked = world.ours().front()->locked;
  CHECK(count(world.reasons, locked ? "KeyLocked" : "ManagerRefused") >= 1);
}

TEST_CASE("a locked key is told of once, and goes when it is unlocked", "[rotation][model]") {
  World world;
  world.settle();
  world.lock_current();
  world.request_rotation();
  world.run_for(24h);
  CHECK(count(world.reasons, "KeyLocked") == 1);
  CHECK(world.ours().size() == 2);
  CHECK(count(world.calls, "disable " + world.ours().front()->id) == 0);
  world.unlock_all();
  world.settle();
}

TEST_CASE("without a limit that can be read the last known one counts, or IBM's default",
          "[rotation][model]") {
  World world;
  world.limit_refusal = not_allowed();
  SECTION("none was known") {
    world.settle();
    world.foreign_keys = 19;
    world.request_rotation();
    world.run_for(1h);
    CHECK(count(world.reasons, "KeyLimitReached") == 1);
  }
  SECTION("a higher one was") {
    world.limit_refusal.reset();
    world.key_limit = 80;
    world.settle();
    world.limit_refusal = not_allowed();
    world.foreign_keys = 19;
    world.request_rotation();
    world.run_for(1h);
    CHECK(count(world.calls, "create") == 2);
  }
  SECTION("IAM is silent about it") {
    world.limit_refusal->kind = iam::Refusal::Kind::kUnknown;
    world.settle();
  }
}

TEST_CASE("a request during a rotation is complied with after it", "[rotation][model]") {
  World world;
  world.settle();
  world.known_after = 10min;  // there is time to ask again
  world.request_rotation();
  world.run_for(3min);
  REQUIRE(world.state().candidate);
  world.request_rotation();
  world.run_for(30min);
  CHECK(count(world.calls, "create") == 2);
  world.run_for(6h);
  CHECK(count(world.calls, "create") == 3);
  world.run_for(24h);
  CHECK(count(world.calls, "create") == 3);
  world.settle();
}

TEST_CASE("a state from a backup, or of a copy of the cluster, costs no key that it does not know",
          "[rotation][model]") {
  World world;
  world.settle();
  const auto backup = *world.text;
  const auto first = world.in_force()->id;
  world.request_rotation();
  world.run_for(30min);  // the first one is still good
  const auto second = world.in_force()->id;
  REQUIRE(second != first);
  world.restore(backup);
  world.run_for(48h);
  CHECK(world.in_force()->id == first);
  CHECK(world.works(second));
  CHECK(count(world.reasons, "UnknownKeys") == 1);
  CHECK_THAT(world.told(), Catch::Contains(second));

  // It goes on with its own rotations as ever.
  world.request_rotation();
  world.run_for(6h);
  const auto third = world.in_force()->id;
  CHECK(third != first);
  CHECK_FALSE(world.works(first));
  CHECK(world.works(second));
}

TEST_CASE("another identity is rotated to at once, and the keys of the one before are left",
          "[rotation][model]") {
  World world;
  world.settle();
  const auto first = world.in_force()->id;
  world.identity.iam_id = "iam-ServiceId-2";
  world.start();
  world.run_for(30min);
  const auto second = world.in_force()->id;
  CHECK(second != first);
  CHECK(world.in_force()->iam_id == "iam-ServiceId-2");
  CHECK(count(world.reasons, "IdentityMoved") == 1);
  CHECK_THAT(world.told(), Catch::Contains(first));
  world.run_for(48h);
  CHECK(world.works(first));
  CHECK(world.works(second));
  CHECK(world.state().retiring.empty());

  SECTION("and back") {
    world.identity.iam_id = "iam-ServiceId-1";
    world.start();
    world.run_for(48h);
    CHECK(world.in_force()->iam_id == "iam-ServiceId-1");
    CHECK(world.works(first));
    CHECK(world.works(second));
  }
}

TEST_CASE("when a key is due follows the configuration as it is now", "[rotation][model]") {
  World world;
  world.settle();
  const auto first = world.in_force()->id;
  world.terms.rotate_every = 1440h;
  world.start();
  world.run_for(721h);
  CHECK(world.in_force()->id == first);
  world.terms.rotate_every = 24h;
  world.start();
  world.run_for(1h);
  CHECK(world.in_force()->id != first);
}

}  // namespace model_test
