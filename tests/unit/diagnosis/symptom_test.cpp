// Texts of kubelets, containerd and CRI-O as people met them, and what they
// mean.
#include "diagnosis/symptom.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace symptom_test {

using namespace icrps::diagnosis;

namespace {

const std::string kImage = "us.icr.io/team/app:1";
const std::string kContainerd =
    "failed to pull and unpack image \"us.icr.io/team/app:1\": failed to "
    "resolve reference "
    "\"us.icr.io/team/app:1\": ";
const std::string kAuthorize = kContainerd + "failed to authorize: ";
const std::string kCrio = "initializing source docker://us.icr.io/team/app:1: ";

struct Said {
  std::string text;
  std::string means;
};

}  // namespace

TEST_CASE("what containerd says", "[diagnosis][symptom]") {
  for (const auto& [text, means] : std::vector<Said>{
           {kAuthorize + "failed to fetch oauth token: unexpected status from "
                         "POST request to "
                         "https://us.icr.io/oauth/token: 400 Bad Request",
            "refused"},
           {kAuthorize + "failed to fetch oauth token: unexpected status from "
                         "GET request to "
                         "https://us.icr.io/oauth/"
                         "token?scope=repository%3Ateam%2Fapp%3Apull: 401 "
                         "Unauthorized",
            "refused"},
           {kAuthorize + "failed to fetch oauth token: unexpected status: 401 "
                         "Unauthorized",
            "refused"},
           {kAuthorize + "failed to fetch anonymous token: unexpected status "
                         "from GET request to "
                         "https://us.icr.io/oauth/token: 401 Unauthorized",
            "anonymous"},
           {kAuthorize + "failed to fetch anonymous token: unexpected status: "
                         "403 Forbidden",
            "anonymous"},
           {kAuthorize + "failed to fetch anonymous token: unexpected status from GET "
                         "request to "
                         "https://us.icr.io/oauth/token: 503 Service Unavailable",
            "unavailable"},
           {kContainerd + "pull access denied, repository does not exist or may require "
                          "authorization: authorization failed: no basic auth credentials",
            "denied"},
           {kContainerd + "pull access denied, repository does not exist or may require "
                          "authorization: server message: insufficient_scope: "
                          "authorization failed",
            "denied"},
           {kContainerd + "unexpected status from HEAD request to "
                          "https://us.icr.io/v2/team/app/manifests/1: 403 Forbidden",
            "denied"},
           {kContainerd + "us.icr.io/team/app:1: not found", "not_found"},
           {kContainerd + "unexpected status code [manifests 1]: 401 Unauthorized", "unauthorized"},
           {"failed to pull and unpack image \"us.icr.io/team/app:1\": no match "
            "for platform in "
            "manifest: not found",
            "platform"},
           {"no match for current platform linux/s390x in manifest sha256:32ef: "
            "not found",
            "platform"},
           {kContainerd + "failed to do request: Head "
                          "\"https://us.icr.io/v2/team/app/manifests/1\": "
                          "dial tcp: lookup us.icr.io on 10.0.80.11:53: no such host",
            "no_such_host"},
           {kContainerd + "failed to do request: Head \"https://us.icr.io/v2/\": dial tcp "
                          "52.1.1.1:443: i/o timeout",
            "no_answer"},
           {kContainerd + "failed to do request: Head \"https://us.icr.io/v2/\": dial tcp "
                          "52.1.1.1:443: connect: connection refused",
            "no_answer"},
           {kContainerd + "failed to do request: Head "
                          "\"https://us.icr.io/v2/\": read tcp: read: "
                          "connection reset by peer",
            "no_answer"},
           {kContainerd + "failed to do request: Head \"https://us.icr.io/v2/\": EOF", "no_answer"},
           {kContainerd + "failed to do request: Head "
                          "\"https://us.icr.io/v2/\": tls: failed to "
                          "verify certificate: x509: certificate signed by "
                          "unknown authority",
            "certificate"},
           {kContainerd + "unexpected status from HEAD request to "
                          "https://us.icr.io/v2/: 429 Too "
                          "Many Requests",
            "throttled"},
           {kContainerd + "unexpected status from GET request to "
                          "https://us.icr.io/v2/: 502 Bad "
                          "Gateway",
            "unavailable"},
           {"failed to extract layer sha256:aa: write /var/lib/x: no space left "
            "on device: unknown",
            "node_disk"}}) {
    DYNAMIC_SECTION(text) {
      CHECK(to_string(symptom_of("ErrImagePull", text, kImage)) == means);
      CHECK(to_string(symptom_of("ImagePullBackOff",
                                 "Back-off pulling image \"" + kImage + "\": ErrImagePull: " + text,
                                 kImage)) == means);
    }
  }
}

