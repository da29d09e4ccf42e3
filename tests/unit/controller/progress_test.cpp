#include "controller/pure/progress.hpp"

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"

namespace progress_test {

using namespace icrps;
using namespace icrps::controller;
using Kind = Outcome::Kind;
using Words = std::vector<std::string>;

namespace {

plan::Action create(const std::string& credential) {
  return plan::CreateCopy{credential, nullptr};
}
plan::Action remove(const std::string& credential) {
  return plan::DeleteCopy{credential, "uid", "1"};
}
plan::Action attach(const std::string& account, Words secrets) {
  return plan::PatchAccount{account, "1", {}, std::move(secrets)};
}
plan::Action detach(const std::string& account, Words secrets) {
  plan::PatchAccount patch{account, "1", {}, {}};
  for (std::size_t i = secrets.size(); i-- > 0;) patch.remove.push_back(i);
  patch.removed = std::move(secrets);
  return patch;
}

Words added(const std::optional<plan::Action>& action) {
  return action ? std::get<plan::PatchAccount>(*action).add : Words{"nothing"};
}

}  // namespace

TEST_CASE("an account names only Secrets that exist", "[controller][progress]") {
  Progress progress;
  progress.not_done(create("a"));
  CHECK_FALSE(progress.allowed(attach("default", {"icr-a"})));
  CHECK(added(progress.allowed(attach("default", {"icr-a", "icr-b"}))) == Words{"icr-b"});
  CHECK(progress.allowed(detach("default", {"icr-old"})));
}

TEST_CASE("a reference stays until what takes its Secret's place is there, and so does the Secret",
          "[controller][progress]") {
  const plan::PatchAccount moves{.account = "default",
                                 .resource_version = "1",
                                 .remove = {2, 0},
                                 .add = {"new"},
                                 .removed = {"icr-a", "other"},
                                 .successors = {{"icr-a", "new"}},
                                 .marks = true,
                                 .attached = {"new"}};
  plan::DeleteCopy gone{"a", "uid", "1"};
  gone.successor = "new";
  Progress progress;
  CHECK(progress.allowed(gone));
  SECTION("it could not be made") {
    progress.not_done(plan::CreateCopy{"a", nullptr, {}, "new"});
  }
  SECTION("it could not be adopted") {
    plan::UpdateCopy adoption{"a", "uid", "1", nullptr, {}};
    adoption.adopts = true;
    adoption.secret = "new";
    progress.not_done(adoption);
  }
  const auto allowed = progress.allowed(moves);
  REQUIRE(allowed);
  const auto& patch = std::get<plan::PatchAccount>(*allowed);
  CHECK(patch.add.empty());
  CHECK(patch.removed == Words{"other"});
  CHECK(patch.attached == Words{"icr-a"});
  CHECK(patch.remove == std::vector<std::size_t>{0});
  CHECK_FALSE(progress.allowed(gone));
}

TEST_CASE("one account that may not be patched keeps no other waiting", "[controller][progress]") {
  Progress progress;
  progress.not_done(attach("a", {"icr-default"}));
  CHECK(added(progress.allowed(attach("b", {"icr-default"}))) == Words{"icr-default"});
}

TEST_CASE("a Secret stays while an account names it that could not be detached, and no longer",
          "[controller][progress]") {
  Progress progress;
  progress.not_done(detach("a", {"icr-default", "icr-team"}));
  CHECK_FALSE(progress.allowed(remove("default")));
  CHECK_FALSE(progress.allowed(remove("team")));
  CHECK(progress.allowed(remove("other")));
}

TEST_CASE("a Secret is made anew only after the old one is gone", "[controller][progress]") {
  Progress progress;
  progress.not_done(remove("default"));
  CHECK_FALSE(progress.allowed(create("default")));
  CHECK(progress.allowed(create("team")));
}

TEST_CASE("the queue is told of the most urgent outcome", "[controller][progress]") {
  Progress progress;
  CHECK(progress.outcome().kind == Kind::kDone);
  progress.failed({Kind::kForbidden, "first"});
  progress.failed({Kind::kForbidden, "second"});
  CHECK(progress.outcome().message == "first");
  progress.failed({Kind::kAgain, "stale"});
  CHECK(progress.outcome().kind == Kind::kAgain);
  progress.failed({Kind::kRetry, "silent"});
  CHECK(progress.outcome().kind == Kind::kAgain);
  progress.failed({Kind::kGone, "gone"});
  CHECK(progress.outcome().kind == Kind::kGone);
}

TEST_CASE("accounts that failed come last, between what they depend on and what depends on them",
          "[controller][progress]") {
  const auto names = [](const std::vector<plan::Action>& actions) {
    Words words;
    for (const auto& action : actions) {
      const auto* patch = std::get_if<plan::PatchAccount>(&action);
      words.push_back(patch != nullptr ? patch->account : "-");
    }
    return words;
  };
  const std::vector<plan::Action> actions{create("a"), attach("1", {"x"}), attach("2", {"x"}),
                                          attach("3", {"x"}), remove("b")};
  CHECK(names(in_order(actions, {})) == Words{"-", "1", "2", "3", "-"});
  CHECK(names(in_order(actions, {"1", "9"})) == Words{"-", "2", "3", "1", "-"});
  CHECK(names(in_order({create("a"), remove("b")}, {"1"})) == Words{"-", "-"});
}

TEST_CASE("whoever gets no answer keeps nobody waiting for ever", "[controller][progress]") {
  test::Dice dice(8);
  for (int round = 0; round < 200; ++round) {
    // Of these accounts some never get an answer; each round ends with the first of them.
    std::set<std::string> silent;
    std::set<std::string> waiting;
    for (int i = 0; i < 12; ++i) {
      const auto name = std::string(1, static_cast<char>('a' + i));
      (dice.once_in(3) ? silent : waiting).insert(name);
    }
    std::set<std::string> failed;
    const auto rounds = silent.size() + 1;
    for (std::size_t i = 0; i < rounds; ++i) {
      std::vector<plan::Action> actions;
      auto all = silent;
      all.insert(waiting.begin(), waiting.end());
      for (const auto& name : all) actions.push_back(attach(name, {"icr-default"}));
      for (const auto& action : in_order(actions, failed)) {
        const auto& name = std::get<plan::PatchAccount>(action).account;
        if (silent.contains(name)) {
          failed.insert(name);
          break;
        }
        waiting.erase(name);
      }
    }
    REQUIRE(waiting.empty());
  }
}

}  // namespace progress_test
