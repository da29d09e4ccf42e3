#include "config/config.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "parse.hpp"
#include "scratch.hpp"

namespace config_test {

using namespace icrps;
using namespace icrps::config;
using namespace std::string_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

const ApiKeySource& api_key_of(const Credential& credential) {
  return std::get<ApiKeySource>(credential.source);
}

}  // namespace

TEST_CASE("everything but the credentials has a default", "[config]") {
  const Config config = parsed(kMinimal);
  CHECK(config.endpoints == icr::Endpoints::kPublic);
  CHECK(config.service_accounts == std::vector<std::string>{"default"});
  CHECK(config.opt_in == plan::OptIn{});
  CHECK(config.opt_in.mode == plan::OptIn::Mode::kAnnotation);
  CHECK(config.attach == plan::Attach::kServiceAccounts);
  CHECK(config.conflict == plan::Conflict::kSkip);
  CHECK(config.regions.known_hosts() == icr::RegionTable::builtin().known_hosts());
  CHECK(config.iam.origin == "https://iam.cloud.ibm.com");
  CHECK(config.iam.ca_file.empty());
  CHECK(config.registry.ca_file.empty());
  CHECK(config.proof == Proof::kRequired);
  CHECK_FALSE(config.rescue.enabled);
  CHECK(config.rescue.after == std::chrono::seconds(10));
  CHECK(config.liveness.watch == std::chrono::minutes(10));
  CHECK(config.liveness.queue == std::chrono::minutes(10));
  CHECK(config.liveness.worker == std::chrono::minutes(2));
  CHECK(config.workers == 16);
  CHECK(config.log_level == icrps::config::LogLevel::kInfo);
  CHECK(config.log_format == LogFormat::kAuto);
  REQUIRE(config.credentials.size() == 1);
  CHECK(config.credentials[0].name == "default");
  CHECK(api_key_of(config.credentials[0]).secret_ref == SecretKeyRef{"icr-api-key", "apikey"});
  CHECK(config.credentials[0].limits == plan::Limits{});
  CHECK(config.credentials[0].probe_image.empty());
}

TEST_CASE("a file that sets every key is read", "[config]") {
  const Config config = parsed(R"(# all of it
apiVersion: icr-pull-secrets/v1alpha1
kind: OperatorConfiguration
optIn: {mode: all, regions: [us-south, EU-DE], exclude: [kube-system, 'team-*', kube-system]}
endpoints: all
serviceAccounts: [default, 'build-*', "*", default]
attach: podsOnly
conflict: adopt
iam: {endpoint: private, caFile: /etc/iam/ca.pem}
registry: {caFile: /etc/registry/ca.pem}
proof: preferred
rescue: {enabled: true, after: 1m30s}
liveness: {watch: 15m, queue: 1h, worker: 10s}
regions:
  eu-xx: xx.icr.io
  us-south: registry.example.com:5000
credentials:
  - name: default
    apiKey: {secretRef: {name: icr.api-key, key: the_API.key-1}}
    namespaces: ["*"]
    regions: [all]
    registryNamespaces: []
    probeImage: icr.io/team/app:1
  - name: second
    apiKey:
      secretRef:
        name: "2024"
        key: '5'
workers: 64
log: {level: debug, format: json}
)");
  CHECK(config.endpoints == icr::Endpoints::kAll);
  CHECK(config.service_accounts == std::vector<std::string>{"default", "build-*", "*"});
  CHECK(config.opt_in ==
        plan::OptIn{plan::OptIn::Mode::kAll, {}, "us-south,EU-DE", {"kube-system", "team-*"}});
  CHECK(config.attach == plan::Attach::kPodsOnly);
  CHECK(config.conflict == plan::Conflict::kAdopt);
  CHECK(config.regions.regions().at("eu-xx").host == "xx.icr.io");
  CHECK(config.regions.regions().at("us-south").host == "registry.example.com:5000");
  CHECK(config.regions.regions().size() == icr::RegionTable::builtin().regions().size() + 1);
  REQUIRE(config.credentials.size() == 2);
  CHECK(api_key_of(config.credentials[0]).secret_ref ==
        SecretKeyRef{"icr.api-key", "the_API.key-1"});
  CHECK(config.credentials[1].name == "second");
  CHECK(api_key_of(config.credentials[1]).secret_ref == SecretKeyRef{"2024", "5"});
  CHECK(config.credentials[0].probe_image == "icr.io/team/app:1");
  CHECK(config.iam.origin == "https://private.iam.cloud.ibm.com");
  CHECK(config.iam.ca_file == "/etc/iam/ca.pem");
  CHECK(config.registry.ca_file == "/etc/registry/ca.pem");
  CHECK(config.proof == Proof::kPreferred);
  CHECK(config.rescue.enabled);
  CHECK(config.rescue.after == std::chrono::seconds(90));
  CHECK(config.liveness.watch == std::chrono::minutes(15));
  CHECK(config.liveness.queue == std::chrono::hours(1));
  CHECK(config.liveness.worker == std::chrono::seconds(10));
  CHECK(config.workers == 64);
  CHECK(config.log_level == icrps::config::LogLevel::kDebug);
  CHECK(config.log_format == LogFormat::kJson);
}

