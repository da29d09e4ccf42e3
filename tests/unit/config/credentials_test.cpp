#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "parse.hpp"

namespace credentials_test {

using namespace icrps;
using namespace icrps::config;
using namespace std::string_literals;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// A file whose only credential is called "a"; `lines` begin in line 5.
std::string file_with(const std::string& lines) {
  return kHead + "credentials:\n- name: a\n" + lines + "\n";
}

Credential credential_of(const std::string& lines) {
  return parsed(file_with(lines)).credentials.at(0);
}

template <typename Kind>
Kind source_of(const std::string& lines) {
  const Credential credential = credential_of(lines);
  const auto* source = std::get_if<Kind>(&credential.source);
  if (source == nullptr) FAIL("another kind of source");
  return *source;
}

constexpr const char* kSources =
    "one of apiKey, accessToken, refreshToken, trustedProfile, profileKey, serviceId, basic";
constexpr const char* kFields =
    "name, secretName, apiKey, accessToken, refreshToken, trustedProfile, profileKey, serviceId, "
    "basic, "
    "namespaces, regions, registryNamespaces, probeImage";
constexpr const char* kKeyRule =
    "the name of a key in that Secret: letters, digits, -, _ and ., at most 253";

}  // namespace

TEST_CASE("every kind of source is read", "[config]") {
  CHECK(source_of<ApiKeySource>("  apiKey: {secretRef: {name: s, key: k}}").secret_ref ==
        SecretKeyRef{"s", "k"});
  CHECK(source_of<AccessTokenSource>("  accessToken: {apiKey: {secretRef: {name: s, key: k}}}")
            .api_key == SecretKeyRef{"s", "k"});
  CHECK(source_of<RefreshTokenSource>("  refreshToken: {apiKey: {secretRef: {name: s, key: k}}}")
            .api_key == SecretKeyRef{"s", "k"});
  CHECK(source_of<TrustedProfileSource>("  trustedProfile: {id: Profile-0a-B}") ==
        TrustedProfileSource{"Profile-0a-B", "/var/run/secrets/tokens/sa-token"});
  CHECK(source_of<TrustedProfileSource>("  trustedProfile: {id: Profile-1, tokenFile: /t/x}") ==
        TrustedProfileSource{"Profile-1", "/t/x"});
  CHECK(
      source_of<ProfileKeySource>("  profileKey: {id: Profile-1, secretRef: {name: s, key: k}}") ==
      ProfileKeySource{"Profile-1", {"s", "k"}});
  CHECK(source_of<BasicSource>("  basic: {username: cp, hosts: [cp.icr.io, 'r.example.com:5000'], "
                               "password: {secretRef: {name: s, key: k}}}") ==
        BasicSource{"cp", {"cp.icr.io", "r.example.com:5000"}, {"s", "k"}});
}

TEST_CASE("a service ID has an interval, an overlap and a manager", "[config]") {
  const auto with = [](const std::string& more) {
    return source_of<ServiceIdSource>("  serviceId: {iamId: iam-ServiceId-1-a, accountId: 0aB, " +
                                      more + "}");
  };
  const std::string key = "manager: {apiKey: {secretRef: {name: m, key: k}}}";
  CHECK(with(key) == ServiceIdSource{"iam-ServiceId-1-a", "0aB", 720h, 2h, 2min,
                                     ApiKeySource{SecretKeyRef{"m", "k"}}});
  CHECK(with("manager: {trustedProfile: {id: Profile-1}}").manager ==
        std::variant<ApiKeySource, TrustedProfileSource>(
            TrustedProfileSource{"Profile-1", "/var/run/secrets/tokens/sa-token"}));
  const ServiceIdSource fast = with("rotateEvery: 1m, overlap: 1s, propagation: 1s, " + key);
  CHECK(fast.propagation == 1s);
  CHECK(fast.rotate_every == 1min);
  CHECK(fast.overlap == 1s);
  const ServiceIdSource slow = with("rotateEvery: 8760h, overlap: 8759h59m59s, " + key);
  CHECK(slow.rotate_every == 8760h);
  CHECK(slow.overlap == 8760h - 1s);
}

