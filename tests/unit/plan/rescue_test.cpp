// Pods that were too early: which of them are made anew.
#include "plan/rescue.hpp"

#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "unit/support/facts.hpp"

namespace rescue_test {

using namespace icrps;
using namespace icrps::plan;
using Remedy = Verdict::Remedy;

namespace {

/// Shop is served for Dallas; its account has been attached.
Facts served() {
  auto facts = test::facts({{"regions", "us-south"}});
  facts.credentials[0].copy = test::copy_for(*facts.credentials[0].material, {"us.icr.io"});
  facts.accounts[0].second.pull_secrets = {"other", "icr-default"};
  return facts;
}

References references(const Facts& facts) {
  return references_of(facts, test::default_rules());
}

/// A pod of a controller that was made before that.
PodFacts early_pod() {
  PodFacts pod;
  pod.name = "web-1";
  pod.uid = "uid-1";
  pod.pending = true;
  pod.controlled = true;
  pod.service_account = "default";
  pod.pull_secrets = {"other"};
  pod.failing_images = {"us.icr.io/team/app:1"};
  return pod;
}

}  // namespace

TEST_CASE("which pods are evicted, told about, left alone", "[plan][rescue]") {
  struct Case {
    const char* name;
    std::function<void(PodFacts&)> change;
    Remedy remedy;
    std::string why;
  };
  const auto known = references(served());
  for (const auto& [name, change, remedy, why] : std::vector<Case>{
           {"too early", [](auto&) {}, Remedy::kEvict, ""},
           {"without any pull secret", [](auto& pod) { pod.pull_secrets.clear(); }, Remedy::kEvict,
            ""},
           {"one image of several is ours",
            [](auto& pod) { pod.failing_images = {"quay.io/a/b", "us.icr.io/a/b@sha256:0"}; },
            Remedy::kEvict, ""},
           {"bare", [](auto& pod) { pod.controlled = false; }, Remedy::kTellOwner, ""},
           {"mirror of a static pod", [](auto& pod) { pod.mirror = true; }, Remedy::kTellOwner, ""},
           {"being deleted", [](auto& pod) { pod.terminating = true; }, Remedy::kLeaveAlone,
            "it is being deleted"},
           {"running", [](auto& pod) { pod.pending = false; }, Remedy::kLeaveAlone,
            "it is not pending"},
           {"waits for something else", [](auto& pod) { pod.failing_images.clear(); },
            Remedy::kLeaveAlone, "it waits for no image"},
           {"another account", [](auto& pod) { pod.service_account = "builder"; },
            Remedy::kLeaveAlone, "its service account is not served"},
           {"no account", [](auto& pod) { pod.service_account.clear(); }, Remedy::kLeaveAlone,
            "its service account is not served"},
           {"another registry", [](auto& pod) { pod.failing_images = {"quay.io/team/app:1"}; },
            Remedy::kLeaveAlone, "its image is of no host of ours"},
           {"another region", [](auto& pod) { pod.failing_images = {"de.icr.io/team/app:1"}; },
            Remedy::kLeaveAlone, "its image is of no host of ours"},
           {"a host that begins alike",
            [](auto& pod) { pod.failing_images = {"us.icr.io.example.com/a", "us.icr.io:5000/a"}; },
            Remedy::kLeaveAlone, "its image is of no host of ours"},
           {"no host at all", [](auto& pod) { pod.failing_images = {"us.icr.io", "app"}; },
            Remedy::kLeaveAlone, "its image is of no host of ours"},
           {"has the reference", [](auto& pod) { pod.pull_secrets.emplace_back("icr-default"); },
            Remedy::kLeaveAlone, "it has the reference"}}) {
    DYNAMIC_SECTION(name) {
      auto pod = early_pod();
      change(pod);
      const auto verdict = judge(pod, known);
      CHECK(verdict.remedy == remedy);
      CHECK(verdict.why == why);
      CHECK(verdict.image.empty() == (remedy == Remedy::kLeaveAlone));
    }
  }
}

TEST_CASE("a verdict names the image and the Secret", "[plan][rescue]") {
  auto pod = early_pod();
  pod.failing_images.insert(pod.failing_images.begin(), "quay.io/a/b");
  const auto verdict = judge(pod, references(served()));
  CHECK(verdict.image == "us.icr.io/team/app:1");
  CHECK(verdict.secret == "icr-default");
}

TEST_CASE("a credential for some registry namespaces helps with their images only",
          "[plan][rescue]") {
  auto facts = served();
  Limits limits;
  limits.registry_namespaces = {"team"};
  test::limit(facts.credentials[0], limits);
  const auto known = references(facts);
  auto pod = early_pod();
  CHECK(judge(pod, known).remedy == Remedy::kEvict);
  for (const auto* const image : {"us.icr.io/teams/app:1", "us.icr.io/team", "us.icr.io/other/a"}) {
    pod.failing_images = {image};
    CHECK(judge(pod, known).remedy == Remedy::kLeaveAlone);
  }
}

TEST_CASE("one credential that the pod lacks is enough", "[plan][rescue]") {
  auto facts = served();
  test::annotate(facts, "credentials", "default,team");
  facts.credentials.push_back({"team", test::material("key-2", "team"),
                               test::copy_for(*test::material(), {"us.icr.io"}, "team")});
  auto pod = early_pod();
  pod.pull_secrets = {"icr-default"};
  SECTION("it is attached") {
    facts.accounts[0].second.pull_secrets.emplace_back("icr-team");
    CHECK(judge(pod, references(facts)).secret == "icr-team");
  }
  SECTION("it is not attached yet: a new pod would lack it too") {
    CHECK(judge(pod, references(facts)).remedy == Remedy::kLeaveAlone);
  }
}

TEST_CASE("what a new pod would get", "[plan][rescue]") {
  auto facts = served();
  const References expected{{"default", {{"icr-default", {"us.icr.io"}}}}};
  SECTION("the copy, where it is attached") {
    facts.accounts.emplace_back("builder", test::account_facts());
    facts.accounts.emplace_back("tester", test::account_facts({"icr-default"}));
    CHECK(references(facts) == expected);  // nobody asked for tester, whose entry is on its way out
    test::annotate(facts, "service-accounts", "*");
    CHECK(references(facts).size() == 2);
  }
  SECTION("with a mistake in the annotation, what is in force") {
    test::annotate(facts, "service-accounts", "No Account");
    CHECK(references(facts) == expected);
    test::annotate(facts, "regions", "atlantis");
    CHECK(references(facts) == expected);
  }
  SECTION("hosts of the credential's own") {
    Limits limits;
    limits.fixed_hosts = {"cp.icr.io"};
    test::limit(facts.credentials[0], limits);
    facts.credentials[0].copy->hosts = "cp.icr.io";
    CHECK(references(facts).at("default").at(0).keys == std::set<std::string>{"cp.icr.io"});
  }
}

TEST_CASE("what a new pod would get of an admission policy", "[plan][rescue]") {
  auto facts = served();
  facts.accounts[0].second.pull_secrets.clear();
  facts.accounts.emplace_back("builder", test::account_facts());
  auto rules = test::default_rules();
  rules.attach = Attach::kPodsOnly;
  CHECK(references_of(facts, rules) == References{{"default", {{"icr-default", {"us.icr.io"}}}}});
  test::annotate(facts, "service-accounts", "*");
  CHECK(references_of(facts, rules).size() == 2);
  test::annotate(facts, "service-accounts", "No Account");
  CHECK(references_of(facts, rules).empty());
}

TEST_CASE("a namespace that takes part by the configuration is no other", "[plan][rescue]") {
  auto facts = served();
  facts.ns.annotations.clear();
  auto rules = test::default_rules();
  CHECK(references_of(facts, rules).empty());
  rules.defaults.opt_in.mode = OptIn::Mode::kAll;
  rules.defaults.opt_in.regions = "us-south";
  CHECK(references_of(facts, rules).size() == 1);
}

TEST_CASE("a new pod would get nothing", "[plan][rescue]") {
  auto facts = served();
  SECTION("not opted in") {
    facts.ns.annotations.clear();
  }
  SECTION("opted out") {
    test::annotate(facts, "regions", "none");
  }
  SECTION("the namespace is going") {
    facts.ns.terminating = true;
  }
  SECTION("no copy") {
    facts.credentials[0].copy.reset();
  }
  SECTION("somebody else's Secret") {
    facts.credentials[0].copy = test::foreign_secret();
  }
  SECTION("the copy is going") {
    facts.credentials[0].copy->terminating = true;
  }
  SECTION("the copy has another type") {
    facts.credentials[0].copy->right_type = false;
  }
  SECTION("the copy is for nothing") {
    facts.credentials[0].copy->hosts = " ,";
  }
  SECTION("another credential is asked for") {
    facts.credentials.push_back({"team", nullptr, std::nullopt});
    test::annotate(facts, "credentials", "team");
  }
  SECTION("the account is not selected") {
    test::annotate(facts, "service-accounts", "none");
  }
  SECTION("the account is going") {
    facts.accounts[0].second.terminating = true;
  }
  SECTION("not attached") {
    facts.accounts[0].second.pull_secrets.clear();
  }
  CHECK(judge(early_pod(), references(facts)).remedy == Remedy::kLeaveAlone);
}

}  // namespace rescue_test
