// Keys of a service ID that the operator makes, hands out and replaces.
#include <algorithm>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "credentials/rotation/failure_points.hpp"
#include "harness/rotation_scene.hpp"

namespace rotation_test {

namespace {

using namespace itest;

json expect_state_event(const std::string& reason, const std::string& text = {}) {
  auto event = IamScene::expect_source_event(reason, text);
  CHECK(event["involvedObject"]["kind"] == "Secret");
  CHECK(event["involvedObject"]["name"] == kState);
  return event;
}

std::string current_of(RotationScene& scene) {
  const auto state = scene.state();
  REQUIRE(state.contains("current"));
  return state["current"]["id"];
}

json with_id(RotationScene& scene, const std::string& id) {
  const auto keys = scene.ours();
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key["id"] == id; });
  return found == keys.end() ? json() : *found;
}

/// Of the state Secret, to see whether it was written.
std::string version_of_state() {
  const auto secret = cluster().secret(kOwn, kState);
  return secret ? (*secret)["metadata"]["resourceVersion"].get<std::string>() : std::string();
}

}  // namespace

TEST_CASE("the first key of a service ID is made, proved and handed out") {
  RotationScene scene;
  const auto ns = scene.make_user();
  auto& op = scene.start_rotating();
  const auto id = scene.expect_first_key();

  const auto state = scene.state();
  CHECK(state["version"] == 2);
  CHECK(state["phase"] == "steady");
  const auto keys = scene.ours();
  REQUIRE(keys.size() == 1);
  // "icr-pull-secrets INSTALLATION rotating ROTATION"
  const std::string name = keys[0]["name"];
  const std::string begin =
      fmt::format("icr-pull-secrets {} {} ", state["installation"].get<std::string>(), kRotating);
  CHECK(name.starts_with(begin));
  CHECK(name.substr(begin.size()).find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(name.size() == begin.size() + 8);
  CHECK(scene.login(ns, kRotating)->user == "iamapikey");
  CHECK(state["current"]["id"] == id);

  const auto secret = *cluster().secret(kOwn, kState);
  CHECK(secret["metadata"]["labels"]["app.kubernetes.io/component"] == "rotation-state");
  expect_state_event("KeyRotated", id);
  CHECK(cluster().events(kOwn, "RolledOut").empty());  // it took nobody's place
  op.expect_metric("icr_pull_secrets_credential_available", {{"credential", kRotating}}, 1);
  eventually("it is recorded", [] {
    return recorded(kRotating).value("proof", "") == "proved" ? "" : recorded(kRotating).dump();
  });
}

TEST_CASE("a rotation that is asked for replaces the key everywhere, without a gap") {
  RotationScene scene;
  constexpr int kNamespaces = 5;
  std::vector<std::string> namespaces;
  for (int i = 0; i < kNamespaces; ++i) namespaces.push_back(scene.make_user());
  auto& op = scene.start_rotating();
  const auto first = scene.expect_first_key();
  std::vector<std::string> uids;
  for (const auto& ns : namespaces) {
    uids.push_back(uid_of(*cluster().secret(ns, copy_of(kRotating))));
  }
  const RotationWatch watch(scene, namespaces.front());
  proxy().start_over();
  scene.ask_for_rotation();
  const auto second = scene.expect_rotated(first);
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    CHECK(uid_of(*cluster().secret(namespaces[i], copy_of(kRotating))) == uids[i]);
    CHECK(text_of(Scene::requests(namespaces[i])) == "PATCH icr-rotating");
  }
  expect_state_event("KeyRotated", second);
  expect_state_event("OldKeyDisabled", first);
  const std::string revision = scene.state()["current"]["revision"];
  IamScene::expect_source_event(
      "RolledOut", fmt::format("revision {} of credential \"rotating\" is in place in all {}",
                               revision, kNamespaces));
  op.expect_metric("icr_pull_secrets_rotations_total", {{"outcome", "done"}}, 2);
  scene.expect_only_current();
  CHECK(with_id(scene, second)["state"] == "active");
}

