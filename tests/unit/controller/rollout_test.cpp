#include "controller/rollout.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/dice.hpp"
#include "unit/support/fake_clock.hpp"

namespace rollout_test {

using namespace icrps;
using namespace icrps::controller;
using plan::CopyReport;
using plan::Standing;
using Words = std::vector<std::string>;

namespace {

struct Rig {
  Rig() {
    rollout.listen([this](const Rollout::Completed& completed) {
      told.push_back(completed.credential + " " + completed.revision + " " +
                     std::to_string(completed.namespaces) + " instead of " + completed.replaced);
    });
  }

  /// A start of the operator where these namespaces are on r1 already.
  void found_in_place(const Words& namespaces) {
    rollout.release("default", "r1");
    rollout.expect(namespaces);
    for (const auto& ns : namespaces) in_place(ns, "r1", "r1");
  }
  void in_place(const std::string& ns, const std::string& before, const std::string& revision) {
    rollout.seen(ns, {{"default", Standing::kInPlace, before, revision}});
  }
  void stands(const std::string& ns, Standing standing, const std::string& revision) {
    rollout.seen(ns, {{"default", standing, revision, revision}});
  }
  [[nodiscard]] Rollout::Report report() const { return *rollout.report("default"); }
  [[nodiscard]] bool shows(const std::string& line) const {
    return metrics.text().find("\nicr_pull_secrets_" + line + "\n") != std::string::npos;
  }

