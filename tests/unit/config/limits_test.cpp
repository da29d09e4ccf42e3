#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "parse.hpp"

namespace limits_test {

using namespace icrps;
using namespace icrps::config;
using namespace std::string_literals;
using Operator = plan::LabelRequirement::Operator;

namespace {

const std::string kBasic =
    "  basic: {username: cp, hosts: [cp.icr.io], password: {secretRef: {name: s, key: k}}}\n";

/// A file whose only credential comes from an API key; `lines` begin in line 6.
std::string file_with(const std::string& lines) {
  return kMinimal + lines + "\n";
}

plan::Limits limits_of(const std::string& lines) {
  return parsed(file_with(lines)).credentials.at(0).limits;
}

}  // namespace

TEST_CASE("a credential may be limited to namespaces", "[config]") {
  CHECK(limits_of("") == plan::Limits{});
  CHECK(limits_of("  namespaces: ['*']") == plan::Limits{});
  CHECK(limits_of("  namespaces: [shop, 'team-*', 'env-?', shop]").namespaces ==
        std::vector<std::string>{"shop", "team-*", "env-?"});

  const plan::Limits labelled = limits_of(R"(  namespaces:
    matchLabels: {team: a, example.com/tier: "", x: "1"}
    matchExpressions:
    - {key: env, operator: In, values: [dev, Test_1.x]}
    - {key: env, operator: NotIn, values: ["2"]}
    - {key: a.b-c/d_E, operator: Exists}
    - {key: z, operator: DoesNotExist, values: []})");
  REQUIRE(labelled.selector);
  CHECK(*labelled.selector == plan::LabelSelector{{"team", Operator::kIn, {"a"}},
                                                  {"example.com/tier", Operator::kIn, {""}},
                                                  {"x", Operator::kIn, {"1"}},
                                                  {"env", Operator::kIn, {"dev", "Test_1.x"}},
                                                  {"env", Operator::kNotIn, {"2"}},
                                                  {"a.b-c/d_E", Operator::kExists, {}},
                                                  {"z", Operator::kDoesNotExist, {}}});
}

TEST_CASE("a credential may be limited to regions, by all their names", "[config]") {
  CHECK_FALSE(limits_of("  regions: [all]").hosts);
  CHECK_FALSE(limits_of("  regions: [ALL]").hosts);
  const icr::Hosts dallas{"private.us.icr.io", "registry.ng.bluemix.net", "us.icr.io"};
  const icr::Hosts tokyo{"jp.icr.io", "private.jp.icr.io"};
  for (const std::string name :
       {"us-south", "us.icr.io", "private.us.icr.io", "registry.ng.bluemix.net", "US-South"}) {
    CHECK(limits_of("  regions: [" + name + "]").hosts == dallas);
  }
  icr::Hosts both = dallas;
  both.insert(tokyo.begin(), tokyo.end());
  CHECK(limits_of("  regions: [us-south, ap-north, us-south]").hosts == both);
  CHECK(limits_of("  regions: [eu-xx]\nregions: {eu-xx: 'xx.icr.io:5000'}").hosts ==
        icr::Hosts{"private.xx.icr.io:5000", "xx.icr.io:5000"});
}

TEST_CASE("a credential may be limited to registry namespaces", "[config]") {
  CHECK(limits_of("  registryNamespaces: []").registry_namespaces.empty());
  CHECK(limits_of("  registryNamespaces: [team, a_b-c.d, ibm, team]").registry_namespaces ==
        std::vector<std::string>{"team", "a_b-c.d", "ibm"});
}

TEST_CASE("user name and password are for the hosts that stand beside them", "[config]") {
  const auto limits = parsed(kHead + "credentials:\n- name: a\n" + kBasic).credentials.at(0).limits;
  CHECK(limits.fixed_hosts == icr::Hosts{"cp.icr.io"});
  CHECK_FALSE(limits.hosts);
  CHECK(limits_of("").fixed_hosts.empty());
  for (const std::string regions : {"[all]", "[us-south]", "[]"}) {
    CHECK(error_of(kHead + "credentials:\n- name: a\n" + kBasic + "  regions: " + regions) ==
          "config.yaml:6: credentials[0].regions stands beside basic; accepted: basic alone, which "
          "names its hosts");
  }
}

TEST_CASE("a wrong limit is named with its line and what is accepted", "[config]") {
  constexpr const char* kNamespaces =
      "; accepted: a list of names and globs, or {matchLabels: …, matchExpressions: …}; [\"*\"] "
      "for "
      "all";
  constexpr const char* kName =
      "; accepted: the name of a namespace: lower-case letters, digits and inner hyphens, at most "
      "63, with * for any text and ? for any character";
  constexpr const char* kKey =
      "; accepted: a label's key: letters, digits, inner -, _ and ., at most 63, after a DNS name "
      "and a / if need be";
  constexpr const char* kValue =
      "; accepted: a label's value: letters, digits, inner -, _ and ., at most 63, or \"\"";
  constexpr const char* kRegions =
      "; accepted: a list of region ids, old names and hosts, as in the annotation; [all] for no "
      "limit";
  constexpr const char* kSpace =
      "; accepted: the name of a registry namespace: lower-case letters, digits, inner -, _ and ., "
      "without a slash";
  struct Case {
    std::string text, message;
  };
  for (const auto& [text, message] : std::vector<Case>{
           // namespaces by name
           {"namespaces: '*'", "namespaces is text"s + kNamespaces},
           {"namespaces: []", "namespaces is an empty list"s + kNamespaces},
           {"namespaces:", "namespaces is nothing"s + kNamespaces},
           {"namespaces: [Shop]", "namespaces[0] is \"Shop\""s + kName},
           {"namespaces: [a, 'b.*']", "namespaces[1] is \"b.*\""s + kName},
           {"namespaces: ['-a']", "namespaces[0] is \"-a\""s + kName},
           {"namespaces: ['']", "namespaces[0] is \"\""s + kName},
           {"namespaces: [5]",
            "namespaces[0] is a number (put it in quotes if it is meant)"s + kName},
           // namespaces by label
           {"namespaces: {}",
            "namespaces has no condition; accepted: at least one entry in matchLabels or "
            "matchExpressions"},
           {"namespaces: {matchLabels: {}}",
            "namespaces has no condition; accepted: at least one entry in matchLabels or "
            "matchExpressions"},
           {"namespaces: {matchLabel: {a: b}}",
            "unknown key \"matchLabel\" in credentials[0].namespaces (did you mean "
            "\"matchLabels\"?); accepted: matchLabels, matchExpressions"},
           {"namespaces: {matchLabels: [a]}",
            "namespaces.matchLabels is a list; accepted: a map from label keys to values"},
           {"namespaces: {matchLabels: {-a: b}}",
            "namespaces.matchLabels: \"-a\" is not a label's key"s + kKey},
           {"namespaces: {matchLabels: {A/b: c}}",
            "namespaces.matchLabels: \"A/b\" is not a label's key"s + kKey},
           {"namespaces: {matchLabels: {a/b/c: d}}",
            "namespaces.matchLabels: \"a/b/c\" is not a label's key"s + kKey},
           {"namespaces: {matchLabels: {a: 5}}",
            "namespaces.matchLabels.\"a\" is a number (put it in quotes if it is meant)"s + kValue},
           {"namespaces: {matchLabels: {a: b c}}",
            "namespaces.matchLabels.\"a\" is not a label's value"s + kValue},
           {"namespaces: {matchLabels: {a: " + std::string(64, 'b') + "}}",
            "namespaces.matchLabels.\"a\" is not a label's value"s + kValue},
           {"namespaces: {matchExpressions: {key: a}}",
            "namespaces.matchExpressions is a map; accepted: a list of {key: …, operator: …}"},
           {"namespaces: {matchExpressions: [{operator: Exists}]}",
            "namespaces.matchExpressions[0].key is missing"s + kKey},
           {"namespaces: {matchExpressions: [{key: a/, operator: Exists}]}",
            "namespaces.matchExpressions[0].key is not a label's key"s + kKey},
           {"namespaces: {matchExpressions: [{key: a}]}",
            "namespaces.matchExpressions[0].operator is missing; accepted: In, NotIn, Exists, "
            "DoesNotExist"},
           {"namespaces: {matchExpressions: [{key: a, operator: in}]}",
            "namespaces.matchExpressions[0].operator is \"in\" (did you mean \"In\"?); accepted: "
            "In, NotIn, Exists, DoesNotExist"},
           {"namespaces: {matchExpressions: [{key: a, operator: In}]}",
            "namespaces.matchExpressions[0].values is missing; accepted: a list of at least one "
            "value"},
           {"namespaces: {matchExpressions: [{key: a, operator: NotIn, values: []}]}",
            "namespaces.matchExpressions[0].values is an empty list; accepted: a list of at least "
            "one value"},
           {"namespaces: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}",
            "namespaces.matchExpressions[0].values stands beside Exists, which compares with "
            "nothing; accepted: no values"},
           {"namespaces: {matchExpressions: [{key: a, operator: In, values: [true]}]}",
            "namespaces.matchExpressions[0].values[0] is true or false (put it in quotes if it is "
            "meant)"s +
                kValue},
           // regions
           {"regions: all", "regions is text"s + kRegions},
           {"regions: []", "regions is an empty list"s + kRegions},
           {"regions: [us-south, all]",
            "regions[1] is \"all\" beside other regions; accepted: [all], or regions without it"},
           {"regions: [none]",
            "regions[0] is \"none\"; accepted: one region an entry; [all] for no limit"},
           {"regions: ['us-south,eu-de']",
            "regions[0] is \"us-south,eu-de\"; accepted: one region an entry; [all] for no limit"},
           {"regions: [us-soth]",
            "regions[0]: unknown region \"us-soth\" (did you mean \"us-south\"?); accepted: "
            "au-syd, "
            "br-sao, ca-mon, ca-tor, eu-de, eu-es, eu-fr2, eu-gb, in-che, in-mum, jp-osa, jp-tok, "
            "us-south, their old names and hosts (us.icr.io), global, all; none by itself"},
           // registryNamespaces
           {"registryNamespaces: team",
            "registryNamespaces is text; accepted: a list of registry namespaces; [] for no "
            "limit"},
           {"registryNamespaces: [team/]", "registryNamespaces[0] is \"team/\""s + kSpace},
           {"registryNamespaces: [Team]", "registryNamespaces[0] is \"Team\""s + kSpace},
           {"registryNamespaces: ['team-*']", "registryNamespaces[0] is \"team-*\""s + kSpace},
           {"registryNamespaces: [_team]", "registryNamespaces[0] is \"_team\""s + kSpace}}) {
    DYNAMIC_SECTION(text) {
      const std::string path = message.starts_with("unknown key") ? "" : "credentials[0].";
      CHECK(error_of(file_with("  " + text)) == "config.yaml:6: " + path + message);
    }
  }
}

TEST_CASE("the image that proves a pull is one that the credential is for", "[config]") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  for (const std::string& lines : std::vector<std::string>{
           "  probeImage: us.icr.io/team/app:1", "  probeImage: us.icr.io/team/app",
           "  probeImage: icr.io/ibm/a/b-c/d_e.f:V1.0_x-y", "  probeImage: private.jp.icr.io/app",
           "  probeImage: de.icr.io/team/app@" + digest,
           "  regions: [us-south]\n  probeImage: registry.ng.bluemix.net/team/app:1",
           "  registryNamespaces: [team]\n  probeImage: us.icr.io/team/app:1",
           "  probeImage: 'r.example.com:5000/a/b:1'\nregions: {x: 'r.example.com:5000'}"}) {
    DYNAMIC_SECTION(lines) {
      const std::string image = parsed(file_with(lines)).credentials.at(0).probe_image;
      CHECK(lines.find(image) != std::string::npos);
      CHECK_FALSE(image.empty());
    }
  }
  CHECK(parsed(kHead + "credentials:\n- name: a\n" + kBasic + "  probeImage: cp.icr.io/cp/app:1")
            .credentials.at(0)
            .probe_image == "cp.icr.io/cp/app:1");