TEST_CASE("true and false may be written in several ways", "[config]") {
  for (const auto* const yes : {"true", "True", "yes", "ON"}) {
    CHECK(parsed(kMinimal + "rescue: {enabled: " + yes + "}\n").rescue.enabled);
  }
  for (const auto* const no : {"false", "FALSE", "no", "off"}) {
    CHECK_FALSE(parsed(kMinimal + "rescue: {enabled: " + no + "}\n").rescue.enabled);
  }
}

TEST_CASE("a file may be written in several ways", "[config]") {
  struct Case {
    const char* how;
    std::string text;
  };
  std::string crlf;
  for (const char c : kMinimal) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  for (const auto& [how, text] : std::vector<Case>{
           {"with a byte order mark", "\xef\xbb\xbf" + kMinimal},
           {"with CRLF", crlf},
           {"with document marks", "%YAML 1.2\n---\n" + kMinimal + "...\n"},
           {"without a line end", kMinimal.substr(0, kMinimal.size() - 1)},
           {"with tabs before comments", kMinimal + "workers: 16\t# many\n"},
           {"with blank lines and comments", "\n# a\n\n" + kMinimal + "\n   # b \xc3\xa4\n\n"},
           {"as JSON with tabs",
            "{\n\t\"apiVersion\": \"icr-pull-secrets/v1alpha1\",\n\t\"kind\": "
            "\"OperatorConfiguration\",\n\t\"credentials\": [{\"name\": \"default\", \"apiKey\": "
            "{\"secretRef\": {\"name\": \"icr-api-key\", \"key\": \"apikey\"}}}]\n}\n"}}) {
    DYNAMIC_SECTION(how) {
      CHECK(parsed(text).credentials.size() == 1);
    }
  }
}

TEST_CASE("single settings are read", "[config]") {
  CHECK(parsed(kMinimal + "serviceAccounts: []\n").service_accounts.empty());
  CHECK(parsed(kMinimal + "endpoints: private\n").endpoints == icr::Endpoints::kPrivate);
  CHECK(parsed(kMinimal + "optIn: {mode: annotation}\n").opt_in == plan::OptIn{});
  CHECK(parsed(kMinimal + "attach: serviceAccounts\n").attach == plan::Attach::kServiceAccounts);
  CHECK(parsed(kMinimal + "conflict: skip\n").conflict == plan::Conflict::kSkip);
  CHECK(parsed(kMinimal + "workers: 1\n").workers == 1);
  CHECK(parsed(kMinimal + "regions: {}\n").regions.regions().size() == 14);
  CHECK(parsed(kMinimal + "log: {}\n").log_level == icrps::config::LogLevel::kInfo);
  CHECK(parsed(kMinimal + "log: {level: warn}\n").log_level == icrps::config::LogLevel::kWarn);
  CHECK(parsed(kMinimal + "log: {level: error}\n").log_level == icrps::config::LogLevel::kError);
  CHECK(parsed(kMinimal + "log: {format: text}\n").log_format == LogFormat::kText);
  CHECK(parsed(kMinimal + "log: {format: auto}\n").log_format == LogFormat::kAuto);
  CHECK(parsed(kMinimal + "regions: {us-east: icr.io}\n").regions.regions().at("us-east").host ==
        "icr.io");
}