TEST_CASE("the key in force is proved at hosts that are asked for later, too") {
  RotationScene scene;
  scene.make_user();
  auto& op = scene.start_rotating();
  scene.expect_first_key();
  const auto ask_for = [&](const std::string& regions) {
    scene.make({{kRegions, regions}, {kCredentials, kRotating}});
  };
  iam().add_rule({{"name", "policy"},
                  {"host", "jp\\.icr\\.io"},
                  {"path", "/oauth/token"},
                  {"action", "status"},
                  {"status", 403}});
  ask_for("us-south,jp-tok");
  const auto event = expect_state_event("PolicyRefused", "jp.icr.io: 403");
  CHECK(event["type"] == "Warning");
  ask_for("us-south,eu-de");
  eventually("it is proved there", [&] {
    for (const auto& line : op.log_lines("credential proved at more hosts")) {
      if (line["hosts"] == "de.icr.io") return "";
    }
    return "it is not";
  });
  // The next key is not held up by the host that refuses.
  const std::string first = scene.state()["current"]["id"];
  scene.ask_for_rotation();
  scene.expect_rotated(first);
}

TEST_CASE("killed at any step, a rotation ends in the same state") {
  RotationScene scene;
  const auto ns = scene.make_user();
  scene.start_rotating();
  auto id = scene.expect_first_key();
  const RotationWatch watch(scene, ns);
  for (const auto point : icrps::credentials::rotation::kFailurePoints) {
    INFO(point);
    scene.kill();
    scene.ask_for_rotation();
    scene.die_at(std::string(point));
    scene.launch_rotating();
    id = scene.expect_rotated(id);
  }
  scene.expect_only_current();
}

TEST_CASE("killed at any step of the first rotation, no key is left over") {
  for (const auto* const point : {"save-intent:after", "create-key:after", "save-key:after"}) {
    INFO(point);
    RotationScene scene;
    scene.make_user();
    scene.die_at(point);
    scene.start_rotating();
    scene.expect_first_key();
    scene.expect_only_current();
  }
}

TEST_CASE("a key whose value never arrived is deleted") {
  RotationScene scene;
  const auto ns = scene.make_user();
  scene.start_rotating();
  const auto first = scene.expect_first_key();
  const RotationWatch watch(scene, ns);
  // Twice, as the HTTP library may repeat a request once by itself.
  iam().add_rule({{"name", "lost"},
                  {"method", "POST"},
                  {"path", "/v1/apikeys$"},
                  {"times", 2},
                  {"action", "drop-answer"}});
  scene.ask_for_rotation();
  const auto second = scene.expect_rotated(first);
  CHECK(iam().matched("lost") == 2);
  scene.expect_only_current();
  CHECK(current_of(scene) == second);
}

TEST_CASE("a key that IAM does not know everywhere yet is waited for") {
  RotationScene scene;
  scene.propagation = "20s";
  const auto ns = scene.make_user();
  iam().set({{"propagationMs", 1500}, {"registryPropagationMs", 2500}, {"listDelayMs", 3500}});
  scene.start_rotating();
  const auto first = scene.expect_first_key();
  const RotationWatch watch(scene, ns);
  scene.ask_for_rotation();
  scene.expect_rotated(first);
  CHECK(cluster().events(kOwn, "KeyNotAccepted").empty());
  CHECK(iam().state()["tokenCalls"]["apikey"].get<int>() > 4);
}

TEST_CASE("no room for one more key: the old one stays, and a person is told") {
  RotationScene scene;
  const auto ns = scene.make_user();
  scene.start_rotating();
  const auto first = scene.expect_first_key();
  const RotationWatch watch(scene, ns);
  const auto foreign = scene.add_foreign_key();
  scene.limit_keys(2);
  scene.ask_for_rotation();
  const auto event = expect_state_event("KeyLimitReached", "2 of 2");
  CHECK(event["type"] == "Warning");
  CHECK(scene.wrong() == "");
  CHECK(current_of(scene) == first);
  SECTION("the limit is raised") {
    scene.limit_keys(3);
  }
  SECTION("somebody deletes a key that nobody needs") {
    iam().set_key_state(foreign, "deleted");
  }
  scene.ask_for_rotation();
  scene.expect_rotated(first);
}