  constexpr const char* kImage =
      "is not the full name of an image; accepted: an image by its full name, such as "
      "us.icr.io/team/app:1 or us.icr.io/team/app@sha256:…";
  constexpr const char* kHost = "; accepted: an image at a host of its regions, or of basic";
  constexpr const char* kSpaces =
      "is outside of registryNamespaces; accepted: an image in one of them";
  struct Case {
    std::string lines, message;  // the image stands in the last line
  };
  for (const auto& [lines, message] : std::vector<Case>{
           {"  probeImage: ''", kImage},
           {"  probeImage: app", kImage},
           {"  probeImage: team/app:1", kImage},
           {"  probeImage: us.icr.io", kImage},
           {"  probeImage: us.icr.io/", kImage},
           {"  probeImage: us.icr.io//app", kImage},
           {"  probeImage: us.icr.io/team/", kImage},
           {"  probeImage: us.icr.io/Team/app", kImage},
           {"  probeImage: 'us.icr.io/team/app:'", kImage},
           {"  probeImage: us.icr.io/team/app:-1", kImage},
           {"  probeImage: us.icr.io/team/app:1:2", kImage},
           {"  probeImage: us.icr.io/team/app@sha256:aa", kImage},
           {"  probeImage: us.icr.io/team/app:1@" + digest, kImage},
           {"  probeImage: https://us.icr.io/team/app", kImage},
           {"  probeImage: us.icr.io/../app", kImage},
           {"  probeImage: docker.io/team/app",
            "is at \"docker.io\", which this credential isn't for"s + kHost},
           {"  regions: [eu-de]\n  probeImage: us.icr.io/team/app",
            "is at \"us.icr.io\", which this credential isn't for"s + kHost},
           {"  registryNamespaces: [team]\n  probeImage: us.icr.io/team-b/app", kSpaces},
           {"  registryNamespaces: [team]\n  probeImage: us.icr.io/team:1", kSpaces}}) {
    DYNAMIC_SECTION(lines) {
      const std::string line = lines.find('\n') == std::string::npos ? "6" : "7";
      CHECK(error_of(file_with(lines)) ==
            "config.yaml:" + line + ": credentials[0].probeImage " + message);
    }
  }
  CHECK(
      error_of(kHead + "credentials:\n- name: a\n" + kBasic + "  probeImage: us.icr.io/team/app") ==
      "config.yaml:6: credentials[0].probeImage is at \"us.icr.io\", which this credential isn't "
      "for; accepted: an image at a host of its regions, or of basic");
}