TEST_CASE("a mistake at the top level is named with file, line and what is accepted", "[config]") {
  constexpr const char* kKeys =
      "apiVersion, kind, optIn, endpoints, serviceAccounts, attach, conflict, iam, "
      "registry, proxy, proof, rescue, events, leaderElection, liveness, regions, credentials, "
      "retired, workers, log";
  struct Case {
    std::string text, message;
  };
  for (
      const auto& [text, message] : std::vector<Case>{
          {"", "config.yaml: is empty; accepted: apiVersion, kind, credentials and more"},
          {"# nothing\n",
           "config.yaml: is empty; accepted: apiVersion, kind, credentials and more"},
          {"- a\n", "config.yaml:1: the document is a list; accepted: a map of "s + kKeys},
          {"text\n", "config.yaml:1: the document is text; accepted: a map of "s + kKeys},
          {kMinimal + "regoins: {}\n",
           "config.yaml:6: unknown key \"regoins\" (did you mean \"regions\"?); accepted: "s +
               kKeys},
          {kHead + "credential: []\n",
           "config.yaml:3: unknown key \"credential\" (did you mean \"credentials\"?); accepted: "s +
               kKeys},
          {kMinimal + "Workers: 4\n",
           "config.yaml:6: unknown key \"Workers\" (did you mean \"workers\"?); accepted: "s +
               kKeys},
          {kMinimal + "\"a\\nb\": 4\n",
           "config.yaml:6: unknown key \"a\\nb\"; accepted: "s + kKeys},
          {kMinimal + "<<: {workers: 4}\n",
           "config.yaml:6: unknown key \"<<\"; accepted: "s + kKeys},
          {"kind: OperatorConfiguration\n" + kCredential,
           "config.yaml:1: apiVersion is missing; accepted: icr-pull-secrets/v1alpha1"},
          {"\napiVersion: icr-pull-secrets/v1alpha1\n" + kCredential,
           "config.yaml:2: kind is missing; accepted: OperatorConfiguration"},
          {kHead,
           "config.yaml:1: credentials is missing; accepted: a list of at least one credential"},
          {"apiVersion: v1\nkind: Secret\n",
           "config.yaml:1: apiVersion is \"v1\"; accepted: icr-pull-secrets/v1alpha1"},
          {"apiVersion: icr-pull-secrets/v1alpha1\nkind: operatorConfiguration\n",
           "config.yaml:2: kind is \"operatorConfiguration\" (did you mean "
           "\"OperatorConfiguration\"?); accepted: OperatorConfiguration"},
          {"apiVersion: 1\n",
           "config.yaml:1: apiVersion is a number (put it in quotes if it is meant); accepted: "
           "icr-pull-secrets/v1alpha1"}}) {
    DYNAMIC_SECTION(message << " / " << text.substr(0, 20)) {
      CHECK(error_of(text) == message);
    }
  }
}

