// The key `optIn`, and what plans go by.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "config/rules.hpp"
#include "parse.hpp"

namespace opt_in_test {

using namespace icrps;
using namespace icrps::config;
using Operator = plan::LabelRequirement::Operator;
using Mode = plan::OptIn::Mode;

TEST_CASE("namespaces may take part by their labels", "[config][optin]") {
  const auto opt_in = parsed(kMinimal + R"(optIn:
  mode: selector
  selector: {matchLabels: {team: a}, matchExpressions: [{key: env, operator: Exists}]}
  regions: [us-south, de.icr.io]
)")
                          .opt_in;
  CHECK(opt_in.mode == Mode::kSelector);
  CHECK(opt_in.selector ==
        plan::LabelSelector{{"team", Operator::kIn, {"a"}}, {"env", Operator::kExists, {}}});
  CHECK(opt_in.regions == "us-south,de.icr.io");
  CHECK(opt_in.exclude == plan::system_namespaces());
}

TEST_CASE("namespaces may take part all at once", "[config][optin]") {
  const auto opt_in = parsed(kMinimal + "optIn: {mode: all, regions: [ALL], exclude: []}\n").opt_in;
  CHECK(opt_in.mode == Mode::kAll);
  CHECK(opt_in.regions == "ALL");
  CHECK(opt_in.exclude.empty());
}

TEST_CASE("the default may name regions that the file adds", "[config][optin]") {
  for (const auto* text : {"optIn: {mode: all, regions: [eu-xx]}\nregions: {eu-xx: xx.icr.io}\n",
                           "regions: {eu-xx: xx.icr.io}\noptIn: {mode: all, regions: [eu-xx]}\n"}) {
    CHECK(parsed(kMinimal + text).opt_in.regions == "eu-xx");
  }
}

TEST_CASE("a wrong optIn is named with file, line and what is accepted", "[config][optin]") {
  struct Case {
    std::string text, message;  // appended to a valid file of 5 lines
  };
  const std::string modes = "accepted: annotation, selector, all";
  const std::string regions =
      "accepted: a list of region ids, old names and hosts, as in the annotation; [all] for all of "
      "them";
  const std::string pattern =
      "accepted: the name of a namespace: lower-case letters, digits and inner hyphens, at most "
      "63, with * for any text and ? for any character";
  const std::string alone =
      "accepted: mode alone; mode selector or all for namespaces without the annotation";
  for (const auto& [text, message] : std::vector<Case>{
           {"optIn: all", "6: optIn is text; accepted: a map of mode, selector, regions, exclude"},
           {"optIn: {}", "6: optIn.mode is missing; " + modes},
           {"optIn: {mode: anotation}",
            "6: optIn.mode is \"anotation\" (did you mean \"annotation\"?); " + modes},
           {"optIn: {mode: All}", "6: optIn.mode is \"All\" (did you mean \"all\"?); " + modes},
           {"optIn: {mode: all, region: [all]}",
            "6: unknown key \"region\" in optIn (did you mean \"regions\"?); accepted: mode, "
            "selector, regions, exclude"},
           {"optIn: {mode: annotation, regions: [all]}",
            "6: optIn.regions stands beside mode annotation; " + alone},
           {"optIn:\n  mode: annotation\n  selector: {}",
            "8: optIn.selector stands beside mode annotation; " + alone},
           {"optIn: {mode: annotation, exclude: []}",
            "6: optIn.exclude stands beside mode annotation; " + alone},
           {"optIn: {mode: all, selector: {matchLabels: {a: b}}, regions: [all]}",
            "6: optIn.selector stands beside mode all; accepted: mode selector"},
           {"optIn: {mode: selector, regions: [all]}",
            "6: optIn.selector is missing; accepted: {matchLabels: …, matchExpressions: …}"},
           {"optIn: {mode: selector, selector: {}, regions: [all]}",
            "6: optIn.selector has no condition; accepted: at least one entry in matchLabels or "
            "matchExpressions"},
           {"optIn: {mode: all}", "6: optIn.regions is missing; " + regions},
           {"optIn: {mode: all, regions: []}", "6: optIn.regions is an empty list; " + regions},
           {"optIn: {mode: all, regions: us-south}", "6: optIn.regions is text; " + regions},
           {"optIn: {mode: all, regions: [none]}",
            "6: optIn.regions[0] is \"none\"; accepted: one region an entry; [all] for all"},
           {"optIn: {mode: all, regions: [us-south, All]}",
            "6: optIn.regions[1] is \"all\" beside other regions; accepted: [all], or regions "
            "without it"},
           {"optIn: {mode: all, regions: [us-south,'eu-de,jp-tok']}",
            "6: optIn.regions[1] is \"eu-de,jp-tok\"; accepted: one region an entry; [all] for "
            "all"},
           {"optIn: {mode: all, regions: [all], exclude: kube-system}",
            "6: optIn.exclude is text; accepted: a list of names and globs; [] for none"},
           {"optIn: {mode: all, regions: [all], exclude: [Kube]}",
            "6: optIn.exclude[0] is \"Kube\"; " + pattern}}) {
    DYNAMIC_SECTION(text) {
      CHECK(error_of(kMinimal + text + "\n") == "config.yaml:" + message);
    }
  }
  CHECK_THAT(error_of(kMinimal + "optIn: {mode: all, regions: [us-suoth]}\n"),
             Catch::StartsWith("config.yaml:6: optIn.regions[0]: unknown region \"us-suoth\"") &&
                 Catch::Contains("us-south"));
}

TEST_CASE("who asks for nothing must be given a credential that exists", "[config][optin]") {
  const std::string file =
      "apiVersion: icr-pull-secrets/v1alpha1\nkind: OperatorConfiguration\n"
      "credentials: [{name: team-b, apiKey: {secretRef: {name: s, key: k}}}]\n";
  CHECK(parsed(file).opt_in == plan::OptIn{});
  CHECK(error_of(file + "optIn: {mode: all, regions: [all]}\n") ==
        "config.yaml:4: optIn gives namespaces that ask for nothing the credential \"default\", "
        "which there isn't; accepted: mode annotation, or a credential called default");
}

TEST_CASE("plans go by the configuration and the operator's own namespace", "[config][optin]") {
  const auto config = parsed(R"(apiVersion: icr-pull-secrets/v1alpha1
kind: OperatorConfiguration
optIn: {mode: all, regions: [us-south], exclude: [kube-system]}
attach: podsOnly
conflict: adopt
endpoints: private
serviceAccounts: [builder]
credentials:
- {name: default, apiKey: {secretRef: {name: a, key: k}}}
- {name: b, accessToken: {apiKey: {secretRef: {name: b, key: k}}}}
- {name: c, refreshToken: {apiKey: {secretRef: {name: c, key: k}}}}
- {name: d, trustedProfile: {id: Profile-1}}
- {name: e, profileKey: {id: Profile-1, secretRef: {name: e, key: k}}}
- {name: f, basic: {username: cp, hosts: [cp.icr.io], password: {secretRef: {name: f, key: k}}}}
- name: g
  serviceId:
    iamId: iam-ServiceId-00000000-0000-4000-8000-000000000000
    accountId: 0123456789abcdef0123456789abcdef
    manager: {apiKey: {secretRef: {name: g, key: k}}}
)");
  const auto rules = rules_of(config, "operators");
  CHECK(rules.defaults.endpoints == icr::Endpoints::kPrivate);
  CHECK(rules.defaults.service_accounts == std::vector<std::string>{"builder"});
  CHECK(rules.attach == plan::Attach::kPodsOnly);
  CHECK(rules.conflict == plan::Conflict::kAdopt);
  CHECK(rules.own_namespace == "operators");
  CHECK(rules.sources == std::set<std::string>{"a", "b", "c", "e", "f", "g"});
  CHECK(rules.known_hosts == config.regions.known_hosts());
  const auto& opt_in = rules.defaults.opt_in;
  CHECK(takes_part(opt_in, "shop", {}));
  CHECK_FALSE(takes_part(opt_in, "kube-system", {}));
  CHECK_FALSE(takes_part(opt_in, "operators", {}));
}

}  // namespace opt_in_test
