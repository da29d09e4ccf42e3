#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "parse.hpp"

namespace iam_test {

using namespace icrps;
using namespace icrps::config;
using namespace std::string_literals;
using Catch::Matchers::Contains;

TEST_CASE("IAM is asked at its public address, at its private one or at another", "[config]") {
  struct Case {
    std::string endpoint, origin;
  };
  for (const auto& [endpoint, origin] :
       std::vector<Case>{{"public", "https://iam.cloud.ibm.com"},
                         {"private", "https://private.iam.cloud.ibm.com"},
                         {"https://iam.test.cloud.ibm.com", "https://iam.test.cloud.ibm.com"},
                         {"https://IAM.example.com:8443", "https://iam.example.com:8443"},
                         {"https://127.0.0.1:4443", "https://127.0.0.1:4443"},
                         {"https://localhost:4443", "https://localhost:4443"}}) {
    CHECK(parsed(kMinimal + "iam: {endpoint: '" + endpoint + "'}\n").iam.origin == origin);
  }
  CHECK(parsed(kMinimal + "iam: {}\n").iam.origin == "https://iam.cloud.ibm.com");
  CHECK(parsed(kMinimal + "registry: {}\n").registry.ca_file.empty());
}

TEST_CASE("proof is required, preferred or off, which YAML takes for false", "[config]") {
  CHECK(parsed(kMinimal + "proof: required\n").proof == Proof::kRequired);
  CHECK(parsed(kMinimal + "proof: preferred\n").proof == Proof::kPreferred);
  for (const std::string off : {"off", "'off'", "Off", "false"}) {
    CHECK(parsed(kMinimal + "proof: " + off + "\n").proof == Proof::kOff);
  }
}

TEST_CASE("a wrong way to IAM is named with its line and what is accepted", "[config]") {
  constexpr const char* kEndpoint =
      "; accepted: public, private, https://HOST or https://HOST:PORT";
  constexpr const char* kPath = "; accepted: the absolute path of a file";
  constexpr const char* kProxy =
      ": there is one proxy for IAM and registries; accepted: proxy: {url: http://HOST:PORT} at "
      "the "
      "top level of the file";
  constexpr const char* kUrl = "; accepted: http://HOST:PORT, or none";
  struct Case {
    std::string text, message;
  };
  for (const auto& [text, message] : std::vector<Case>{
           {"iam: private", "iam is text; accepted: a map of endpoint, caFile"},
           {"iam: {url: x}", "unknown key \"url\" in iam; accepted: endpoint, caFile"},
           {"iam: {endpoint: vpe}",
            "iam.endpoint is neither public, private nor an address"s + kEndpoint},
           {"iam: {endpoint: iam.example.com}",
            "iam.endpoint is neither public, private nor an address"s + kEndpoint},
           {"iam: {endpoint: 'http://iam.cloud.ibm.com'}",
            "iam.endpoint is http://, where API keys would travel without encryption"s + kEndpoint},
           {"iam: {endpoint: 'http://localhost:8080'}",
            "iam.endpoint is http://, where API keys would travel without encryption"s + kEndpoint},
           {"iam: {endpoint: 'https://'}",
            "iam.endpoint is not an address of host and port alone"s + kEndpoint},
           {"iam: {endpoint: 'https://iam.cloud.ibm.com/'}",
            "iam.endpoint is not an address of host and port alone"s + kEndpoint},
           {"iam: {endpoint: 'https://iam.cloud.ibm.com/identity'}",
            "iam.endpoint is not an address of host and port alone"s + kEndpoint},
           {"iam: {endpoint: 'https://me:5ecret@iam.cloud.ibm.com'}",
            "iam.endpoint is not an address of host and port alone"s + kEndpoint},
           {"iam: {endpoint: 'https://iam.cloud.ibm.com?apikey=5ecret'}",
            "iam.endpoint is not an address of host and port alone"s + kEndpoint},
           {"iam: {endpoint: 'https://iam.cloud.ibm.com:0'}",
            "iam.endpoint is not an address of host and port alone"s + kEndpoint},
           {"iam: {endpoint: 'https://[::1'}",
            "iam.endpoint is not an address of host and port alone"s + kEndpoint},
           {"iam: {caFile: ca.pem}", "iam.caFile is not an absolute path"s + kPath},
           {"iam: {caFile: ''}", "iam.caFile is not an absolute path"s + kPath},
           {"registry: {caFile: [x]}", "registry.caFile is a list"s + kPath},
           {"registry: {endpoint: x}", "unknown key \"endpoint\" in registry; accepted: caFile"},
           {"proof: on",
            "proof is true or false (put it in quotes if it is meant); accepted: required, "
            "preferred, off"},
           {"proof: none", "proof is \"none\"; accepted: required, preferred, off"},
           {"proof: Required",
            "proof is \"Required\" (did you mean \"required\"?); accepted: required, preferred, "
            "off"},
           {"proxy: http://me:5ecret@proxy:3128",
            "proxy is text; accepted: a map of url, noProxy, credentialsFile"},
           {"proxy: {}", "proxy.url is missing"s + kUrl},
           {"proxy: {url: 'socks5://5ecret'}",
            "proxy.url is not the address of an HTTP proxy"s + kUrl},
           {"proxy: {url: 'http://me:5ecret@proxy:3128'}",
            "proxy.url holds a user or a password, which anybody may read here; accepted: "
            "http://HOST:PORT, and proxy.credentialsFile with USER:PASSWORD in a mounted Secret"},
           {"proxy: {url: none, credentialsFile: x}",
            "proxy.credentialsFile is not an absolute "
            "path"s +
                kPath},
           {"iam: {proxy: x}", "iam.\"proxy\""s + kProxy},
           {"iam: {httpsProxy: x}", "iam.\"httpsProxy\""s + kProxy},
           {"registry: {proxyUrl: x}", "registry.\"proxyUrl\""s + kProxy}}) {
    DYNAMIC_SECTION(text) {
      const std::string error = error_of(kMinimal + text + "\n");
      CHECK(error == "config.yaml:6: " + message);
      CHECK_THAT(error, !Contains("5ecret"));
    }
  }
}

}  // namespace iam_test
