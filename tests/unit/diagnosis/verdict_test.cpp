// From facts to the verdict, case by case.
#include "diagnosis/verdict.hpp"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime/timestamp.hpp"

namespace verdict_test {

using namespace icrps;
using namespace icrps::diagnosis;
using Answer = Entry::Answer;
using State = PullSecret::State;
using Catch::Matchers::Contains;

namespace {

Facts waiting(Symptom symptom) {
  Facts facts;
  facts.ns = "shop";
  facts.pod = "web-1";
  facts.image = "us.icr.io/team/app:1";
  facts.symptom = symptom;
  facts.said = "the kubelet's words";
  facts.now = *parse_rfc3339("2026-11-23T06:20:44Z");
  return facts;
}

Entry entry(Answer answer) {
  return {"icr-default", "us.icr.io", "iamapikey", {}, answer, "us.icr.io: 401"};
}

struct Case {
  std::string name;
  Symptom symptom;
  std::function<void(Facts&)> more;
  std::string word;
  std::string why;
};

const auto kNothing = [](Facts&) {};

std::function<void(Facts&)> with(std::vector<Answer> answers) {
  return [answers = std::move(answers)](Facts& facts) {
    for (const auto answer : answers) facts.entries.push_back(entry(answer));
  };
}

std::function<void(Facts&)> secret(State state) {
  return [state](Facts& facts) { facts.secrets = {{"mine", state, "holds nonsense"}}; };
}

std::function<void(Facts&)> gap(Gap gap) {
  return [gap](Facts& facts) { facts.gap = {gap, "the reason", "the command"}; };
}

}  // namespace

TEST_CASE("each set of facts has its verdict", "[diagnosis][verdict]") {
  const std::vector<Case> cases{
      {"it runs", Symptom::kNone, [](Facts& facts) { facts.started = true; }, "fine", ""},
      {"nothing was said", Symptom::kNone, kNothing, "not_started", ""},
      // what the node knows
      {"a name that is none", Symptom::kBadName, kNothing, "bad_image_name", "team/app:1"},
      {"never pull", Symptom::kNeverPull, with({Answer::kGood}), "never_pulled", ""},
      {"a signature", Symptom::kSignature, kNothing, "signature_refused", ""},
      {"a full disk", Symptom::kNodeDisk, with({Answer::kGood}), "node_disk_full", ""},
      {"a Secret that can't be read, by name", Symptom::kUnknown, secret(State::kBroken),
       "broken_secret", "Secret mine can't be read (holds nonsense), and then the kubelet"},
      {"a Secret that can't be read, by the kubelet", Symptom::kBrokenSecret, with({Answer::kGood}),
       "broken_secret", "the kubelet's words"},
      // an entry that was asked about
      {"a login that works", Symptom::kRefused, with({Answer::kGood}), "works_now",
       "the entry \"us.icr.io\" of Secret icr-default (user \"iamapikey\") may "
       "pull the image now"},
      {"the second of two works", Symptom::kRefused, with({Answer::kRefused, Answer::kGood}),
       "works_now", ""},
      {"refused", Symptom::kRefused, with({Answer::kRefused}), "login_refused", "us.icr.io: 401"},
      {"refused, whatever the kubelet saw", Symptom::kUnavailable, with({Answer::kRefused}),
       "login_refused", ""},
      {"no access", Symptom::kDenied, with({Answer::kDenied}), "no_access", "is a good login"},
      {"the one that got furthest counts", Symptom::kDenied,
       with({Answer::kRefused, Answer::kDenied, Answer::kUnsure}), "no_access", ""},
      {"no such image", Symptom::kNotFound, with({Answer::kNotFound}), "image_not_found", ""},
      {"expired", Symptom::kRefused,
       [](Facts& facts) {
         facts.entries = {entry(Answer::kRefused)};
         facts.entries[0].expires_at = facts.now - std::chrono::hours(1);
       },
       "login_expired", "expired at 2026-11-23T05:20:44Z"},
      {"another platform", Symptom::kPlatform,
       [](Facts& facts) {
         facts.entries = {entry(Answer::kGood)};
         facts.node_platform = "linux/s390x";
       },
       "wrong_platform", "not for the node's platform, linux/s390x"},
      // the way to the registry, from the node
      {"no connection", Symptom::kNoAnswer, with({Answer::kGood}), "no_connection", ""},
      {"no address", Symptom::kNoSuchHost, kNothing, "no_such_host", ""},
      {"a certificate", Symptom::kCertificate, with({Answer::kGood}), "certificate_not_trusted",
       ""},
      {"private only", Symptom::kPrivateOnly, with({Answer::kGood}), "private_only", ""},
      {"a quota", Symptom::kQuota, with({Answer::kUnsure}), "quota_exceeded", ""},
      {"too many requests, still", Symptom::kThrottled, with({Answer::kUnsure}), "throttled", ""},
      {"too many requests, over", Symptom::kThrottled, with({Answer::kGood}), "works_now", ""},
      {"the registry's trouble", Symptom::kUnavailable, kNothing, "registry_unavailable", ""},
      // nobody could be asked
      {"refused, by the kubelet", Symptom::kRefused, with({Answer::kNotAsked}), "login_refused",
       ""},
      {"denied, by the kubelet", Symptom::kDenied, with({Answer::kUnsure}), "no_access", ""},
      {"not found, by the kubelet", Symptom::kNotFound, with({Answer::kUnsure}), "image_not_found",
       ""},
      {"nobody knows", Symptom::kUnknown, with({Answer::kUnsure}), "unknown",
       "the kubelet's words"},
      // no entry
      {"a public image that is not there", Symptom::kNotFound, gap(Gap::kForeignHost),
       "image_not_found", ""},
      {"not opted in", Symptom::kAnonymous, gap(Gap::kNotOptedIn), "not_opted_in", "the reason"},
      {"a mistake", Symptom::kAnonymous, gap(Gap::kMistake), "annotation_mistake", "the reason"},
      {"not this region", Symptom::kAnonymous, gap(Gap::kRegionNotAskedFor), "region_not_asked_for",
       ""},
      {"not allowed", Symptom::kAnonymous, gap(Gap::kNotAllowed), "credential_not_allowed", ""},
      {"limits of regions", Symptom::kAnonymous, gap(Gap::kRegionNotInLimits),
       "region_not_in_limits", ""},
      {"limits of namespaces", Symptom::kAnonymous, gap(Gap::kNamespaceNotInLimits),
       "registry_namespace_not_in_limits", ""},
      {"a conflict", Symptom::kAnonymous, gap(Gap::kConflict), "secret_conflict", ""},
      {"nobody at work", Symptom::kAnonymous, gap(Gap::kOperatorNotRunning), "operator_not_running",
       ""},
      {"not there yet", Symptom::kAnonymous, gap(Gap::kPending), "not_there_yet", ""},
      {"not this account", Symptom::kAnonymous, gap(Gap::kAccountNotServed), "account_not_served",
       ""},
      {"an old pod", Symptom::kAnonymous, gap(Gap::kPodTooOld), "pod_too_old", ""},
      {"its own list", Symptom::kAnonymous, gap(Gap::kPodsOwnList), "pod_has_own_list", ""},
      {"another registry", Symptom::kAnonymous, gap(Gap::kForeignHost), "foreign_registry", ""},
      {"a Secret that is not there", Symptom::kAnonymous, secret(State::kMissing), "secret_missing",
       "the pod names Secret mine, which does not exist in namespace shop"},
      {"a Secret that is passed over", Symptom::kAnonymous, secret(State::kPassedOver),
       "secret_not_usable", "Secret mine holds nonsense, so that the kubelet passes it over"},
      {"a Secret that nobody may read", Symptom::kAnonymous, secret(State::kUnread), "unknown",
       "Secret mine could not be looked at"},
      {"no login at all", Symptom::kAnonymous, kNothing, "no_login", ""},
  };
  std::set<std::string> seen;
  for (const auto& one : cases) {
    auto facts = waiting(one.symptom);
    one.more(facts);
    const auto verdict = verdict_of(facts);
    INFO(one.name);
    CHECK(verdict.word == one.word);
    CHECK_THAT(verdict.why, Contains(one.why));
    CHECK((verdict.fine || !verdict.next.empty()));
    seen.insert(std::string(verdict.word));
  }
  const auto& words = verdict_words();
  CHECK(seen == std::set<std::string>(words.begin(), words.end()));
}

TEST_CASE("an image that is asked about is fine when a login may pull it", "[diagnosis][verdict]") {
  auto facts = waiting(Symptom::kNone);
  facts.imagined = true;
  facts.entries = {entry(Answer::kGood)};
  const auto verdict = verdict_of(facts);
  CHECK(verdict.word == "fine");
  CHECK(verdict.fine);
}

}  // namespace verdict_test