  test::FakeClock clock;
  Metrics metrics{"v", "r"};
  Rollout rollout{{"default", "team-b"}, clock, metrics};
  Words told;
};

}  // namespace

TEST_CASE("a copy that somebody's finalizer holds keeps no old key alive",
          "[controller][rollout]") {
  Rig rig;
  rig.found_in_place({"shop", "web"});
  rig.rollout.release("default", "r2");
  rig.in_place("shop", "r1", "r2");
  rig.rollout.seen("web", {{"default", Standing::kTerminating, "r1", ""}});
  CHECK(rig.rollout.complete("default", "r2"));
  CHECK(rig.told == Words{"default r2 1 instead of r1"});
  CHECK(rig.report().reasons == std::map<Standing, std::size_t>{{Standing::kTerminating, 1}});
}

TEST_CASE("a new revision is rolled out when the last namespace has it", "[controller][rollout]") {
  Rig rig;
  rig.found_in_place({"shop", "web"});
  CHECK(rig.rollout.complete("default", "r1"));
  CHECK(rig.told.empty());

  rig.rollout.release("default", "r2");
  CHECK_FALSE(rig.rollout.complete("default", "r1"));
  CHECK_FALSE(rig.rollout.complete("default", "r2"));
  CHECK(rig.shows(R"(rollout_namespaces{credential="default",state="current"} 0)"));
  CHECK(rig.shows(R"(rollout_namespaces{credential="default",state="behind"} 2)"));
  CHECK(rig.report().reasons == std::map<Standing, std::size_t>{{Standing::kPending, 2}});

  rig.in_place("shop", "r1", "r2");
  CHECK_FALSE(rig.rollout.complete("default", "r2"));
  CHECK(rig.report().current == 1);
  CHECK(rig.told.empty());

  rig.in_place("web", "r1", "r2");
  CHECK(rig.rollout.complete("default", "r2"));
  CHECK(rig.told == Words{"default r2 2 instead of r1"});
  CHECK(rig.shows(R"(rollout_namespaces{credential="default",state="current"} 2)"));
  CHECK(rig.shows(R"(rollout_namespaces{credential="default",state="behind"} 0)"));
  const auto report = rig.report();
  CHECK(report.complete);
  CHECK(report.revision == "r2");
  CHECK(report.reasons.empty());
}

TEST_CASE("a completed roll-out is told once", "[controller][rollout]") {
  Rig rig;
  rig.found_in_place({"shop"});
  rig.rollout.release("default", "r2");
  rig.in_place("shop", "r1", "r2");
  rig.in_place("shop", "r2", "r2");
  rig.rollout.release("default", "r2");
  rig.in_place("new", "", "r2");
  rig.stands("late", Standing::kPending, "");
  CHECK_FALSE(rig.rollout.complete("default", "r2"));
  rig.in_place("late", "", "r2");
  rig.rollout.forget("shop");
  CHECK(rig.rollout.complete("default", "r2"));
  CHECK(rig.told == Words{"default r2 1 instead of r1"});
}

TEST_CASE("a first start has rolled nothing out", "[controller][rollout]") {
  Rig rig;
  rig.rollout.release("default", "r1");
  rig.rollout.expect({"shop", "web"});
  rig.in_place("shop", "", "r1");
  rig.in_place("web", "", "r1");
  CHECK(rig.rollout.complete("default", "r1"));
  CHECK(rig.told.empty());
}

TEST_CASE("a start that finds an older revision rolls out", "[controller][rollout]") {
  Rig rig;
  rig.rollout.expect({"shop", "web"});
  SECTION("with the credential there first") {
    rig.rollout.release("default", "r2", "r0");
    rig.in_place("shop", "r2", "r2");
    rig.in_place("web", "r1", "r2");
  }
  SECTION("with the namespaces seen first") {
    rig.in_place("shop", "r2", "r2");
    rig.in_place("web", "r1", "r2");
    rig.rollout.release("default", "r2", "r0");
  }
  SECTION("without a value in the beginning") {
    rig.stands("shop", Standing::kNoCredential, "r1");
    rig.stands("web", Standing::kNoCredential, "r1");
    CHECK_FALSE(rig.report().complete);
    CHECK(rig.report().reasons == std::map<Standing, std::size_t>{{Standing::kNoCredential, 2}});
    rig.rollout.release("default", "r2", "r0");
    rig.in_place("shop", "r1", "r2");
    rig.in_place("web", "r1", "r2");
  }
  CHECK(rig.rollout.complete("default", "r2"));
  // By the record: what the copies said is their tenants' to write.
  CHECK(rig.told == Words{"default r2 2 instead of r0"});
}

TEST_CASE("a copy that was edited is no roll-out of the first key there was",
          "[controller][rollout]") {
  Rig rig;
  rig.rollout.release("default", "r1");
  rig.rollout.expect({"shop", "web"});
  rig.in_place("shop", "r1", "r1");
  rig.in_place("web", "he wrote this", "r1");
  CHECK(rig.rollout.complete("default", "r1"));
  CHECK(rig.told.empty());
}

TEST_CASE("nothing is complete before every namespace was seen", "[controller][rollout]") {
  Rig rig;
  rig.rollout.release("default", "r1");
  CHECK_FALSE(rig.rollout.complete("default", "r1"));
  rig.in_place("shop", "r1", "r1");
  CHECK_FALSE(rig.rollout.complete("default", "r1"));
  SECTION("in a cluster without namespaces") {
    rig.rollout.expect({});
  }
  SECTION("one that does not ask for it") {
    rig.rollout.expect({"web"});
    CHECK_FALSE(rig.rollout.complete("default", "r1"));
    rig.rollout.seen("web", {});
  }
  SECTION("one that is gone") {
    rig.rollout.expect({"web"});
    rig.rollout.forget("web");
  }
  CHECK(rig.rollout.complete("default", "r1"));
}

TEST_CASE("what holds up a roll-out, and what does not", "[controller][rollout]") {
  struct Case {
    const char* name;
    Standing standing;
    const char* revision;
    bool complete;
  };
  for (const auto& [name, standing, revision, complete] : std::vector<Case>{
           {"an old copy that can't be written", Standing::kForbidden, "r1", false},
           {"an old copy whose turn has not come", Standing::kPending, "r1", false},
           {"an old copy and a mistake", Standing::kMistake, "r1", false},
           {"a first copy on its way", Standing::kPending, "", false},
           {"no copy allowed by the API server", Standing::kForbidden, "", true},
           {"no copy because of a mistake", Standing::kMistake, "", true},
           {"not allowed", Standing::kNotAllowed, "", true},
           {"not for its regions", Standing::kNotForRegions, "", true},
           {"a conflict", Standing::kConflict, "", true},
           {"another write to come, with the key in place", Standing::kPending, "r2", true}}) {
    DYNAMIC_SECTION(name) {
      Rig rig;
      rig.found_in_place({"shop", "web"});
      rig.rollout.release("default", "r2");
      rig.in_place("web", "r1", "r2");
      rig.stands("shop", standing, revision);
      CHECK(rig.rollout.complete("default", "r2") == complete);
      CHECK(rig.told.size() == (complete ? 1U : 0U));
      const auto report = rig.report();
      CHECK(report.current + report.behind + report.left_out == 2);
      if (report.current == 1) CHECK(report.reasons.at(standing) == 1);
    }
  }
}

TEST_CASE("the namespace that is last may also go", "[controller][rollout]") {
  Rig rig;
  rig.found_in_place({"shop", "web"});
  rig.rollout.release("default", "r2");
  rig.in_place("web", "r1", "r2");
  SECTION("deleted") {
    rig.rollout.forget("shop");
  }
  SECTION("opted out") {
    rig.rollout.seen("shop", {});
  }
  SECTION("to another credential") {
    rig.rollout.seen("shop", {{"team-b", Standing::kInPlace, "", "b1"}});
  }
  CHECK(rig.told == Words{"default r2 1 instead of r1"});
}

TEST_CASE("a write of the old revision that comes late is seen", "[controller][rollout]") {
  Rig rig;
  rig.found_in_place({"shop"});
  rig.rollout.release("default", "r2");
  rig.in_place("shop", "r1", "r2");
  rig.in_place("new", "", "r1");
  CHECK_FALSE(rig.rollout.complete("default", "r2"));
  rig.in_place("new", "r1", "r2");
  CHECK(rig.rollout.complete("default", "r2"));
  CHECK(rig.told.size() == 1);
}

TEST_CASE("credentials don't mix, and strangers are ignored", "[controller][rollout]") {
  Rig rig;
  rig.found_in_place({"shop"});
  rig.rollout.release("team-b", "b1");
  rig.rollout.seen("shop", {{"default", Standing::kInPlace, "r1", "r1"},
                            {"team-b", Standing::kPending, "", ""},
                            {"stranger", Standing::kPending, "", ""}});
  CHECK(rig.rollout.complete("default", "r1"));
  CHECK_FALSE(rig.rollout.complete("team-b", "b1"));
  CHECK_FALSE(rig.rollout.complete("default", "b1"));
  CHECK_FALSE(rig.rollout.complete("stranger", "r1"));
  CHECK_FALSE(rig.rollout.report("stranger"));
  rig.rollout.release("stranger", "r1");
  CHECK_FALSE(rig.rollout.complete("stranger", "r1"));
}

TEST_CASE("asking for a credential that is not allowed is counted once", "[controller][rollout]") {
  Rig rig;
  rig.stands("shop", Standing::kNotAllowed, "");
  rig.stands("shop", Standing::kNotAllowed, "");
  CHECK(rig.shows(R"(credential_not_allowed_total{credential="default"} 1)"));
  rig.in_place("shop", "", "r1");
  rig.stands("shop", Standing::kNotAllowed, "");
  CHECK(rig.shows(R"(credential_not_allowed_total{credential="default"} 2)"));
}

TEST_CASE("since when the current revision is out", "[controller][rollout]") {
  Rig rig;
  rig.rollout.release("default", "r1");
  const auto since = rig.report().since;
  CHECK(since == rig.clock.wall());
  rig.clock.advance(std::chrono::hours(1));
  rig.rollout.release("default", "r1");
  CHECK(rig.report().since == since);
  rig.rollout.release("default", "r2");
  CHECK(rig.report().since == rig.clock.wall());
}

TEST_CASE("the counts agree with the namespaces whatever happens", "[controller][rollout]") {
  test::Dice dice(4720);
  Rig rig;
  rig.rollout.expect({});
  std::map<std::string, CopyReport> truth;
  std::string current;
  const Words namespaces{"a", "b", "c", "d", "e", "f"};
  const std::vector<Standing> without{Standing::kConflict, Standing::kNotAllowed,
                                      Standing::kMistake, Standing::kPending};
  for (int round = 0; round < 20'000; ++round) {
    const auto ns = dice.pick(namespaces);
    const auto revision = "r" + std::to_string(round / 50 + static_cast<int>(dice.below(3)));
    if (dice.once_in(20)) {
      rig.rollout.release("default", current = revision);
    } else if (dice.once_in(4)) {
      truth.erase(ns);
      rig.rollout.forget(ns);
    } else {
      CopyReport report{"default", Standing::kInPlace, "", revision};
      if (dice.once_in(3)) report = {"default", dice.pick(without), "", ""};
      truth[ns] = report;
      rig.rollout.seen(ns, {report});
    }
    std::size_t on_it = 0;
    std::size_t behind = 0;
    for (const auto& [name, report] : truth) {
      if (!report.revision.empty() && report.revision == current) ++on_it;
      if (report.revision.empty() ? report.standing == Standing::kPending
                                  : report.revision != current) {
        ++behind;
      }
    }
    const auto report = rig.report();
    REQUIRE(report.current == on_it);
    REQUIRE(report.behind == behind);
    REQUIRE(report.current + report.behind + report.left_out == truth.size());
    REQUIRE(rig.rollout.complete("default", current) == (behind == 0 && !current.empty()));
  }
}

TEST_CASE("what a person is told", "[controller][rollout]") {
  const Rollout::Completed completed{"default", "5ccc3e7cbbb3", 12, "0b1c2d3e4f5a"};
  const auto note = note_of(completed, false);
  CHECK(note.reason == "RolledOut");
  CHECK(note.note);
  const std::string in_place =
      "revision 5ccc3e7cbbb3 of credential \"default\" is in place in all 12 namespaces that use "
      "it. ";
  CHECK(note.message ==
        in_place + "The key of revision 0b1c2d3e4f5a, which it replaced, is safe to revoke.");
  CHECK(note_of(completed, true).message ==
        in_place +
            "The key of revision 0b1c2d3e4f5a, which it replaced, is not needed any more; the "
            "operator disables and deletes those that it made.");
}

TEST_CASE("no revision is named that this process did not hand out", "[controller][rollout]") {
  Rig rig;
  rig.found_in_place({"shop", "web"});
  rig.in_place("web", "in force\x1b[2J", "r1");  // he wrote it into his copy
  rig.rollout.release("default", "r2");
  rig.in_place("shop", "r1", "r2");
  rig.in_place("web", "the key of everybody", "r2");
  CHECK(rig.told == Words{"default r2 2 instead of r1"});
}

TEST_CASE("who waits for a roll-out hears of one that a restart finds in place",
          "[controller][rollout]") {
  test::FakeClock clock;
  Metrics metrics{"v", "r"};
  controller::Rollout rollout({"default"}, clock, metrics);
  std::vector<std::string> in_place;
  int completed = 0;
  rollout.listen([&](const auto&) { ++completed; },
                 [&](const std::string& credential) { in_place.push_back(credential); });
  const plan::CopyReport there{"default", plan::Standing::kInPlace, "r1", "r1"};
  rollout.release("default", "r1");
  rollout.expect({"shop", "blog"});
  rollout.seen("shop", {there});
  CHECK(in_place.empty());
  rollout.seen("blog", {there});
  CHECK(in_place == std::vector<std::string>{"default"});
  CHECK(rollout.complete("default", "r1"));
  CHECK(completed == 0);
  rollout.seen("blog", {there});
  CHECK(in_place.size() == 1);
}

}  // namespace rollout_test