TEST_CASE("what CRI-O says", "[diagnosis][symptom]") {
  for (const auto& [text, means] : std::vector<Said>{
           {kCrio + "unable to retrieve auth token: invalid username/password: "
                    "unauthorized: "
                    "Authorization required",
            "refused"},
           {kCrio + "Requesting bearer token: invalid status code from "
                    "registry 403 (Forbidden)",
            "unauthorized"},
           {kCrio + "Requesting bearer token: invalid status code from "
                    "registry 400 (Bad Request)",
            "unauthorized"},
           {kCrio + "Requesting bearer token: invalid status code from "
                    "registry 503 (Service "
                    "Unavailable)",
            "unavailable"},
           {kCrio + "reading manifest 1 in us.icr.io/team/app: unauthorized: "
                    "access to the requested "
                    "resource is not authorized",
            "denied"},
           {kCrio + "reading manifest 1 in us.icr.io/team/app: denied: "
                    "requested access to the "
                    "resource is denied",
            "denied"},
           {kCrio + "reading manifest 1 in us.icr.io/team/app: unauthorized: "
                    "authentication required",
            "unauthorized"},
           {kCrio + "reading manifest 1 in us.icr.io/team/app: manifest unknown", "not_found"},
           {"reading manifest 1 in us.icr.io/team/app: name unknown: "
            "repository name not known to "
            "registry",
            "not_found"},
           {"choosing image instance: no image found in manifest list for "
            "architecture \"s390x\", "
            "variant \"\", OS \"linux\"",
            "platform"},
           {"choosing image instance: no image found in image index for "
            "architecture \"ppc64le\", "
            "variant \"\", OS \"linux\"",
            "platform"},
           {kCrio + "pinging container registry us.icr.io: Get "
                    "\"https://us.icr.io/v2/\": dial tcp: "
                    "lookup us.icr.io: no such host",
            "no_such_host"},
           {kCrio + "pinging container registry us.icr.io: Get "
                    "\"https://us.icr.io/v2/\": net/http: "
                    "TLS handshake timeout",
            "no_answer"},
           {kCrio + "too many requests to registry", "throttled"},
           {"Source image rejected: Required signature missing, by the "
            "signature policy",
            "signature"}}) {
    DYNAMIC_SECTION(text) {
      CHECK(to_string(symptom_of("ErrImagePull", text, kImage)) == means);
    }
  }
}

TEST_CASE("what the kubelet and IBM Cloud say", "[diagnosis][symptom]") {
  struct Case {
    std::string reason, text, means;
  };
  for (const auto& [reason, text, means] : std::vector<Case>{
           {"", "", "none"},
           {"InvalidImageName",
            "Failed to apply default image tag \"us.icr.io/Team\": couldn't "
            "parse "
            "image name: invalid reference format",
            "bad_name"},
           {"ErrImageNeverPull",
            "Container image \"us.icr.io/team/app:1\" is not present with pull "
            "policy of Never",
            "never_pull"},
           {"unable to parse auth field, must be formatted as "
            "base64(username:password)",
            "", "broken_secret"},
           {"illegal base64 data at input byte 4", "", "broken_secret"},
           {"SignatureValidationFailed", "image pull failed", "signature"},
           {"RegistryUnavailable", "image pull failed", "unavailable"},
           {"ErrImagePull",
            "denied: Private-only access is enabled on this account, but this "
            "request was over the "
            "public network. You must access this account over the private "
            "network",
            "private_only"},
           {"ErrImagePull",
            "denied: You have exceeded your pull traffic quota for the current "
            "month",
            "quota"},
           {"ErrImagePull", "toomanyrequests: slow down", "throttled"},
           {"ErrImagePull",
            "unauthorized: Authorization required. See "
            "https://cloud.ibm.com/docs/Registry?topic="
            "Registry-troubleshoot-auth-req",
            "unauthorized"},
           {"ErrImagePull", "something new", "unknown"},
           {"CreateContainerConfigError", "secret \"x\" not found in this place", "unknown"}}) {
    DYNAMIC_SECTION(reason << text) {
      CHECK(to_string(symptom_of(reason, text, kImage)) == means);
    }
  }
}

TEST_CASE("the name of an image does not choose the symptom", "[diagnosis][symptom]") {
  const std::string image = "us.icr.io/team/toomanyrequests:429";
  CHECK(symptom_of("ErrImagePull",
                   "failed to pull and unpack image \"" + image + "\": " + image + ": not found",
                   image) == Symptom::kNotFound);
}

}  // namespace symptom_test