TEST_CASE("a wrong setting is named with file, line and what is accepted", "[config]") {
  struct Case {
    std::string text, message;  // appended to a valid file of 5 lines
  };
  for (const auto& [text, message] : std::vector<Case>{
           // optIn
           // endpoints
           {"endpoints: both", "6: endpoints is \"both\"; accepted: public, private, all"},
           {"endpoints: Public",
            "6: endpoints is \"Public\" (did you mean \"public\"?); accepted: public, private, "
            "all"},
           {"endpoints: ''", "6: endpoints is \"\"; accepted: public, private, all"},
           {"endpoints:", "6: endpoints is nothing; accepted: public, private, all"},
           {"endpoints: ~", "6: endpoints is nothing; accepted: public, private, all"},
           {"endpoints: [public]", "6: endpoints is a list; accepted: public, private, all"},
           {"endpoints: yes",
            "6: endpoints is true or false (put it in quotes if it is meant); "
            "accepted: public, private, all"},
           // serviceAccounts
           {"serviceAccounts: default",
            "6: serviceAccounts is text; accepted: a list of names and globs; [] for none"},
           {"serviceAccounts:",
            "6: serviceAccounts is nothing; accepted: a list of names and globs; [] for none"},
           {"serviceAccounts:\n- default\n- 5",
            "8: serviceAccounts[1] is a number (put it in quotes if it is meant); accepted: the "
            "name of a service account, or a glob"},
           {"serviceAccounts: [none]",
            "6: serviceAccounts[0] is \"none\"; accepted: names and globs; for none an empty list, "
            "[]"},
           {"serviceAccounts: [Default]",
            "6: serviceAccounts[0]: \"Default\" is not the name of a service account; accepted: "
            "lower-case letters, digits, inner - and ., at most 253, with * for any text and ? for "
            "any character"},
           // conflict
           {"conflict: overwrite", "6: conflict is \"overwrite\"; accepted: skip, adopt"},
           // attach
           {"attach: pods", "6: attach is \"pods\"; accepted: serviceAccounts, podsOnly"},
           {"attach: podsonly",
            "6: attach is \"podsonly\" (did you mean \"podsOnly\"?); accepted: serviceAccounts, "
            "podsOnly"},
           {"attach: [podsOnly]", "6: attach is a list; accepted: serviceAccounts, podsOnly"},
           // rescue
           {"rescue: true", "6: rescue is true or false; accepted: a map of enabled, after"},
           {"rescue: {on: true}", "6: unknown key \"on\" in rescue; accepted: enabled, after"},
           {"rescue: {enabled: 1}", "6: rescue.enabled is a number; accepted: true or false"},
           {"rescue: {enabled: 'true'}", "6: rescue.enabled is text; accepted: true or false"},
           {"rescue: {enabled: }", "6: rescue.enabled is nothing; accepted: true or false"},
           {"rescue: {after: 10}",
            "6: rescue.after is a number; accepted: a duration from 1s to 1h, such as 720h, 1h30m "
            "or 90s"},
           {"rescue: {after: 0s}",
            "6: rescue.after is 0s; accepted: a duration from 1s to 1h, such as 720h, 1h30m or "
            "90s"},
           {"rescue: {after: 1h1s}",
            "6: rescue.after is 1h1s; accepted: a duration from 1s to 1h, such as 720h, 1h30m or "
            "90s"},
           // liveness
           {"liveness: off",
            "6: liveness is true or false; accepted: a map of watch, queue, worker"},
           {"liveness: {watch: 9s}",
            "6: liveness.watch is 9s; accepted: a duration from 10s to 24h, such as 720h, 1h30m or "
            "90s"},
           {"liveness: {worker: 25h}",
            "6: liveness.worker is 25h; accepted: a duration from 10s to 24h, such as 720h, 1h30m "
            "or 90s"},
           {"liveness: {election: 1m}",
            "6: unknown key \"election\" in liveness; accepted: watch, queue, worker"},
           // regions
           {"regions: [eu-xx]",
            "6: regions is a list; accepted: a map from region ids to hosts; {} for none"},
           {"regions:",
            "6: regions is nothing; accepted: a map from region ids to hosts; {} for none"},
           {"regions:\n  eu-xx: xx.icr.io\n  EU: x.icr.io",
            "8: regions: \"EU\" is not a region id; accepted: 1 to 63 lower-case letters, digits "
            "and inner hyphens, such as eu-de"},
           {"regions: {all: x.icr.io}",
            "6: regions: \"all\" is a reserved word and can't name a region"},
           {"regions: {eu-central: x.icr.io}",
            "6: regions: \"eu-central\" is the old name of a region; accepted: its id, eu-de"},
           {"regions:\n  eu-xx:\n    https://xx.icr.io",
            "8: regions: \"https://xx.icr.io\" is not a registry host; accepted: a lower-case DNS "
            "name of at least two labels, with a port if need be, without https:// and path, such "
            "as xx.icr.io or registry.example.com:5000"},
           {"regions: {eu-xx: 5000}",
            "6: regions.\"eu-xx\" is a number (put it in quotes if it is meant); accepted: a host "
            "such as xx.icr.io"},
           {"regions: {eu-xx: }",
            "6: regions.\"eu-xx\" is nothing; accepted: a host such as xx.icr.io"},
           // workers
           {"workers: 0", "6: workers is \"0\"; accepted: a whole number from 1 to 64"},
           {"workers: 65", "6: workers is \"65\"; accepted: a whole number from 1 to 64"},
           {"workers: -1", "6: workers is \"-1\"; accepted: a whole number from 1 to 64"},
           {"workers: 1.5", "6: workers is \"1.5\"; accepted: a whole number from 1 to 64"},
           {"workers: 0x10", "6: workers is \"0x10\"; accepted: a whole number from 1 to 64"},
           {"workers: 99999999999999999999",
            "6: workers is \"99999999999999999999\"; accepted: a whole number from 1 to 64"},
           {"workers: '16'", "6: workers is text; accepted: a whole number from 1 to 64"},
           {"workers: many", "6: workers is text; accepted: a whole number from 1 to 64"},
           {"workers:", "6: workers is nothing; accepted: a whole number from 1 to 64"},
           {"workers: [1]", "6: workers is a list; accepted: a whole number from 1 to 64"},
           // log
           {"log: debug", "6: log is text; accepted: a map of level, format"},
           {"log: {level: warning}",
            "6: log.level is \"warning\"; accepted: debug, info, warn, error"},
           {"log: {level: inf}",
            "6: log.level is \"inf\" (did you mean \"info\"?); accepted: debug, "
            "info, warn, error"},
           {"log: {format: yaml}", "6: log.format is \"yaml\"; accepted: auto, json, text"},
           {"log: {levle: info}",
            "6: unknown key \"levle\" in log (did you mean \"level\"?); "
            "accepted: level, format"}}) {
    DYNAMIC_SECTION(text) {
      CHECK(error_of(kMinimal + text + "\n") == "config.yaml:" + message);
    }
  }
}

