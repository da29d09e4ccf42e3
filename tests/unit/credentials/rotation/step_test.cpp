// The decision as a table: what is known → what is done next.
#include "credentials/rotation/pure/step.hpp"

#include <fmt/format.h>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime/timestamp.hpp"

namespace step_test {

using namespace icrps;
using namespace icrps::credentials::rotation;
using namespace std::chrono_literals;
using Outcome = Attempt::Outcome;
using Verdict = Proof::Verdict;

namespace {

const Time kNow = std::chrono::floor<std::chrono::seconds>(*parse_rfc3339("2026-11-23T06:20:44Z"));
const std::string kInstallation = installation_of("uid", "rotating");

std::string name(const std::string& rotation) {
  return key_name(kInstallation, "rotating", rotation);
}

/// A state with a key "old" in force since ten days, just listed, and nothing to do.
struct Scene {
  State state;
  Observed seen;
  Terms terms = terms_of({720h, 2h});

  Scene() {
    state.installation = kInstallation;
    state.current = CurrentKey{"old", name("old"), SecretString("hunter2"), "r1", kNow - 240h};
    seen.now = kNow;
    seen.rolled_out = true;
    seen.listing = Listing{kNow - 10s, {}, 20};
    lists("old");
  }
  void lists(const std::string& id, bool disabled = false) {
    seen.listing->keys.push_back({id, name(id), disabled});
  }
  /// One that was asked for and came to nothing, as far as anybody knew.
  void gave_up(const std::string& id) {
    state.given_up.push_back(name(id));
    lists(id);
  }
  void lists_nothing() { seen.listing->keys.clear(); }
  void foreign(int count) {
    for (int i = 0; i < count; ++i) {
      seen.listing->keys.push_back({"foreign" + std::to_string(i), "x", false});
    }
  }
  void intends(std::chrono::seconds ago = 0s) {
    state.candidate = Candidate{"new", name("new"), kNow - ago, {}, {}};
  }
  void tried(Outcome outcome) {
    seen.attempt = Attempt{"new", outcome, {}, {}};
    if (outcome == Outcome::kMade) {
      seen.attempt->id = "new";
      seen.attempt->value = SecretString("hunter3");
    }
  }
  void has_candidate(std::chrono::seconds ago = 30s) {
    intends(ago);
    state.candidate->id = "new";
    state.candidate->value = SecretString("hunter3");
    lists("new");
  }
  void proved(const std::string& id, Verdict verdict, std::chrono::seconds again_in = 5s) {
    seen.proofs[id] = Proof{verdict, kNow - 1s, kNow + again_in, "words"};
  }
  void retires(std::optional<std::chrono::seconds> in, std::optional<std::chrono::seconds> since) {
    state.current->id = "current";
    lists("current");
    RetiringKey key{"old", name("old"), std::nullopt, std::nullopt};
    if (in) key.retire_at = kNow + *in;
    if (since) key.disabled_at = kNow - *since;
    state.retiring.push_back(key);
  }
};

struct Told {
  std::string operator()(const step::Wait& step) const {
    const auto seconds = (step.until - kNow).count();
    static const std::vector<std::string> obstacles{
        "", " unknown", " locked", " not accepted", " too many", " full"};
    return fmt::format("wait {}{}", seconds, obstacles.at(static_cast<std::size_t>(step.obstacle)));
  }
  std::string operator()(const step::Look& /*step*/) const { return "look"; }
  std::string operator()(const step::Note& step) const {
    static const std::vector<std::string> what{"moved",   "adopt",      "mend times",
                                               "give up", "rolled out", "found disabled"};
    return "note " + what.at(static_cast<std::size_t>(step.what));
  }
  std::string operator()(const step::PrepareCreate& step) const {
    return step.leaked ? "prepare, leaked" : "prepare";
  }
  std::string operator()(const step::CreateKey& /*step*/) const { return "create"; }
  std::string operator()(const step::StoreKey& step) const {
    return "store " + step.next.candidate->id;
  }
  std::string operator()(const step::Prove& step) const { return "prove " + step.id; }
  std::string operator()(const step::Publish& step) const {
    return "publish " + step.next.current->id;
  }
  std::string operator()(const step::DisableKey& step) const { return "disable " + step.id; }
  std::string operator()(const step::DeleteKey& step) const { return "delete " + step.id; }
  std::string operator()(const step::DeleteOrphan& step) const { return "orphan " + step.id; }
};

std::string told(const Scene& scene) {
  return std::visit(Told{}, next_step(scene.state, scene.seen, scene.terms));
}

struct Row {
  std::string what;
  std::function<void(Scene&)> change;
  std::string expected;
};

void hold(const std::vector<Row>& rows) {
  for (const auto& [what, change, expected] : rows) {
    INFO(what);
    Scene scene;
    change(scene);
    CHECK(told(scene) == expected);
  }
}

}  // namespace

TEST_CASE("when a rotation begins", "[rotation][step]") {
  hold({
      {"nothing to do until IAM is asked again", [](Scene&) {}, "wait 890"},
      {"its time comes sooner", [](Scene& s) { s.state.current->created_at = kNow - 720h + 100s; },
       "wait 100"},
      {"its time has come", [](Scene& s) { s.state.current->created_at = kNow - 720h; }, "prepare"},
      {"a key may be older now", [](Scene& s) { s.terms.rotate_every = 241h; }, "wait 890"},
      {"it may not be so old any more", [](Scene& s) { s.terms.rotate_every = 240h; }, "prepare"},
      {"asked for", [](Scene& s) { s.seen.rotate_requested = kNow - 1h; }, "prepare"},
      {"asked for, and done",
       [](Scene& s) { s.seen.rotate_requested = s.state.handled_request = kNow - 1h; }, "wait 890"},
      {"asked for by a clock that is ahead",
       [](Scene& s) { s.seen.rotate_requested = kNow + 10min; }, "prepare"},
      {"not on an old listing",
       [](Scene& s) {
         s.state.current->created_at = kNow - 720h;
         s.seen.listing->at = kNow - 31s;
       },
       "look"},
      {"nobody has looked yet", [](Scene& s) { s.seen.listing.reset(); }, "look"},
      {"it is long ago", [](Scene& s) { s.seen.listing->at = kNow - 15min; }, "look"},
      {"the clock was set back", [](Scene& s) { s.seen.listing->at = kNow + 1s; }, "look"},
      {"no key at all",
       [](Scene& s) {
         s.state.current.reset();
         s.lists_nothing();
       },
       "prepare"},
      {"no state",
       [](Scene& s) {
         s.state.current.reset();
         s.seen.state_exists = false;
       },
       "note adopt"},
      {"the old one is still going",
       [](Scene& s) {
         s.retires(1h, std::nullopt);
         s.state.current->created_at = kNow - 720h;
       },
       "wait 890"},
      {"the old one does not work any more, and makes room",
       [](Scene& s) {
         s.retires(-2h, 1min);
         s.state.current->created_at = kNow - 720h;
       },
       "delete old"},
  });
}

TEST_CASE("room under the limit", "[rotation][step]") {
  hold({
      {"one place left",
       [](Scene& s) {
         s.state.current->created_at = kNow - 720h;
         s.foreign(18);
       },
       "prepare"},
      {"full",
       [](Scene& s) {
         s.state.current->created_at = kNow - 720h;
         s.foreign(19);
       },
       "wait 890 full"},
      {"more than full",
       [](Scene& s) {
         s.state.current->created_at = kNow - 720h;
         s.foreign(40);
       },
       "wait 890 full"},
      {"full, and the key in force is dead",
       [](Scene& s) {
         s.seen.listing->keys[0].disabled = true;
         s.foreign(19);
       },
       "delete old"},
      {"two of ours without a state",
       [](Scene& s) {
         s.retires(std::nullopt, std::nullopt);
         s.state.retiring.push_back({"current", name("current"), std::nullopt, std::nullopt});
         s.state.current.reset();
       },
       "prepare"},
      {"three of ours without a state",
       [](Scene& s) {
         s.retires(std::nullopt, std::nullopt);
         s.state.retiring.push_back({"current", name("current"), std::nullopt, std::nullopt});
         s.state.retiring.push_back({"third", name("third"), std::nullopt, std::nullopt});
         s.state.current.reset();
         s.lists("third");
       },
       "wait 890 too many"},
  });
}

TEST_CASE("a key in force that IAM does not know as such", "[rotation][step]") {
  hold({
      {"disabled", [](Scene& s) { s.seen.listing->keys[0].disabled = true; }, "prepare, leaked"},
      {"not listed", [](Scene& s) { s.lists_nothing(); }, "prove old"},
      {"not listed because it is new",
       [](Scene& s) {
         s.lists_nothing();
         s.state.current->created_at = kNow - 1min;
       },
       "wait 60"},
      {"not listed, and refused",
       [](Scene& s) {
         s.lists_nothing();
         s.proved("old", Verdict::kRefused);
       },
       "prepare, leaked"},
      {"not listed, but it works",
       [](Scene& s) {
         s.lists_nothing();
         s.proved("old", Verdict::kGood);
       },
       "wait 890"},
      {"not listed, and nobody knows",
       [](Scene& s) {
         s.lists_nothing();
         s.proved("old", Verdict::kUnknown);
       },
       "wait 5"},
      {"not listed, nobody knew, and it is time to ask again",
       [](Scene& s) {
         s.lists_nothing();
         s.proved("old", Verdict::kUnknown, 0s);
       },
       "prove old"},
  });
}

TEST_CASE("from the intent to the key", "[rotation][step]") {
  hold({
      {"written down",
       [](Scene& s) {
         s.intends();
         s.tried(Outcome::kUntried);
       },
       "create"},
      {"made",
       [](Scene& s) {
         s.intends();
         s.tried(Outcome::kMade);
       },
       "store new"},
      {"made, before anybody looks",
       [](Scene& s) {
         s.intends();
         s.tried(Outcome::kMade);
         s.seen.listing.reset();
       },
       "store new"},
      {"made, and listed by now",
       [](Scene& s) {
         s.intends();
         s.tried(Outcome::kMade);
         s.lists("new");
       },
       "store new"},
      {"refused",
       [](Scene& s) {
         s.intends();
         s.tried(Outcome::kNotMade);
       },
       "note give up"},
      {"no answer",
       [](Scene& s) {
         s.intends(20s);
         s.tried(Outcome::kUnknown);
       },
       "wait 100"},
      {"no answer, and it is there",
       [](Scene& s) {
         s.intends(20s);
         s.tried(Outcome::kUnknown);
         s.lists("new");
       },
       "orphan new"},
      {"no answer, and nothing came of it",
       [](Scene& s) {
         s.intends(150s);
         s.tried(Outcome::kUnknown);
       },
       "note give up"},
      {"no answer, and nobody has looked since",
       [](Scene& s) {
         s.intends(125s);
         s.tried(Outcome::kUnknown);
       },
       "look"},
      {"the intent of a process before this one", [](Scene& s) { s.intends(20s); }, "wait 100"},
      {"of a process that may be storing it now",
       [](Scene& s) {
         s.intends(20s);
         s.lists("new");
       },
       "wait 100"},
      {"of a process that is gone",
       [](Scene& s) {
         s.intends(150s);
         s.lists("new");
       },
       "orphan new"},
      {"the twin of a key that was stored",
       [](Scene& s) {
         s.has_candidate();
         s.seen.listing->keys.push_back({"twin", name("new"), false});
       },
       "orphan twin"},
      {"a key of ours that nobody knows", [](Scene& s) { s.gave_up("lost"); }, "orphan lost"},
      {"a key of ours that the state knows nothing of",
       [](Scene& s) {
         s.lists("restored");
         s.lists("restored too");
       },
       "wait 890 unknown"},
      {"the twin of the key in force",
       [](Scene& s) { s.seen.listing->keys.push_back({"twin", name("old"), false}); },
       "orphan twin"},
      {"a key of another installation",
       [](Scene& s) {
         s.seen.listing->keys.push_back(
             {"other", key_name(installation_of("x", "y"), "y", "1"), false});
       },
       "wait 890"},
  });
}

TEST_CASE("proving the candidate", "[rotation][step]") {
  hold({
      {"at once", [](Scene& s) { s.has_candidate(); }, "prove new"},
      {"good",
       [](Scene& s) {
         s.has_candidate();
         s.proved("new", Verdict::kGood);
       },
       "publish new"},
      {"not known yet",
       [](Scene& s) {
         s.has_candidate();
         s.proved("new", Verdict::kRefused);
       },
       "wait 5"},
      {"not known yet, and time to ask again",
       [](Scene& s) {
         s.has_candidate();
         s.proved("new", Verdict::kRefused, 0s);
       },
       "prove new"},
      {"refused for too long: does it exist?",
       [](Scene& s) {
         s.has_candidate(3min);
         s.proved("new", Verdict::kRefused);
       },
       "look"},
      {"refused for too long, and it exists",
       [](Scene& s) {
         s.has_candidate(3min);
         s.proved("new", Verdict::kRefused);
         s.seen.listing->at = kNow;
       },
       "wait 5 not accepted"},
      {"refused for too long, and it is gone",
       [](Scene& s) {
         s.has_candidate(3min);
         s.proved("new", Verdict::kRefused);
         s.seen.listing->keys.pop_back();
         s.seen.listing->at = kNow;
       },
       "delete new"},
      {"nobody knows",
       [](Scene& s) {
         s.has_candidate(3h);
         s.proved("new", Verdict::kUnknown);
       },
       "wait 5"},
      {"a proof from the future is none",
       [](Scene& s) {
         s.has_candidate();
         s.proved("new", Verdict::kGood);
         s.seen.proofs["new"].at = kNow + 1h;
       },
       "prove new"},
  });
}

TEST_CASE("the end of the old key", "[rotation][step]") {
  hold({
      {"not rolled out",
       [](Scene& s) {
         s.retires(std::nullopt, std::nullopt);
         s.seen.rolled_out = false;
       },
       "wait 890"},
      {"rolled out", [](Scene& s) { s.retires(std::nullopt, std::nullopt); }, "note rolled out"},
      {"the overlap", [](Scene& s) { s.retires(100s, std::nullopt); }, "wait 100"},
      {"the overlap is over", [](Scene& s) { s.retires(0s, std::nullopt); }, "disable old"},
      {"the overlap is over, and a namespace lacks the new one again",
       [](Scene& s) {
         s.retires(0s, std::nullopt);
         s.seen.rolled_out = false;
       },
       "wait 890"},
      {"the overlap is over, and the new one is dead",
       [](Scene& s) {
         s.retires(0s, std::nullopt);
         for (auto& key : s.seen.listing->keys) key.disabled = key.id == "current";
       },
       "delete current"},
      {"disabled by somebody else",
       [](Scene& s) {
         s.retires(1h, std::nullopt);
         s.seen.listing->keys[0].disabled = true;
       },
       "note found disabled"},
      {"disabled a while ago", [](Scene& s) { s.retires(-1h, 2h - 100s); }, "wait 100"},
      {"disabled long ago", [](Scene& s) { s.retires(-4h, 2h); }, "delete old"},
  });
}

TEST_CASE("one key that can't be deleted or disabled blocks nothing", "[rotation][step]") {
  const auto held = [](Scene& s, Call::Kind kind, const std::string& id) {
    s.seen.held[{kind, id}] = kNow + 700s;
  };
  const auto locked = [](Scene& s, const std::string& id) {
    for (auto& key : s.seen.listing->keys) key.locked = key.locked || key.id == id;
  };
  hold({
      {"a lost key that IAM does not delete",
       [&](Scene& s) {
         s.gave_up("lost");
         held(s, Call::Kind::kDelete, "lost");
       },
       "wait 700"},
      {"the same, and a rotation is due",
       [&](Scene& s) {
         s.gave_up("lost");
         held(s, Call::Kind::kDelete, "lost");
         s.state.current->created_at = kNow - 720h;
       },
       "prepare"},
      {"the same, and the key in force is dead",
       [&](Scene& s) {
         s.gave_up("lost");
         held(s, Call::Kind::kDelete, "lost");
         s.seen.listing->keys[0].disabled = true;
       },
       "prepare, leaked"},
      {"it is deleted when its pause is over",
       [&](Scene& s) {
         s.gave_up("lost");
         s.seen.held[{Call::Kind::kDelete, "lost"}] = kNow;
       },
       "orphan lost"},
      {"another lost key is deleted meanwhile",
       [&](Scene& s) {
         s.gave_up("lost");
         s.gave_up("lost too");
         held(s, Call::Kind::kDelete, "lost");
       },
       "orphan lost too"},
      {"an old key that IAM does not disable, and the key in force is dead",
       [&](Scene& s) {
         s.retires(0s, std::nullopt);
         for (auto& key : s.seen.listing->keys) key.disabled = key.id == "current";
         held(s, Call::Kind::kDisable, "old");
       },
       "prepare, leaked"},
      {"a locked key is not touched, and told",
       [&](Scene& s) {
         s.retires(-4h, 2h);
         locked(s, "old");
       },
       "wait 890 locked"},
      {"a locked key, and a rotation is due",
       [&](Scene& s) {
         s.retires(-4h, 2h);
         locked(s, "old");
         s.state.current->created_at = kNow - 720h;
       },
       "prepare"},
      {"a locked key that is in force is good", [&](Scene& s) { locked(s, "old"); }, "wait 890"},
      {"no key may be made now: the rest goes on",
       [&](Scene& s) {
         s.state.current->created_at = kNow - 720h;
         held(s, Call::Kind::kCreate, "");
         s.gave_up("lost");
       },
       "orphan lost"},
      {"the keys can't be listed: what is known is good enough to delete by",
       [&](Scene& s) {
         s.seen.listing->at = kNow - 16min;
         held(s, Call::Kind::kList, "");
         s.gave_up("lost");
       },
       "orphan lost"},
      {"and not to make a key by",
       [&](Scene& s) {
         s.seen.listing->at = kNow - 16min;
         s.state.current->created_at = kNow - 720h;
         held(s, Call::Kind::kList, "");
       },
       "wait 700"},
      {"without a way to IAM a candidate is proved all the same",
       [&](Scene& s) {
         s.has_candidate();
         s.gave_up("lost");
         s.seen.manager_held = kNow + 60s;
       },
       "prove new"},
      {"and the rest waits",
       [&](Scene& s) {
         s.gave_up("lost");
         s.seen.manager_held = kNow + 60s;
       },
       "wait 60"},
  });
}

TEST_CASE("a rotation that is asked for while a candidate is proved is not swallowed",
          "[rotation][step]") {
  struct Request {
    const char* what;
    std::optional<Intent> intent;
    std::optional<Time> request;
    bool answered;
  };
  // The candidate was written down 30 s ago.
  for (const auto& [what, intent, request, answered] :
       {Request{"it was there", Intent{"new", kNow - 1h}, kNow - 1h, true},
        Request{"by a clock that is ahead", Intent{"new", kNow + 1h}, kNow + 1h, true},
        Request{"it came later", Intent{"new", std::nullopt}, kNow - 1h, false},
        Request{"another came later", Intent{"new", kNow - 1h}, kNow - 5s, false},
        Request{"another process: it was there", std::nullopt, kNow - 1h, true},
        Request{"another process: it came later", std::nullopt, kNow - 5s, false},
        Request{"none", Intent{"new", std::nullopt}, std::nullopt, false}}) {
    INFO(what);
    Scene scene;
    scene.has_candidate();
    scene.proved("new", Verdict::kGood);
    scene.seen.intent = intent;
    scene.seen.rotate_requested = request;
    const auto next = std::get<step::Publish>(next_step(scene.state, scene.seen, scene.terms)).next;
    CHECK((request && next.handled_request == request) == answered);
  }
}

TEST_CASE("another identity", "[rotation][step]") {
  Scene scene;
  const Identity before{"iam-ServiceId-1", "a"};
  const Identity now{"iam-ServiceId-2", "a"};
  scene.state.identity = scene.seen.identity = before;
  CHECK(told(scene) == "wait 890");
  scene.retires(1h, std::nullopt);
  scene.has_candidate();
  scene.seen.identity = now;
  CHECK(told(scene) == "note moved");
  scene.state = std::get<step::Note>(next_step(scene.state, scene.seen, scene.terms)).next;
  CHECK(scene.state.identity == now);
  CHECK(scene.state.current->left);
  CHECK_FALSE(scene.state.candidate);
  CHECK(scene.state.retiring.empty());

  // None of its keys is asked for, and a new one is made at once.
  scene.lists_nothing();
  CHECK(told(scene) == "prepare");
  scene.has_candidate();
  scene.proved("new", Verdict::kGood);
  CHECK(told(scene) == "publish new");
  scene.state = std::get<step::Publish>(next_step(scene.state, scene.seen, scene.terms)).next;
  CHECK(scene.state.retiring.empty());
  CHECK(told(scene) == "wait 890");
}

TEST_CASE("times that a wrong clock wrote are mended", "[rotation][step]") {
  hold({
      {"the key", [](Scene& s) { s.state.current->created_at = kNow + 1s; }, "note mend times"},
      {"the intent", [](Scene& s) { s.intends(-1h); }, "note mend times"},
      {"the end of the overlap", [](Scene& s) { s.retires(3h, std::nullopt); }, "note mend times"},
      {"the disabling", [](Scene& s) { s.retires(0s, -1h); }, "note mend times"},
  });
}

TEST_CASE("what publishing writes down", "[rotation][step]") {
  Scene scene;
  scene.has_candidate();
  scene.proved("new", Verdict::kGood);
  scene.seen.rotate_requested = kNow - 1h;
  SECTION("the old one works") {
    const auto next = std::get<step::Publish>(next_step(scene.state, scene.seen, scene.terms)).next;
    CHECK(next.current->value.reveal() == "hunter3");
    CHECK_FALSE(next.candidate);
    CHECK(next.retiring == std::vector<RetiringKey>{{"old", name("old"), {}, {}}});
    CHECK(next.current->created_at == kNow - 30s);
    CHECK(next.handled_request == scene.seen.rotate_requested);
  }
  SECTION("the old one is dead: there is nothing to wait for") {
    scene.seen.listing->keys[0].disabled = true;
    const auto next = std::get<step::Publish>(next_step(scene.state, scene.seen, scene.terms)).next;
    CHECK(next.retiring == std::vector<RetiringKey>{{"old", name("old"), {}, kNow}});
  }
}

TEST_CASE("the grace is as long as the overlap and the propagation at least", "[rotation][step]") {
  CHECK(terms_of({720h, 2h}).grace == 2h);
  CHECK(terms_of({720h, 1s}).grace == 2min);
  CHECK(terms_of({720h, 1s, 2s}).grace == 2s);
}

}  // namespace step_test