TEST_CASE("a credential that doesn't say where it comes from is refused with its line",
          "[config]") {
  constexpr const char* kSource = "  apiKey: {secretRef: {name: s, key: k}}\n";
  constexpr const char* kNameRule =
      "; accepted: 1 to 59 lower-case letters, digits and inner hyphens";
  struct Case {
    std::string text, message;  // the text begins in line 3
  };
  for (const auto& [text, message] : std::vector<Case>{
           {"credentials: []",
            "3: credentials is an empty list; accepted: a list of at least one credential"},
           {"credentials:",
            "3: credentials is nothing; accepted: a list of at least one credential"},
           {"credentials: {name: a}",
            "3: credentials is a map; accepted: a list of at least one credential"},
           {"credentials: [default]", "3: credentials[0] is text; accepted: a map of "s + kFields},
           {"credentials:\n- name: a\n", "4: credentials[0] has no source; accepted: "s + kSources},
           {"credentials:\n-"s + (kSource + 1), "4: credentials[0].name is missing"s + kNameRule},
           {"credentials:\n- name: 5\n"s + kSource,
            "4: credentials[0].name is a number (put it in quotes if it is meant)"s + kNameRule},
           {"credentials:\n- name: on\n"s + kSource,
            "4: credentials[0].name is true or false (put it in quotes if it is meant)"s +
                kNameRule},
           {"credentials:\n- name: Default\n"s + kSource,
            "4: credentials[0].name is not a name for a credential"s + kNameRule},
           {"credentials:\n- name: a.b\n"s + kSource,
            "4: credentials[0].name is not a name for a credential"s + kNameRule},
           {"credentials:\n- name: " + std::string(60, 'a') + "\n" + kSource,
            "4: credentials[0].name is not a name for a credential"s + kNameRule},
           {"credentials:\n- name: pull-secrets-state-a\n"s + kSource,
            "4: credentials[0].name would name a Secret that the operator keeps its own state in; "
            "accepted: another name"},
           {"credentials:\n- name: a\n"s + kSource + "- name: a\n" + kSource,
            "6: credentials[1] is another credential called \"a\"; accepted: every name once"},
           {"credentials:\n- name: a\n  apikey: {}\n",
            "5: unknown key \"apikey\" in credentials[0] (did you mean \"apiKey\"?); accepted: "s +
                kFields},
           {"credentials:\n- name: a\n"s + kSource + "  basic: {username: cp}\n",
            "6: credentials[0] has two sources, apiKey and basic; accepted: "s + kSources},
           {"credentials:\n- name: a\n  basic: {}\n"s + kSource,
            "5: credentials[0] has two sources, apiKey and basic; accepted: "s + kSources}}) {
    DYNAMIC_SECTION(text) {
      CHECK(error_of(kHead + text + "\n") == "config.yaml:" + message);
    }
  }
}

