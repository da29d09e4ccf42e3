#include "kube/pure/exec_credential.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "icr/base64.hpp"
#include "runtime/timestamp.hpp"

namespace exec_credential_test {

using namespace icrps;
using namespace icrps::kube;
using nlohmann::json;

namespace {

const std::string kVersion = "client.authentication.k8s.io/v1";
const std::string kPem = "-----BEGIN X-----\nAAAA\n-----END X-----\n";

std::string printed(const json& status) {
  return json{{"apiVersion", kVersion}, {"kind", "ExecCredential"}, {"status", status}}.dump();
}

}  // namespace

TEST_CASE("a plugin is told what its kubeconfig wants", "[kube][exec]") {
  CHECK(json::parse(exec_info(kVersion, true, std::nullopt)) ==
        json{{"apiVersion", kVersion},
             {"kind", "ExecCredential"},
             {"spec", {{"interactive", true}}}});
  const PluginCluster cluster{"https://h", "n", "pem", "http://p", R"({"a":1})"};
  CHECK(json::parse(exec_info(kVersion, false, cluster))["spec"] ==
        json{{"interactive", false},
             {"cluster",
              {{"server", "https://h"},
               {"tls-server-name", "n"},
               {"certificate-authority-data", icr::base64_encode("pem")},
               {"proxy-url", "http://p"},
               {"config", {{"a", 1}}}}}});
  CHECK(json::parse(exec_info(kVersion, false,
                              PluginCluster{"https://h", "", "", "", ""}))["spec"]["cluster"] ==
        json{{"server", "https://h"}});
}

TEST_CASE("a plugin's answer is read", "[kube][exec]") {
  const auto token = read_exec_credential(
      printed({{"token", "t"}, {"expirationTimestamp", "2026-11-23T07:00:00Z"}}), kVersion);
  REQUIRE(token);
  CHECK(token->token.reveal() == "t");
  CHECK(token->expires_at == parse_rfc3339("2026-11-23T07:00:00Z"));
  const auto certificate = read_exec_credential(
      printed({{"clientCertificateData", kPem}, {"clientKeyData", kPem}, {"token", nullptr}}),
      kVersion);
  REQUIRE(certificate);
  CHECK(certificate->certificate_pem == kPem);
  CHECK(certificate->key_pem.reveal() == kPem);
  CHECK(certificate->token.empty());
  CHECK_FALSE(certificate->expires_at);
}

TEST_CASE("a plugin's nonsense is refused and not repeated", "[kube][exec]") {
  struct Case {
    std::string output, why;
  };
  const std::string none = "printed something that is not an ExecCredential";
  for (const auto& [output, why] : std::vector<Case>{
           {"", none},
           {"5ecret", none},
           {"[]", none},
           {"{}", none},
           {"{\"kind\":\"ExecCredential\"", none},
           {R"({"kind":"Config","status":{"token":"5ecret"}})", none},
           {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"})",
            "printed an ExecCredential of another version than client.authentication.k8s.io/v1, "
            "which its kubeconfig names"},
           {printed(nullptr), "printed an ExecCredential without a status"},
           {printed(json::object()),
            "printed an ExecCredential without a token and without a client certificate"},
           {printed({{"token", 5}}),
            "printed an ExecCredential whose status holds something that is not text"},
           {printed({{"token", "5ecret\nX: 1"}}),
            "printed a token with blanks, line ends or characters that are not ASCII"},
           {printed({{"clientKeyData", kPem}}),
            "printed a client certificate without its key, or a key without certificate"},
           {printed({{"clientKeyData", "5ecret"}, {"clientCertificateData", kPem}}),
            "printed a client certificate or key that is not PEM"},
           {printed({{"token", "5ecret"}, {"expirationTimestamp", "soon"}}),
            "printed an expirationTimestamp that is no time"}}) {
    DYNAMIC_SECTION(output) {
      const auto read = read_exec_credential(output, kVersion);
      REQUIRE_FALSE(read);
      CHECK(read.error() == why);
    }
  }
}

}  // namespace exec_credential_test
