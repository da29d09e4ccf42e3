// Why there is no login: one thing is wrong at a time.
#include "diagnosis/gap.hpp"

#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "plan/names.hpp"

namespace gap_test {

using namespace icrps;
using namespace icrps::diagnosis;
using Catch::Matchers::Contains;

namespace {

/// All is well but for the pod, which was created before its account had the
/// reference.
GapFacts in_place() {
  GapFacts facts;
  facts.host = "us.icr.io";
  facts.repository = "team/app";
  facts.ns = plan::NamespaceFacts{};
  facts.ns->name = "shop";
  facts.ns->annotations = {{std::string(plan::kRegions), "us-south"}};
  facts.rules.regions = icr::RegionTable::builtin();
  facts.rules.known_hosts = facts.rules.regions.known_hosts();
  facts.rules.own_namespace = "icr-pull-secrets";
  plan::CopyFacts copy;
  copy.ours = true;
  copy.right_type = true;
  copy.hosts = "us.icr.io";
  facts.credentials = {{"default", {}, copy}};
  facts.account = "default";
  facts.account_secrets = std::vector<std::string>{"icr-default"};
  facts.operator_state = OperatorState::kRuns;
  return facts;
}

struct Case {
  std::string name;
  std::function<void(GapFacts&)> spoil;
  Gap gap;
  std::string why;
  std::string next;
};

}  // namespace

TEST_CASE("each reason for a missing login is told", "[diagnosis][gap]") {
  const auto annotation = [](GapFacts& facts, std::string_view key, const std::string& value) {
    facts.ns->annotations[std::string(key)] = value;
  };
  const std::vector<Case> cases{
      {"a pod from before", [](auto&) {}, Gap::kPodTooOld,
       "service account default names Secret icr-default now, but the pod was "
       "created before and "
       "does not get it any more",
       "kubectl rollout restart -n shop deployment/NAME, or delete the pod"},
      {"a Secret of another name",
       [](auto& facts) {
         facts.credentials[0].secret = "all-icr-io";
         facts.account_secrets = std::vector<std::string>{"all-icr-io"};
       },
       Gap::kPodTooOld, "service account default names Secret all-icr-io now", "kubectl rollout"},
      {"another registry", [](auto& facts) { facts.host = "ghcr.io"; }, Gap::kForeignHost,
       "\"ghcr.io\" is not a registry that icr-pull-secrets serves",
       "create secret docker-registry"},
      {"no look at the namespace", [](auto& facts) { facts.ns.reset(); }, Gap::kUnknown, "", ""},
      {"no annotation", [](auto& facts) { facts.ns->annotations.clear(); }, Gap::kNotOptedIn,
       "namespace shop does not ask for pull secrets: it has no annotation "
       "icr-pull-secrets/regions",
       "kubectl annotate namespace shop --overwrite "
       "'icr-pull-secrets/regions=us-south'"},
      {"opted out", [&](auto& facts) { annotation(facts, plan::kRegions, "none"); },
       Gap::kNotOptedIn, "does not ask for pull secrets", "icr-pull-secrets/regions=us-south"},
      {"a typing mistake", [&](auto& facts) { annotation(facts, plan::kRegions, "us-sooth"); },
       Gap::kMistake, "unknown region \"us-sooth\"", "kubectl edit namespace shop"},
      {"another region", [&](auto& facts) { annotation(facts, plan::kRegions, "eu-de"); },
       Gap::kRegionNotAskedFor,
       "annotation icr-pull-secrets/regions of namespace shop says \"eu-de\", "
       "which does not mean "
       "us.icr.io",
       "'icr-pull-secrets/regions=eu-de,us-south'"},
      {"the private host", [](auto& facts) { facts.host = "private.us.icr.io"; },
       Gap::kRegionNotAskedFor, "does not mean private.us.icr.io",
       "'icr-pull-secrets/regions=us-south,private.us.icr.io'"},
      {"a limit of namespaces",
       [](auto& facts) { facts.credentials[0].limits.namespaces = {"blog"}; }, Gap::kNotAllowed,
       "no credential that namespace shop asks for may be used there", "ask whoever runs"},
      {"a limit of regions",
       [](auto& facts) { facts.credentials[0].limits.hosts = icr::Hosts{"de.icr.io"}; },
       Gap::kRegionNotInLimits, "is for us.icr.io", "ask whoever runs"},
      {"a limit of registry namespaces",
       [](auto& facts) { facts.credentials[0].limits.registry_namespaces = {"other"}; },
       Gap::kNamespaceNotInLimits, "is for us.icr.io/team/app", "ask whoever runs"},
      {"somebody else's Secret", [](auto& facts) { facts.credentials[0].copy->ours = false; },
       Gap::kConflict, "Secret icr-default in namespace shop is somebody else's",
       "rename or delete it"},
      {"the Secret of another installation",
       [](auto& facts) {
         facts.credentials[0].copy->ours = false;
         facts.credentials[0].copy->other_installation = "icr-two";
       },
       Gap::kConflict,
       "Secret icr-default in namespace shop is that of another installation, in namespace "
       "\"icr-two\"",
       "--operator-namespace \"icr-two\""},
      {"a copy of another namespace's",
       [](auto& facts) {
         facts.credentials[0].copy->ours = false;
         facts.credentials[0].copy->other_namespace = "blog";
       },
       Gap::kConflict, "is a copy of the one that was made for namespace \"blog\"",
       "kubectl delete secret -n shop icr-default"},
      {"no copy yet", [](auto& facts) { facts.credentials[0].copy.reset(); }, Gap::kPending,
       "there is no Secret icr-default in namespace shop yet", "kubectl get events -n shop"},
      {"no copy, and nobody who writes it",
       [](auto& facts) {
         facts.credentials[0].copy.reset();
         facts.operator_state = OperatorState::kStopped;
       },
       Gap::kOperatorNotRunning, "and the operator is not running", "-n icr-pull-secrets -l app"},
      {"a copy without the host",
       [](auto& facts) { facts.credentials[0].copy->hosts = "de.icr.io"; }, Gap::kPending,
       "Secret icr-default is not for us.icr.io yet", "kubectl get events"},
      {"an account that is not served",
       [](auto& facts) {
         facts.account = "builder";
         facts.account_secrets->clear();
         facts.rules.defaults.service_accounts = {"default"};
       },
       Gap::kAccountNotServed, "pods of service account builder do not get Secret icr-default",
       "'icr-pull-secrets/service-accounts=default,builder'"},
      {"an account that is served soon", [](auto& facts) { facts.account_secrets->clear(); },
       Gap::kPending, "service account default does not name Secret icr-default yet",
       "kubectl get events"},
      {"no look at the account", [](auto& facts) { facts.account_secrets.reset(); }, Gap::kUnknown,
       "", ""},
      {"no look at the copy", [](auto& facts) { facts.credentials[0].copy_known = false; },
       Gap::kUnknown, "", ""},
      {"a list of the pod's own", [](auto& facts) { facts.pod_secrets = {"mine"}; },
       Gap::kPodsOwnList, "the pod lists imagePullSecrets of its own", "add icr-default"},
      {"a reference to a copy without the entry",
       [](auto& facts) { facts.pod_secrets = {"icr-default"}; }, Gap::kPending,
       "Secret icr-default names us.icr.io and holds no entry for it", ""},
  };
  for (const auto& one : cases) {
    DYNAMIC_SECTION(one.name) {
      auto facts = in_place();
      one.spoil(facts);
      const auto report = find_gap(facts);
      CHECK(report.gap == one.gap);
      CHECK_THAT(report.why, Contains(one.why));
      CHECK_THAT(report.next, Contains(one.next));
    }
  }
}

TEST_CASE("a credential of fixed hosts needs no region", "[diagnosis][gap]") {
  auto facts = in_place();
  facts.host = "cp.icr.io";
  facts.credentials[0].limits.fixed_hosts = {"cp.icr.io"};
  facts.credentials[0].copy->hosts = "cp.icr.io";
  CHECK(find_gap(facts).gap == Gap::kPodTooOld);
}

TEST_CASE("where the configuration was not read that is said", "[diagnosis][gap]") {
  auto facts = in_place();
  facts.rules_known = false;
  facts.ns->annotations.clear();
  CHECK_THAT(find_gap(facts).why, Contains("could not be read"));
}

}  // namespace gap_test