TEST_CASE("a wrong source is named with its line, without what may be a credential", "[config]") {
  constexpr const char* kRef = "{secretRef: {name: s, key: k}}";
  constexpr const char* kProfile = "; accepted: the id of a trusted profile: Profile-…";
  constexpr const char* kPath = "; accepted: the absolute path of a file";
  constexpr const char* kUser =
      "; accepted: a user name without colons and control characters, at most 255 bytes";
  constexpr const char* kHosts = "; accepted: a list of at least one host, such as cp.icr.io";
  struct Case {
    std::string text, message;
  };
  for (const auto& [text, message] : std::vector<Case>{
           // apiKey
           {"apiKey: 5ecret",
            "apiKey is text; accepted: secretRef: {name: …, key: …}; the API key itself never "
            "stands in this file"},
           {"apiKey: []", "apiKey is a list; accepted: a map of secretRef"},
           {"apiKey: {}", "apiKey.secretRef is missing; accepted: {name: …, key: …}"},
           {"apiKey: {secretRef: {name: s}}",
            "apiKey.secretRef.key is missing; accepted: "s + kKeyRule},
           {"apiKey: {secretRef: {key: s}}",
            "apiKey.secretRef.name is missing; accepted: the name of a Secret in the operator's "
            "namespace"},
           {"apiKey: {secretRef: {name: 5eCRET, key: k}}",
            "apiKey.secretRef.name is not the name of a Secret; accepted: lower-case letters, "
            "digits, inner - and ., at most 253"},
           {"apiKey: {secretRef: {name: icr-pull-secrets-state-b, key: k}}",
            "apiKey.secretRef.name is a name that the operator keeps its own state under; "
            "accepted: another name"},
           {"apiKey: {secretRef: {name: s, key: 5ecret/x}}",
            "apiKey.secretRef.key is not the name of a key; accepted: "s + kKeyRule},
           {"apiKey: {secretRef: {name: s, key: ''}}",
            "apiKey.secretRef.key is not the name of a key; accepted: "s + kKeyRule},
           {"apiKey: {secretRef: {name: s, key: 1e3}}",
            "apiKey.secretRef.key is a number (put it in quotes if it is meant); accepted: "s +
                kKeyRule},
           // accessToken, refreshToken
           {"accessToken: 5ecret", "accessToken is text; accepted: a map of apiKey"},
           {"accessToken: {}",
            "accessToken.apiKey is missing; accepted: {secretRef: {name: …, key: …}}"},
           {"accessToken: {apiKey: 5ecret}",
            "accessToken.apiKey is text; accepted: secretRef: {name: …, key: …}; the API key "
            "itself never stands in this file"},
           {"refreshToken: {apiKey: {secretRef: 5ecret}}",
            "refreshToken.apiKey.secretRef is text; accepted: a map of name, key"},
           // trustedProfile, profileKey
           {"trustedProfile: {}", "trustedProfile.id is missing"s + kProfile},
           {"trustedProfile: {id: Profile-}", "trustedProfile.id is not such an id"s + kProfile},
           {"trustedProfile: {id: 5ecret}", "trustedProfile.id is not such an id"s + kProfile},
           {"trustedProfile: {id: Profile-5ecret_x}",
            "trustedProfile.id is not such an id"s + kProfile},
           {"trustedProfile: {id: Profile-" + std::string(250, '1') + "}",
            "trustedProfile.id is not such an id"s + kProfile},
           {"trustedProfile: {id: Profile-1, tokenFile: 5ecret}",
            "trustedProfile.tokenFile is not an absolute path"s + kPath},
           {"trustedProfile: {id: Profile-1, tokenFile: /a/}",
            "trustedProfile.tokenFile is not an absolute path"s + kPath},
           {"trustedProfile: {id: Profile-1, tokenFile: \"/a\\0b\"}",
            "trustedProfile.tokenFile is not an absolute path"s + kPath},
           {"profileKey: {id: Profile-1}",
            "profileKey.secretRef is missing; accepted: {name: …, key: …}"},
           {"profileKey: {secretRef: {name: s, key: k}}", "profileKey.id is missing"s + kProfile},
           // basic
           {"basic: {hosts: [cp.icr.io], password: "s + kRef + "}",
            "basic.username is missing"s + kUser},
           {"basic: {username: '', hosts: [cp.icr.io], password: "s + kRef + "}",
            "basic.username is not a user name"s + kUser},
           {"basic: {username: 'cp:5ecret', hosts: [cp.icr.io], password: "s + kRef + "}",
            "basic.username is not a user name"s + kUser},
           {"basic: {username: \"c\\tp\", hosts: [cp.icr.io], password: "s + kRef + "}",
            "basic.username is not a user name"s + kUser},
           {"basic: {username: " + std::string(256, 'u') +
                ", hosts: [cp.icr.io], password: " + kRef + "}",
            "basic.username is not a user name"s + kUser},
           {"basic: {username: cp, password: "s + kRef + "}", "basic.hosts is missing"s + kHosts},
           {"basic: {username: cp, hosts: [], password: "s + kRef + "}",
            "basic.hosts is an empty list"s + kHosts},
           {"basic: {username: cp, hosts: cp.icr.io, password: "s + kRef + "}",
            "basic.hosts is text"s + kHosts},
           {"basic: {username: cp, hosts: [localhost], password: "s + kRef + "}",
            "basic.hosts[0]: \"localhost\" is not a registry host; accepted: a lower-case DNS name "
            "of at least two labels, with a port if need be, without https:// and path, such as "
            "xx.icr.io or registry.example.com:5000"},
           {"basic: {username: cp, hosts: [cp.icr.io]}",
            "basic.password is missing; accepted: {secretRef: {name: …, key: …}}"},
           {"basic: {username: cp, hosts: [cp.icr.io], password: 5ecret}",
            "basic.password is text; accepted: secretRef: {name: …, key: …}; the password itself "
            "never stands in this file"}}) {
    DYNAMIC_SECTION(text) {
      const std::string error = error_of(file_with("  " + text));
      CHECK(error == "config.yaml:5: credentials[0]." + message);
      CHECK_THAT(error, !Contains("5ecret") && !Contains("5eCRET"));
    }
  }
}

