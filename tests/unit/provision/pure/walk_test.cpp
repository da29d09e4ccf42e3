// Runs that are killed anywhere, against an account whose lists are late, until one ends well.
#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "provision/pure/next_step.hpp"
#include "provision/pure/place.hpp"
#include "unit/support/dice.hpp"

namespace walk_test {

using namespace icrps;
using namespace std::chrono_literals;
using provision::Holdings;
using provision::Step;
using provision::Wish;
using Kind = Step::Kind;

namespace {

const std::string kReader = "Reader";
const provision::SecretPlace kSecret{"uid", "ops", "icr-api-key"};

/// Something in the account, and since when lists show it.
template <class T>
struct Late {
  T value;
  std::chrono::seconds seen;
};

/// The account and the Secret, as they really are.
struct World {
  std::chrono::seconds now{0};
  std::vector<Late<iam::Identity>> identities;
  std::vector<Late<iam::Policy>> policies;
  std::vector<Late<iam::KeyInfo>> keys;
  bool secret_exists = false;
  std::optional<std::chrono::seconds> begun;
  std::string in_secret;
  unsigned made = 0;

  template <class T>
  [[nodiscard]] std::vector<T> seen(const std::vector<Late<T>>& all) const {
    std::vector<T> result;
    for (const auto& one : all) {
      if (one.seen <= now) result.push_back(one.value);
    }
    return result;
  }
  std::string new_id() { return "id-" + std::to_string(++made); }
};

std::string stamp(std::chrono::seconds time) {
  return "t" + std::to_string(time.count());
}

Wish wish_of() {
  Wish wish;
  wish.name = "pull";
  wish.secret = kSecret;
  for (const auto* ns : {"team", "shop", "blog"}) {
    wish.grants.push_back({provision::attributes_of({ns, "us-south"}, "A"), {kReader}, ns});
  }
  return wish;
}

class Walk {
 public:
  explicit Walk(unsigned seed) : dice_(seed) {}

  void run_to_the_end() {
    for (unsigned runs = 0; runs < 40; ++runs) {
      if (run(/*mortal=*/runs < 30)) return;
      world_.now += std::chrono::seconds(dice_.below(100));
    }
    FAIL("no run came to an end");
  }

  void check_end() const {
    CHECK(world_.identities.size() == 1);
    CHECK(world_.policies.size() == wish_.grants.size());
    REQUIRE(world_.keys.size() == 1);
    CHECK(world_.in_secret == world_.keys.front().value.id);
    CHECK_FALSE(world_.begun);
  }

 private:
  bool dies(bool mortal) { return mortal && dice_.once_in(6); }
  std::chrono::seconds later() { return world_.now + std::chrono::seconds(dice_.below(60)); }

  Holdings gather() const {
    Holdings held;
    held.identities = world_.seen(world_.identities);
    held.policies = world_.seen(world_.policies);
    held.keys = world_.seen(world_.keys);
    held.secret.exists = held.secret.ours = world_.secret_exists;
    if (world_.begun) {
      held.secret.begun =
          provision::HeldSecret::Begun{world_.now - *world_.begun, stamp(*world_.begun)};
    }
    if (!world_.in_secret.empty()) {
      held.secret.has_value = true;
      // Whose key is in the Secret is asked by its id, which no list delays.
      if (held.identities.empty()) held.identities.push_back(world_.identities.front().value);
      held.secret.key = iam::KeyDetails{world_.in_secret, "iam-it", "A", false};
    }
    return held;
  }

  /// True when it came to its end; false when it was killed.
  bool run(bool mortal) {
    auto held = gather();
    std::chrono::seconds claimed{};
    while (true) {
      world_.now += std::chrono::seconds(dice_.below(15));
      if (held.claimed) held.claimed = world_.now - claimed;
      const auto next = provision::next_step(wish_, held);
      if (std::holds_alternative<provision::Done>(next)) return true;
      if (const auto* blocked = std::get_if<provision::Blocked>(&next)) {
        FAIL(blocked->why);
      }
      if (const auto* wait = std::get_if<provision::Wait>(&next)) {
        world_.now += wait->time;
        held = gather();
        continue;
      }
      const auto& step = std::get<Step>(next);
      if (dies(mortal)) return false;
      const auto made = act(step, claimed);
      REQUIRE(world_.keys.size() <= 1);  // never a second key
      if (dies(mortal)) return false;
      provision::note(held, wish_, step, made);
    }
  }

  provision::Made act(const Step& step, std::chrono::seconds& claimed) {
    switch (step.kind) {
      case Kind::kClaimSecret:
        world_.secret_exists = true;
        world_.begun = claimed = world_.now;
        return {};
      case Kind::kMakeIdentity:
        world_.identities.push_back({{iam::IdentityKind::kServiceId, "it", "iam-it", "pull",
                                      provision::mark_of("pull"), "A", false},
                                     later()});
        return {"it", "iam-it"};
      case Kind::kGrant:
        return grant(step);
      case Kind::kMakeKey:
        return make_key();
      case Kind::kStoreKey:
        world_.in_secret = step.id;
        world_.begun.reset();
        return {};
      case Kind::kDropKey:
        CHECK(world_.in_secret != step.id);
        std::erase_if(world_.keys, [&](const auto& key) { return key.value.id == step.id; });
        return {};
      default:
        FAIL("a step that nobody wished for");
    }
    return {};
  }

  provision::Made grant(const Step& step) {
    for (const auto& policy : world_.policies) {
      if (policy.value.resource == step.grant.resource) return {policy.value.id};  // a 409
    }
    iam::Policy policy;
    policy.id = world_.new_id();
    policy.resource = step.grant.resource;
    policy.roles = step.grant.roles;
    world_.policies.push_back({policy, later()});
    return {policy.id};
  }

  provision::Made make_key() {
    iam::KeyInfo key;
    key.id = world_.new_id();
    key.name = provision::key_name(wish_, stamp(*world_.begun));
    key.iam_id = "iam-it";
    key.description = provision::key_description("pull", kSecret);
    world_.keys.push_back({key, later()});
    return {key.id};
  }

  test::Dice dice_;
  World world_;
  const Wish wish_ = wish_of();
};

}  // namespace

TEST_CASE("killed anywhere and run again, it ends with one of each", "[provision][walk]") {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    INFO("seed " << seed);
    Walk walk(seed);
    walk.run_to_the_end();
    walk.check_end();
  }
}

}  // namespace walk_test