TEST_CASE("what is not plain YAML is refused with its line", "[config]") {
  struct Case {
    std::string text, message;
  };
  for (const auto& [text, message] : std::vector<Case>{
           {"a: 1\nb: 2\na: 3\n",
            ":3: the key \"a\" is already in line 1; accepted: every key once"},
           {"a: {b: 1, b: 1}\n",
            ":1: the key \"b\" is already in line 1; accepted: every key once"},
           {"a: 1\n---\nb: 2\n",
            ":2: a second document, or text after the end of the first; accepted: one"},
           {"a: 1\n---\n",
            ":2: a second document, or text after the end of the first; accepted: one"},
           {"a: 1\n...\nb\n",
            ":3: a second document, or text after the end of the first; accepted: one"},
           {"{a: 1} b\n",
            ":1: a second document, or text after the end of the first; accepted: one"},
           {"a: &x 1\n", ":1: an anchor (&name); accepted: plain values"},
           {"a: &x\n", ":1: an anchor (&name); accepted: plain values"},
           {"a: 1\nb: &x {}\n", ":2: an anchor (&name); accepted: plain values"},
           {"&x a: 1\n", ":1: an anchor (&name); accepted: plain values"},
           {"a: *x\n", ":1: not valid YAML: the referenced anchor is not defined"},
           {"a: 1\nb: !!binary aGk=\n",
            ":2: the tag \"tag:yaml.org,2002:binary\"; accepted: no tags"},
           {"a: !!str b\n", ":1: the tag \"tag:yaml.org,2002:str\"; accepted: no tags"},
           {"a: !mine [b]\n", ":1: the tag \"!mine\"; accepted: no tags"},
           {"a: !mine {}\n", ":1: the tag \"!mine\"; accepted: no tags"},
           {"a:\n\t- b\n", ":2: a tab in the indentation; accepted: spaces"},
           {"a: {\n  \tb: 1}\n", ":2: a tab in the indentation; accepted: spaces"},
           {"a: 1\nb: \x04\nc: 3\n", ":2: a control character"},
           {"a: 1\n\0b: 2\n"s, ":2: a control character"},
           {"a: \x7f\n", ":1: a control character"},
           {"a: 1\nb: \xff\n", ":2: not UTF-8; accepted: YAML in UTF-8"},
           {"\xff\xfe"
            "a\0:\0"s,
            ":1: not UTF-8; accepted: YAML in UTF-8"},
           {"? [a]\n: b\n",
            ":1: a list or a map as a key, or a [ or { that is never closed; "
            "accepted: text as a key"},
           {"[a, b\n",
            ":1: a list or a map as a key, or a [ or { that is never closed; accepted: "
            "text as a key"},
           {"~: b\n", ":1: a key without text; accepted: text"},
           {": b\n", ":1: a key without text; accepted: text"},
           {"a: b: c\n", ":1: not valid YAML: illegal map value"},
           {"a: [b\n", ":1: not valid YAML: end of sequence flow not found"},
           {"a: {b\n", ":1: not valid YAML: end of map flow not found"},
           {"a:\n  - b\n - c\n", ":3: not valid YAML: end of map not found"},
           {"a: 'b\n", ":1: not valid YAML: illegal EOF in scalar"},
           {"a: 1\nb: \"c\n\n  \n", ":2: not valid YAML: illegal EOF in scalar"},
           {"a: \"\\q\"\n", ":1: not valid YAML: unknown escape character: q"},
           {"a: \"\\\n\\\x1b\"\n", ":2: a control character"},
           {"a: \"\\\xc3\xa4\"\n", ":1: not valid YAML: unknown escape character: \\xc3"},
           {"a: @b\n", ":1: not valid YAML: unknown token"}}) {
    DYNAMIC_SECTION(message << " / " << text.substr(0, 12)) {
      CHECK(error_of(text) == "config.yaml" + message);
    }
  }
}