TEST_CASE("a wrong service ID is named with its line", "[config]") {
  constexpr const char* kEvery =
      "; accepted: a duration from 1m to 8760h, such as 720h, 1h30m or 90s";
  constexpr const char* kOverlap =
      "; accepted: a duration from 1s to 8760h, such as 720h, 1h30m or 90s";
  constexpr const char* kIam = "; accepted: the IAM id of a service ID: iam-ServiceId-…";
  constexpr const char* kAccount = "; accepted: the id of an IBM Cloud account: letters and digits";
  const std::string id = "iamId: iam-ServiceId-1";
  const std::string account = "accountId: 0a";
  const std::string manager = "manager: {apiKey: {secretRef: {name: m, key: k}}}";
  const auto with = [&](const std::string& more) {
    return id + ", " + account + ", " + manager + ", " + more;
  };
  struct Case {
    std::string text, message;
  };
  for (const auto& [text, message] : std::vector<Case>{
           {account + ", " + manager, ".iamId is missing"s + kIam},
           {"iamId: ServiceId-1", ".iamId is not such an id"s + kIam},
           {"iamId: iam-ServiceId-", ".iamId is not such an id"s + kIam},
           {"iamId: 'iam-ServiceId-5ecret x'", ".iamId is not such an id"s + kIam},
           {id, ".accountId is missing"s + kAccount},
           {id + ", accountId: ''", ".accountId is not the id of an account"s + kAccount},
           {id + ", accountId: 5ecret-x", ".accountId is not the id of an account"s + kAccount},
           {id + ", accountId: 12",
            ".accountId is a number (put it in quotes if it is meant)"s + kAccount},
           {id + ", " + account, ".manager is missing; accepted: one of apiKey, trustedProfile"},
           {id + ", " + account + ", manager: {}",
            ".manager has no source; accepted: one of apiKey, trustedProfile"},
           {id + ", " + account +
                ", manager: {apiKey: {secretRef: {name: m, key: k}}, trustedProfile: {id: "
                "Profile-1}}",
            ".manager has two sources, apiKey and trustedProfile; accepted: one of apiKey, "
            "trustedProfile"},
           {id + ", " + account + ", manager: 5ecret",
            ".manager is text; accepted: a map of apiKey, trustedProfile"},
           {with("rotateEvery: 30d"), ".rotateEvery is not a duration"s + kEvery},
           {with("rotateEvery: 720"), ".rotateEvery is a number"s + kEvery},
           {with("rotateEvery: []"), ".rotateEvery is a list"s + kEvery},
           {with("rotateEvery: 59s"), ".rotateEvery is 59s"s + kEvery},
           {with("rotateEvery: 8760h1s"), ".rotateEvery is 8760h1s"s + kEvery},
           {with("overlap: 0s"), ".overlap is 0s"s + kOverlap},
           {with("overlap: 1.5h"), ".overlap is not a duration"s + kOverlap},
           {with("overlap: 720h"),
            ".overlap is 720h; accepted: an overlap shorter than rotateEvery, which is 720h"},
           {with("rotateEvery: 1h, overlap: 61m"),
            ".overlap is 1h1m; accepted: an overlap shorter than rotateEvery, which is 1h"},
           {with("rotateEvery: 1h"),
            " has an overlap of 2h; accepted: an overlap shorter than rotateEvery, which is 1h"}}) {
    DYNAMIC_SECTION(text) {
      const std::string error = error_of(file_with("  serviceId: {" + text + "}"));
      CHECK(error == "config.yaml:5: credentials[0].serviceId" + message);
      CHECK_THAT(error, !Contains("5ecret"));
    }
  }
}

TEST_CASE("credentials that are no more are listed by their names", "[config][retired]") {
  CHECK(parsed(kMinimal).retired.empty());
  CHECK(parsed(kMinimal + "retired: []\n").retired.empty());
  CHECK(parsed(kMinimal + "retired: [old-team, a]\n").retired ==
        std::vector<plan::CopyName>{{"old-team", "icr-old-team"}, {"a", "icr-a"}});
  CHECK(parsed(kMinimal + "retired: [{name: a}, {name: a, secretName: all-icr-io}]\n").retired ==
        std::vector<plan::CopyName>{{"a", "icr-a"}, {"a", "all-icr-io"}});
}

