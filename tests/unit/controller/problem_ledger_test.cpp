#include "controller/problem_ledger.hpp"

#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace problem_ledger_test {

using namespace icrps;
using namespace icrps::controller;
using namespace std::chrono_literals;

namespace {

using Words = std::vector<std::string>;

plan::Problem problem(const std::string& message, bool patience = false) {
  plan::Problem problem;
  problem.reason = "Reason";
  problem.message = message;
  problem.patience = patience;
  return problem;
}

struct Rig {
  /// "message xCount" of what is to be reported.
  Words update(const std::vector<plan::Problem>& problems, const std::string& ns = "shop") {
    const auto news = ledger.update(ns, problems, now);
    look_again = news.look_again;
    Words lines;
    for (const auto& due : news.report) {
      lines.push_back(due.problem.message + " x" + std::to_string(due.count));
    }
    return lines;
  }

  ProblemLedger ledger;
  Clock::Instant now{1h};
  std::optional<std::chrono::milliseconds> look_again;
};

const auto kA = problem("a");
const auto kB = problem("b");
const auto kPatient = problem("p", true);

}  // namespace

TEST_CASE("a problem is reported once while it lasts", "[controller][ledger]") {
  Rig rig;
  CHECK(rig.update({kA}) == Words{"a x1"});
  CHECK(rig.update({kA}).empty());
  rig.now += 10h;
  CHECK(rig.update({kA}).empty());
  CHECK_FALSE(rig.look_again);
}

TEST_CASE("problems are told apart by every word", "[controller][ledger]") {
  Rig rig;
  CHECK(rig.update({kA, kB}) == Words{"a x1", "b x1"});
  auto other_reason = kA;
  other_reason.reason = "Other";
  CHECK(rig.update({kA, kB, other_reason, problem("a more")}) == Words{"a x1", "a more x1"});
}

TEST_CASE("a problem that comes back is reported again, and counted", "[controller][ledger]") {
  Rig rig;
  CHECK(rig.update({kA}) == Words{"a x1"});
  CHECK(rig.update({}).empty());
  CHECK(rig.update({kA}) == Words{"a x2"});
  CHECK(rig.update({kB}) == Words{"b x1"});
  CHECK(rig.update({kA, kB}) == Words{"a x3"});
}

TEST_CASE("a note is of its own time: it is reported each time, and counted",
          "[controller][ledger]") {
  Rig rig;
  auto note = problem("n");
  note.note = true;
  CHECK(rig.update({note}) == Words{"n x1"});
  CHECK(rig.update({note, kA}) == Words{"n x2", "a x1"});
  CHECK(rig.update({kA}).empty());
  CHECK(rig.update({kA, note}) == Words{"n x3"});
}

TEST_CASE("notes without end are told no more often than problems", "[controller][ledger]") {
  Rig rig;
  auto note = problem("n");
  note.note = true;
  std::size_t told = 0;
  for (int i = 0; i < 600; ++i) {
    told += rig.update({note}).size();
    rig.now += 1s;
  }
  CHECK(told == kMostAtOnce + 9);
}

TEST_CASE("each namespace has its own problems", "[controller][ledger]") {
  Rig rig;
  CHECK(rig.update({kA}, "shop") == Words{"a x1"});
  CHECK(rig.update({kA}, "web") == Words{"a x1"});
  rig.ledger.forget("shop");
  CHECK(rig.update({kA}, "shop") == Words{"a x1"});
  CHECK(rig.update({kA}, "web").empty());
}

TEST_CASE("a problem that usually passes is reported only when it lasts", "[controller][ledger]") {
  Rig rig;
  CHECK(rig.update({kPatient}).empty());
  CHECK(rig.look_again == 30s);
  rig.now += 20s;
  CHECK(rig.update({kPatient}).empty());
  CHECK(rig.look_again == 10s);
  rig.now += 10s;
  CHECK(rig.update({kPatient}) == Words{"p x1"});
  CHECK_FALSE(rig.look_again);
  CHECK(rig.update({kPatient}).empty());
}

TEST_CASE("look_again is never too early", "[controller][ledger]") {
  Rig rig;
  rig.update({kPatient});
  rig.now += 1ns;
  rig.update({kPatient});
  rig.now += *rig.look_again;
  CHECK(rig.update({kPatient}) == Words{"p x1"});
}

TEST_CASE("a problem that passed in time was never there", "[controller][ledger]") {
  Rig rig;
  rig.update({kPatient});
  rig.now += 29s;
  CHECK(rig.update({}).empty());
  rig.now += 1s;
  CHECK(rig.update({kPatient}).empty());  // patience begins anew
  CHECK(rig.look_again == 30s);
  rig.now += 30s;
  CHECK(rig.update({kPatient}) == Words{"p x1"});
}

TEST_CASE("the next look is at the problem that is due first", "[controller][ledger]") {
  Rig rig;
  rig.update({kPatient});
  rig.now += 10s;
  CHECK(rig.update({kPatient, problem("q", true), kA}) == Words{"a x1"});
  CHECK(rig.look_again == 20s);
}

TEST_CASE("a namespace in order costs nothing", "[controller][ledger]") {
  Rig rig;
  for (int i = 0; i < 100; ++i) rig.update({}, std::to_string(i));
  CHECK(rig.ledger.size() == 0);
  rig.update({kA});
  CHECK(rig.ledger.size() == 1);
  rig.ledger.forget("shop");
  CHECK(rig.ledger.size() == 0);
}

TEST_CASE("a namespace with ever new problems does not grow without end", "[controller][ledger]") {
  Rig rig;
  for (int i = 0; i < 10'000; ++i) {
    rig.now += kBetween;
    CHECK(rig.update({problem(std::to_string(i))}).size() == 1);
  }
  CHECK(rig.ledger.size() == 1);
  // What is long gone is forgotten, what went lately is counted on.
  CHECK(rig.update({problem("0")}) == Words{"0 x1"});
  CHECK(rig.update({problem("9999")}) == Words{"9999 x2"});
}

TEST_CASE("a namespace with ever new problems is told a few, then one a minute",
          "[controller][ledger]") {
  Rig rig;
  std::size_t told = 0;
  const auto flood = [&](int count) {
    for (int i = 0; i < count; ++i) {
      rig.now += 6ms;
      told += rig.update({problem(std::to_string(i))}).size();
    }
    return std::exchange(told, 0);
  };
  CHECK(flood(1'000) == kMostAtOnce);
  CHECK(flood(50'000) == 5);  // five minutes
  CHECK(rig.update({kA}, "web") == Words{"a x1"});
  rig.update({});
  rig.now += kBetween * kMostAtOnce;
  CHECK(flood(1'000) == kMostAtOnce);
}

TEST_CASE("the same problem that comes and goes is told no more often", "[controller][ledger]") {
  Rig rig;
  std::size_t told = 0;
  for (int i = 0; i < 1'000; ++i) {
    told += rig.update({kA}).size();
    rig.update({});
  }
  CHECK(told == kMostAtOnce);
}

TEST_CASE("what lasts is told in the end, also after a flood", "[controller][ledger]") {
  Rig rig;
  for (int i = 0; i < 1'000; ++i) rig.update({problem(std::to_string(i))});
  CHECK(rig.update({kA}).empty());
  REQUIRE(rig.look_again);
  CHECK(*rig.look_again <= kBetween);
  rig.now += *rig.look_again;
  CHECK(rig.update({kA}) == Words{"a x1"});
  CHECK(rig.update({kA}).empty());
  CHECK_FALSE(rig.look_again);
}

}  // namespace problem_ledger_test
