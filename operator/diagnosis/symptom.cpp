#include "diagnosis/symptom.hpp"

#include <algorithm>
#include <array>

#include "icr/text.hpp"

namespace icrps::diagnosis {
namespace {

struct Reason {
  std::string_view word;
  Symptom symptom;
};

constexpr std::array<Reason, 4> kReasons{{
    {"InvalidImageName", Symptom::kBadName},
    {"ErrImageNeverPull", Symptom::kNeverPull},
    {"SignatureValidationFailed", Symptom::kSignature},
    {"RegistryUnavailable", Symptom::kUnavailable},
}};

/// The word must be in the text, which is in lower case, and so must the other one.
struct Rule {
  std::string_view word;
  Symptom symptom;
  std::string_view other{};
};

/// The first that applies: what is more telling stands further up.
constexpr std::array kRules{
    // kubelet: a Secret that can't be read ends the search for logins
    // (keyring.go, config.go)
    Rule{"unable to parse auth field", Symptom::kBrokenSecret},
    Rule{"illegal base64 data at input byte", Symptom::kBrokenSecret},
    // IBM Cloud
    Rule{"private-only access is enabled on this account", Symptom::kPrivateOnly},
    Rule{"exceeded your", Symptom::kQuota, "quota"},
    // any registry
    Rule{"toomanyrequests", Symptom::kThrottled},
    Rule{"429 too many requests", Symptom::kThrottled},
    Rule{"too many requests to registry", Symptom::kThrottled},
    // containerd, then containers/image; both end with "not found" in some
    // versions
    Rule{"no match for platform in manifest", Symptom::kPlatform},
    Rule{"no match for current platform", Symptom::kPlatform},
    Rule{"no matching manifest for", Symptom::kPlatform},
    Rule{"no image found in manifest list for architecture", Symptom::kPlatform},
    Rule{"no image found in image index for architecture", Symptom::kPlatform},
    // Go's network
    Rule{"x509: ", Symptom::kCertificate},
    Rule{"tls: failed to verify certificate", Symptom::kCertificate},
    Rule{"no such host", Symptom::kNoSuchHost},
    Rule{"server misbehaving", Symptom::kNoSuchHost},
    Rule{"i/o timeout", Symptom::kNoAnswer},
    Rule{"tls handshake timeout", Symptom::kNoAnswer},
    Rule{"context deadline exceeded", Symptom::kNoAnswer},
    Rule{"client.timeout exceeded", Symptom::kNoAnswer},
    Rule{"connection refused", Symptom::kNoAnswer},
    Rule{"connection reset by peer", Symptom::kNoAnswer},
    Rule{"no route to host", Symptom::kNoAnswer},
    Rule{"network is unreachable", Symptom::kNoAnswer},
    Rule{": eof", Symptom::kNoAnswer},
    Rule{"no space left on device", Symptom::kNodeDisk},
    // the registry's own trouble, whoever asked
    Rule{"500 internal server error", Symptom::kUnavailable},
    Rule{"502 bad gateway", Symptom::kUnavailable},
    Rule{"503 service unavailable", Symptom::kUnavailable},
    Rule{"504 gateway timeout", Symptom::kUnavailable},
    Rule{"status code from registry 500", Symptom::kUnavailable},
    Rule{"status code from registry 502", Symptom::kUnavailable},
    Rule{"status code from registry 503", Symptom::kUnavailable},
    Rule{"status code from registry 504", Symptom::kUnavailable},
    // containerd says whether it had a login
    Rule{"failed to fetch anonymous token", Symptom::kAnonymous},
    Rule{"failed to fetch oauth token", Symptom::kRefused},
    Rule{"invalid username/password", Symptom::kRefused},
    // after a token was given
    Rule{"insufficient_scope", Symptom::kDenied},
    Rule{"pull access denied", Symptom::kDenied},
    Rule{"requested access to the resource is denied", Symptom::kDenied},
    Rule{"access to the requested resource is not authorized", Symptom::kDenied},
    Rule{"denied: ", Symptom::kDenied},
    // and those that don't say
    Rule{"requesting bearer token", Symptom::kUnauthorized, "status code from registry 4"},
    Rule{"authorization required", Symptom::kUnauthorized},
    Rule{"authentication required", Symptom::kUnauthorized},
    Rule{"unauthorized", Symptom::kUnauthorized},
    Rule{"401 ", Symptom::kUnauthorized},
    Rule{"403 forbidden", Symptom::kDenied},
    Rule{"signature", Symptom::kSignature, "policy"},
    Rule{"manifest unknown", Symptom::kNotFound},
    Rule{"name unknown", Symptom::kNotFound},
    Rule{"repository name not known", Symptom::kNotFound},
    Rule{": not found", Symptom::kNotFound},
};

/// With no word of the image in it, in lower case. A Secret that can't be read
/// is told as the reason, which is free text then.
std::string readable(std::string_view reason, std::string_view text, std::string_view image) {
  std::string all = std::string(reason) + "\n" + std::string(text) + "\n";
  if (!image.empty()) {
    constexpr std::string_view kInstead = "IMAGE";
    for (auto at = all.find(image); at != std::string::npos; at = all.find(image, at)) {
      all.replace(at, image.size(), kInstead);
      at += kInstead.size();
    }
  }
  return icr::lower(all);
}

}  // namespace

Symptom symptom_of(std::string_view reason, std::string_view text, std::string_view image) {
  if (reason.empty() && text.empty()) return Symptom::kNone;
  for (const auto& [word, symptom] : kReasons) {
    if (reason == word) return symptom;
  }
  const auto said = readable(reason, text, image);
  const auto found = std::find_if(kRules.begin(), kRules.end(), [&said](const Rule& rule) {
    return said.find(rule.word) != std::string::npos && said.find(rule.other) != std::string::npos;
  });
  if (found != kRules.end()) return found->symptom;
  return Symptom::kUnknown;
}

std::string_view to_string(Symptom symptom) {
  constexpr std::array<std::string_view, 20> kNames{
      "none",      "bad_name",     "never_pull",   "broken_secret", "anonymous",
      "refused",   "unauthorized", "denied",       "not_found",     "platform",
      "quota",     "throttled",    "private_only", "certificate",   "no_such_host",
      "no_answer", "unavailable",  "signature",    "node_disk",     "unknown"};
  return kNames.at(static_cast<std::size_t>(symptom));
}

}  // namespace icrps::diagnosis