TEST_CASE("a credential's Secrets may have a name of their own", "[config][retired]") {
  const std::string two = kMinimal + "- name: entitled\n" +
                          "  apiKey: {secretRef: {name: k, key: k}}\n" + "  secretName: ";
  CHECK(parsed(kMinimal).credentials[0].secret_name == "icr-default");
  CHECK(parsed(two + "ibm-entitlement-key\n").credentials[1].secret_name == "ibm-entitlement-key");
  CHECK(parsed(two + "a.b-c\nretired: [{name: entitled, secretName: icr-entitled}]\n").retired ==
        std::vector<plan::CopyName>{{"entitled", "icr-entitled"}});
  const std::string names =
      "; accepted: a name for Secrets: lower-case letters, digits, inner - and ., at most 253";
  const std::vector<std::pair<std::string, std::string>> mistakes{
      {"A_b", "8: credentials[1].secretName is not a name for Secrets" + names},
      {"7", "8: credentials[1].secretName is a number (put it in quotes if it is meant)" + names},
      {"\"\"", "8: credentials[1].secretName is not a name for Secrets" + names},
      {std::string(254, 'a'), "8: credentials[1].secretName is not a name for Secrets" + names},
      {"icr-pull-secrets-state-x",
       "8: credentials[1].secretName is a name that the operator keeps its own state under; "
       "accepted: another name"},
      {"icr-default",
       "6: credentials[1] has Secrets called \"icr-default\", as \"default\" has; accepted: every "
       "secretName once"},
      {"k",
       "6: credentials[1] has Secrets called \"k\", and that is what the credential \"entitled\" "
       "comes from; accepted: another secretName, or another name for the source"},
      {"icr-api-key",
       "6: credentials[1] has Secrets called \"icr-api-key\", and that is what the credential "
       "\"default\" comes from; accepted: another secretName, or another name for the source"},
  };
  for (const auto& [name, message] : mistakes) {
    DYNAMIC_SECTION(name) {
      CHECK(error_of(two + name + "\n") == "config.yaml:" + message);
    }
  }
}

TEST_CASE("a former name of Secrets is nobody's", "[config][retired]") {
  const auto mistake = [](const std::string& value) {
    return error_of(kMinimal + "  secretName: all-icr-io\nretired: " + value + "\n");
  };
  CHECK(mistake("[default]") ==
        "config.yaml:7: retired[0] is \"default\", which is a credential; accepted: names that are "
        "not in credentials; for what its Secrets were called before, {name: default, secretName: "
        "icr-default}");
  CHECK(
      mistake("[{name: old, secretName: all-icr-io}]") ==
      "config.yaml:7: retired[0] has Secrets called \"all-icr-io\", as \"default\" has; accepted: "
      "every secretName once");
  CHECK(mistake("[a, {name: b, secretName: icr-a}]") ==
        "config.yaml:7: retired[1] has Secrets called \"icr-a\", as \"a\" has; accepted: every "
        "secretName once");
  CHECK_THAT(mistake("[{name: old, secretName: icr-api-key}]"), Contains("comes from"));
  CHECK_THAT(mistake("[{secretName: icr-a}]"), Contains("retired[0].name is missing"));
}

TEST_CASE("a mistake among the retired is named", "[config][retired]") {
  const auto mistake = [](const std::string& value) {
    return error_of(kMinimal + "retired: " + value + "\n");
  };
  const std::string rule = "; accepted: 1 to 59 lower-case letters, digits and inner hyphens";
  CHECK(mistake("old") ==
        "config.yaml:6: retired is text; accepted: a list of names of former credentials; [] for "
        "none");
  CHECK(mistake("[Old]") == "config.yaml:6: retired[0] is not a name for a credential" + rule);
  CHECK(mistake("[a, 7]") ==
        "config.yaml:6: retired[1] is a number (put it in quotes if it is meant)" + rule);
  CHECK(mistake("[" + std::string(60, 'a') + "]") ==
        "config.yaml:6: retired[0] is not a name for a credential" + rule);
  CHECK_THAT(mistake("[pull-secrets-state-x]"), Contains("keeps its own state in"));
  CHECK(mistake("[default]") ==
        "config.yaml:6: retired[0] is \"default\", which is a credential; accepted: names that are "
        "not in credentials");
  CHECK(mistake("[a, b, a]") ==
        "config.yaml:6: retired[2] is \"a\" again; accepted: every name once");
}

}  // namespace credentials_test