TEST_CASE("a file made to explode is refused at once", "[config]") {
  const auto repeated = [](const std::string& text, std::size_t times) {
    std::string result;
    result.reserve(text.size() * times);
    for (std::size_t i = 0; i < times; ++i) result += text;
    return result;
  };
  std::string laughs = "a0: &a0 [x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs +=
        "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + "," + before + "]\n";
  }
  struct Case {
    const char* what;
    std::string text, end;
  };
  for (const auto& [what, text, end] : std::vector<Case>{
           {"aliases of aliases", laughs, "an anchor (&name); accepted: plain values"},
           {"nested lists", repeated("- ", 100'000), "nested too deeply"},
           {"nested maps", repeated("{a: ", 100'000) + repeated("}", 100'000), "nested too deeply"},
           {"many values", repeated("- a\n", 200'000), "too many values; accepted: at most 100000"},
           {"more than 1 MiB", repeated("# comment\n", 110'000), "is larger than 1 MiB"}}) {
    DYNAMIC_SECTION(what) {
      CHECK_THAT(error_of(text), EndsWith(end));
    }
  }
}

TEST_CASE("no message repeats a long text", "[config]") {
  const std::string long_text(10'000, 'x');
  for (const std::string& text :
       {kMinimal + long_text + ": 1\n", kMinimal + "endpoints: " + long_text + "\n",
        kMinimal + "serviceAccounts: [-" + long_text + "]\n",
        kMinimal + "regions: {" + long_text + ": a.b}\n",
        kMinimal + "regions: {a: " + long_text + "}\n", kMinimal + "a: !" + long_text + " b\n",
        long_text + ": 1\n" + long_text + ": 1\n"}) {
    const std::string error = error_of(text);
    CHECK(!error.empty());
    CHECK(error.size() < 500);
  }
}

TEST_CASE("a configuration is loaded from a file", "[config]") {
  const Scratch scratch;
  SECTION("that is there") {
    const auto config = load_config(scratch.file("config.yaml", kMinimal));
    REQUIRE(config);
    CHECK(config->credentials.size() == 1);
  }
  SECTION("that has a mistake: the message begins with its name") {
    const std::string file = scratch.file("config.yaml", kMinimal + "worker: 1\n");
    CHECK_THAT(load_config(file).error().message, StartsWith(file + ":6: unknown key \"worker\""));
  }
  SECTION("that is missing") {
    CHECK(load_config(scratch.path() + "/x.yaml").error().message ==
          scratch.path() + "/x.yaml: can't be opened: No such file or directory");
  }
  SECTION("that is a folder") {
    CHECK(load_config(scratch.path()).error().message ==
          scratch.path() + ": can't be read: Is a directory");
  }
  SECTION("that is just small enough") {
    const std::string comment(1024 * 1024 - kMinimal.size() - 1, '#');
    CHECK(load_config(scratch.file("config.yaml", kMinimal + comment + "\n")));
    CHECK_FALSE(load_config(scratch.file("config.yaml", kMinimal + comment + "#\n")));
  }
  SECTION("that never ends") {
    CHECK(load_config("/dev/zero").error().message == "/dev/zero: is larger than 1 MiB");
  }
}

TEST_CASE("names and globs of service accounts", "[config]") {
  for (const std::string& pattern : {"default"s, "a.b-c"s, "*"s, "build-*"s, "*-ci"s, "a?c"s,
                                     "*.*"s, "-*"s, std::string(253, '*')}) {
    CHECK_FALSE(check_account_pattern(pattern));
  }
  for (const std::string& pattern :
       {""s, "Default"s, "a_b"s, "a b"s, "-a"s, "a-"s, "a..b"s, "[ab]"s, "A*"s, "a/*"s,
        "system:serviceaccount:a:b"s, "a,b"s, std::string(254, '*'), "\xc3\xa4*"s}) {
    DYNAMIC_SECTION(pattern.substr(0, 20)) {
      REQUIRE(check_account_pattern(pattern));
      CHECK_THAT(check_account_pattern(pattern)->message,
                 Contains("is not the name of a service account; accepted: lower-case letters"));
    }
  }
}

}  // namespace config_test