TEST_CASE("a manager without rights changes nothing, and a good one goes on at once") {
  RotationScene scene;
  const auto ns = scene.make_user();
  scene.start_rotating();
  const auto first = scene.expect_first_key();
  const RotationWatch watch(scene, ns);
  scene.allow_manager(false);
  scene.ask_for_rotation();
  const auto event = expect_state_event("ManagerRefused", "BXNIM0513E");
  CHECK(event["type"] == "Warning");
  CHECK(scene.wrong() == "");
  CHECK(current_of(scene) == first);
  scene.allow_manager(true);
  scene.expect_rotated(first);
}

TEST_CASE("a key that IBM disabled or deleted is replaced when the operator looks") {
  struct Fate {
    const char* what;
    const char* settings = "";
  };
  for (const auto& [fate, settings] :
       {Fate{"disabled"}, Fate{"deleted"}, Fate{"deleted", "proof: off"}}) {
    INFO(fate << " " << settings);
    RotationScene scene;
    scene.more = settings;
    scene.make_user();
    scene.start_rotating();
    const auto first = scene.expect_first_key();
    scene.stop();
    iam().set_key_state(first, fate);
    scene.start_rotating();
    scene.expect_rotated(first);
    expect_state_event("KeyDisabledAtIam", first);
    scene.expect_only_current();
  }
}

TEST_CASE("a state that makes no sense is neither used nor overwritten") {
  RotationScene scene;
  const auto ns = scene.make_user();
  scene.start_rotating();
  const auto first = scene.expect_first_key();
  const RotationWatch watch(scene, ns);
  const auto good = scene.state();
  const auto login = scene.login(ns, kRotating);
  std::string bad;
  std::string word;
  SECTION("no JSON") {
    bad = "nonsense";
    word = "not valid JSON";
  }
  SECTION("a part is missing") {
    auto edited = good;
    edited["current"].erase("value");
    bad = edited.dump();
    word = "\"current\"";
  }
  SECTION("of a later version") {
    auto newer = good;
    newer["version"] = 3;
    bad = newer.dump();
    word = "version";
  }
  SECTION("of another cluster") {
    auto foreign = good;
    foreign["installation"] = "0123456789abcdef";
    bad = foreign.dump();
    word = "another installation";
  }
  RotationScene::put_state(bad);
  CHECK(expect_state_event("RotationStateInvalid", word)["type"] == "Warning");
  scene.ask_for_rotation();
  const auto version = version_of_state();
  const auto later = scene.make_user();
  eventually("a new namespace gets the key in force",
             [&] { return scene.login(later, kRotating) == login ? "" : "not yet"; });
  // Nor by an operator that knows nothing else.
  scene.stop();
  cluster().api().remove("/api/v1/namespaces/" + kOwn + "/events");
  scene.launch_rotating();
  expect_state_event("RotationStateInvalid", word);
  CHECK(version_of_state() == version);
  CHECK(scene.login(ns, kRotating) == login);
  CHECK(scene.ours().size() == 1);
  CHECK(with_id(scene, first)["state"] == "active");

  RotationScene::put_state(good.dump());
  scene.expect_rotated(first);
}

TEST_CASE("a state that is deleted while the operator runs is written again") {
  RotationScene scene;
  const auto ns = scene.make_user();
  scene.start_rotating();
  const auto first = scene.expect_first_key();
  const RotationWatch watch(scene, ns);
  const auto before = scene.state();
  cluster().delete_secret(kOwn, kState);
  eventually("it is there again",
             [&] { return scene.state() == before ? "" : scene.state().dump(); });
  CHECK(scene.wrong() == "");
  scene.ask_for_rotation();
  scene.expect_rotated(first);
  scene.expect_only_current();
}

TEST_CASE("a state that was deleted while no operator ran costs no namespace its key") {
  RotationScene scene;
  const auto ns = scene.make_user();
  scene.start_rotating();
  const auto first = scene.expect_first_key();
  const RotationWatch watch(scene, ns);
  bool during = false;
  SECTION("at rest") {}
  SECTION("while a key was being made") {
    during = true;
  }
  if (during) {
    scene.kill();
    scene.ask_for_rotation();
    scene.die_at("create-key:after");
    CHECK(scene.ours().size() == 2);
  } else {
    scene.stop();
  }
  cluster().delete_secret(kOwn, kState);
  scene.start_rotating();
  const auto second = scene.expect_rotated(first);
  scene.expect_only_current();
  CHECK(current_of(scene) == second);
}

}  // namespace rotation_test