TEST_CASE("a credential whose Secrets Kubernetes would not take is refused, with the sum",
          "[config]") {
  const auto spaces = [](int count) {
    std::string names;
    for (int i = 0; i < count; ++i) names += (i > 0 ? ", n" : "n") + std::to_string(i);
    return "  registryNamespaces: [" + names + "]\n";
  };
  const std::string token =
      kHead + "credentials:\n- name: a\n  accessToken: {apiKey: {secretRef: {name: s, key: k}}}\n";
  const auto hosts = std::to_string(icr::RegionTable::builtin().known_hosts().size());
  const auto error = error_of(token + spaces(20));
  CHECK_THAT(error, Catch::Contains("config.yaml:4: credentials[0] makes Secrets of up to "));
  CHECK_THAT(error, Catch::Contains(" bytes: " + hosts +
                                    " hosts, 20 registryNamespaces, 4096 bytes for each of both; "
                                    "accepted: at most 1048576 bytes"));
  CHECK(
      error_of(token + "  regions: [us-south]\n" + spaces(200)) ==
      "config.yaml:4: credentials[0] makes Secrets of up to 2457600 bytes: 3 hosts, 200 "
      "registryNamespaces, 4096 bytes for each of both; accepted: at most 1048576 bytes, which is "
      "what Kubernetes takes; name fewer regions or registryNamespaces");
  CHECK(parsed(token + "  regions: [us-south]\n" + spaces(85)).credentials.size() == 1);
  CHECK(limits_of(spaces(100)).registry_namespaces.size() == 100);
}

TEST_CASE("the version of an API is no registry namespace", "[config]") {
  for (const std::string name : {"v1", "v2"}) {
    CHECK_THAT(error_of(file_with("  registryNamespaces: [team, " + name + "]")),
               Catch::Contains("registryNamespaces[1] is \"" + name +
                               "\", which programs take for the version"));
  }
  CHECK(limits_of("  registryNamespaces: [v3, v]").registry_namespaces.size() == 2);
}

}  // namespace limits_test
