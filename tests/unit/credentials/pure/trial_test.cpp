// The table of docs/decisions/0013-host-proof-rules.md, row by row.
#include "credentials/pure/trial.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace trial_test {

using namespace icrps::credentials;
namespace iam = icrps::iam;

namespace {

using RefusalKind = iam::Refusal::Kind;
using VerdictKind = Verdict::Kind;

enum class Say { kNothing, kYes, kNo, kSilent };

Answer said(Say what, const std::string& who) {
  if (what == Say::kYes) return {};
  iam::Refusal refusal;
  refusal.kind = what == Say::kNo ? RefusalKind::kPolicy : RefusalKind::kUnknown;
  refusal.message = who;
  return tl::unexpected(refusal);
}

/// What a host says of the new login, and of the one in force when it is asked.
struct Host {
  Say fresh = Say::kNothing;
  Say in_force = Say::kNothing;
  bool worked = false;
};

Trial trial_of(Against against, const std::vector<Host>& hosts, bool patience_over = false) {
  Trial trial;
  trial.against = against;
  trial.patience_over = patience_over;
  char name = 'a';
  for (const auto& host : hosts) {
    const std::string place(1, name++);
    auto& made = trial.places[place];
    made.worked = host.worked;
    if (host.fresh != Say::kNothing) made.answer = said(host.fresh, place);
    if (host.in_force != Say::kNothing) made.in_force = said(host.in_force, place);
  }
  return trial;
}

struct Row {
  const char* name;
  Against against;
  std::vector<Host> hosts;
  VerdictKind expected;
  const char* why = "";
  bool patience_over = false;
};

constexpr Host kTakes{Say::kYes};
constexpr Host kRefuses{Say::kNo};
constexpr Host kSaysNothing{Say::kSilent};
constexpr Host kAsked{};

}  // namespace

TEST_CASE("the verdict on a new login, by the rows of the table", "[credentials][trial]") {
  const std::vector<Row> table{
      {"nobody asks for it: IAM's word is enough", Against::kNothing, {}, VerdictKind::kHandOut},
      {"the same, something lasting in force", Against::kLasting, {}, VerdictKind::kHandOut},

      // What expires is in force, or nothing.
      {"one yes hands out", Against::kExpiring, {kTakes}, VerdictKind::kHandOut},
      {"one yes, whatever the others say",
       Against::kExpiring,
       {kRefuses, kTakes, kRefuses, kSaysNothing},
       VerdictKind::kHandOut},
      {"one yes, before the others have said anything",
       Against::kExpiring,
       {kAsked, kTakes, kAsked},
       VerdictKind::kHandOut},
      {"a first key: one restricted host of many",
       Against::kNothing,
       {kTakes, kRefuses, kTakes},
       VerdictKind::kHandOut},
      {"a no alone", Against::kExpiring, {kRefuses}, VerdictKind::kNo, "a"},
      {"a no alone, near the end", Against::kEnding, {kRefuses}, VerdictKind::kNo, "a"},
      {"nos and silence", Against::kNothing, {kSaysNothing, kRefuses}, VerdictKind::kNo, "b"},
      {"a yes may still come", Against::kNothing, {kRefuses, kAsked}, VerdictKind::kWait},
      {"all silent", Against::kNothing, {kSaysNothing, kSaysNothing}, VerdictKind::kUnknown, "a"},
      {"all silent, an end far off",
       Against::kExpiring,
       {kSaysNothing},
       VerdictKind::kUnknown,
       "a"},
      {"all silent, the end is near: IAM's word is enough",
       Against::kEnding,
       {kSaysNothing, kSaysNothing},
       VerdictKind::kHandOut},
      {"the end is near, and a yes may still come",
       Against::kEnding,
       {kSaysNothing, kAsked},
       VerdictKind::kWait},

      // What does not expire is in force.
      {"all say yes", Against::kLasting, {kTakes, kTakes}, VerdictKind::kHandOut},
      {"refused where the old one works now",
       Against::kLasting,
       {kTakes, {Say::kNo, Say::kYes}},
       VerdictKind::kNo,
       "b"},
      {"the same, before others have answered",
       Against::kLasting,
       {kAsked, {Say::kNo, Say::kYes}},
       VerdictKind::kNo,
       "b"},
      {"refused where the old one is refused too: a doubt",
       Against::kLasting,
       {kTakes, {Say::kNo, Say::kNo}},
       VerdictKind::kHandOut},
      {"the old one has not been asked yet",
       Against::kLasting,
       {kTakes, kRefuses},
       VerdictKind::kWait},
      {"refused where the old one never worked and is not answered",
       Against::kLasting,
       {kTakes, {Say::kNo, Say::kSilent}},
       VerdictKind::kHandOut},
      {"refused where the old one worked and is not answered: again, soon",
       Against::kLasting,
       {kTakes, {Say::kNo, Say::kSilent, true}},
       VerdictKind::kUnknown,
       "b"},
      {"both are refused everywhere",
       Against::kLasting,
       {{Say::kNo, Say::kNo}, {Say::kNo, Say::kNo}},
       VerdictKind::kNo,
       "a"},
      {"a silent host decides nothing",
       Against::kLasting,
       {kTakes, kSaysNothing},
       VerdictKind::kHandOut},
      {"silent hosts alone decide nothing",
       Against::kLasting,
       {kSaysNothing},
       VerdictKind::kUnknown,
       "a"},
      {"a host where the old one works is waited for",
       Against::kLasting,
       {kTakes, {Say::kNothing, Say::kNothing, true}},
       VerdictKind::kWait,
       "",
       true},
      {"one of which nothing is known is waited for a moment",
       Against::kLasting,
       {kTakes, kAsked},
       VerdictKind::kWait},
      {"and no longer", Against::kLasting, {kTakes, kAsked}, VerdictKind::kHandOut, "", true},
  };
  for (const auto& row : table) {
    DYNAMIC_SECTION(row.name) {
      const auto verdict = verdict_of(trial_of(row.against, row.hosts, row.patience_over));
      CHECK(static_cast<int>(verdict.kind) == static_cast<int>(row.expected));
      CHECK((verdict.why ? verdict.why->message : "") == row.why);
      if (verdict.kind == VerdictKind::kUnknown) CHECK(verdict.why->kind == RefusalKind::kUnknown);
    }
  }
}

TEST_CASE("where a new key is refused the host is asked about the old one",
          "[credentials][trial]") {
  const auto verdict = verdict_of(trial_of(
      Against::kLasting, {kRefuses, kTakes, {Say::kNo, Say::kNo}, kSaysNothing, kRefuses}));
  CHECK(verdict.compare == icrps::icr::Hosts{"a", "e"});
  for (const auto against : {Against::kNothing, Against::kExpiring, Against::kEnding}) {
    CHECK(verdict_of(trial_of(against, {kRefuses, kAsked})).compare.empty());
  }
}

TEST_CASE("an answer never turns a hand-out back, nor a no where the old one works",
          "[credentials][trial]") {
  // Whatever comes in afterwards: the verdict was right to come when it did.
  const std::vector<Host> later{kTakes, kRefuses, kSaysNothing, {Say::kNo, Say::kNo}};
  for (const auto& host : later) {
    auto expiring = trial_of(Against::kExpiring, {kTakes, host});
    CHECK(verdict_of(expiring).kind == VerdictKind::kHandOut);
    auto lasting = trial_of(Against::kLasting, {{Say::kNo, Say::kYes}, host});
    CHECK(verdict_of(lasting).kind == VerdictKind::kNo);
  }
}

}  // namespace trial_test
