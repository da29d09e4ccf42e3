#include "diagnosis/verdict.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "icr/regions.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::diagnosis {
namespace {

using Answer = Entry::Answer;
using State = PullSecret::State;

constexpr std::string_view kAccessHelp =
    "grant it the role Reader on the registry namespace: ibmcloud iam "
    "service-policy-create, or "
    "icr-pull-secrets provision";

std::string restart(const Facts& facts) {
  if (facts.pod.empty()) return "";
  return fmt::format("kubectl delete pod -n {} {}", facts.ns, facts.pod);
}

std::string events(const Facts& facts) {
  if (facts.pod.empty()) return fmt::format("kubectl get events -n {}", facts.ns);
  return fmt::format("kubectl describe pod -n {} {}", facts.ns, facts.pod);
}

std::string said(const Facts& facts) {
  return facts.said.empty() ? "" : ": " + icr::quoted(facts.said, 300);
}

std::string in_words(const Entry& entry) {
  return fmt::format("the entry {} of Secret {} (user {})", icr::quoted(entry.key), entry.secret,
                     icr::quoted(entry.username));
}

std::string answered(const Entry& entry) {
  return entry.words.empty() ? "" : ": " + entry.words;
}

const PullSecret* first_with(const Facts& facts, State state) {
  const auto found = std::find_if(facts.secrets.begin(), facts.secrets.end(),
                                  [state](const auto& secret) { return secret.state == state; });
  return found == facts.secrets.end() ? nullptr : &*found;
}

Verdict platform(const Facts& facts) {
  return {"wrong_platform",
          fmt::format("the image is not for the node's platform{}",
                      facts.node_platform.empty() ? "" : ", " + facts.node_platform),
          "build and push the image for that platform, or choose nodes by "
          "nodeSelector "
          "kubernetes.io/arch"};
}

/// What only the node or the kubelet knows, whoever asks the registry from
/// elsewhere.
std::optional<Verdict> of_node(const Facts& facts) {
  switch (facts.symptom) {
    case Symptom::kBadName:
      return Verdict{"bad_image_name",
                     fmt::format("{} is not the name of an image", icr::quoted(facts.image, 200)),
                     "mend the image in the pod's template"};
    case Symptom::kNeverPull:
      return Verdict{"never_pulled",
                     "imagePullPolicy is Never, and the node has no image that "
                     "was pulled with this "
                     "pod's logins",
                     "set imagePullPolicy: IfNotPresent"};
    case Symptom::kSignature:
      return Verdict{"signature_refused", "the node refuses the image's signature" + said(facts),
                     "ask whoever sets the signature policy of the nodes"};
    case Symptom::kNodeDisk:
      return Verdict{"node_disk_full", "the node has no room for the image" + said(facts),
                     "kubectl describe nodes"};
    case Symptom::kBrokenSecret:
      return Verdict{"broken_secret",
                     "one of the pod's Secrets can't be read, so that the "
                     "kubelet tried no login" +
                         said(facts),
                     fmt::format("kubectl get secrets -n {}", facts.ns)};
    default:
      return std::nullopt;
  }
}

/// What the registry or the way to it does to everybody.
std::optional<Verdict> of_registry(const Facts& facts) {
  switch (facts.symptom) {
    case Symptom::kQuota:
      return Verdict{"quota_exceeded", "the registry account's quota is used up" + said(facts),
                     "ibmcloud cr quota"};
    case Symptom::kThrottled:
      return Verdict{"throttled", "the registry answers too many requests" + said(facts),
                     "wait; the kubelet tries again"};
    case Symptom::kPrivateOnly:
      return Verdict{"private_only",
                     "the registry account takes requests from the private network only",
                     "use the private host in the image's name (private.us.icr.io), and the "
                     "annotation "
                     "icr-pull-secrets/endpoints=all"};
    case Symptom::kPlatform:
      return platform(facts);
    case Symptom::kCertificate:
      return Verdict{"certificate_not_trusted",
                     "the node does not trust the certificate that it was shown" + said(facts),
                     "give the node's container runtime the CA, for example of "
                     "the proxy in between"};
    case Symptom::kNoSuchHost:
      return Verdict{"no_such_host", "the node finds no address for the registry" + said(facts),
                     "look at the host in the image's name, and at the node's DNS"};
    case Symptom::kNoAnswer:
      return Verdict{"no_connection", "the node can't reach the registry" + said(facts),
                     "look at firewalls, proxies and context-based restrictions "
                     "between node and "
                     "registry"};
    case Symptom::kUnavailable:
      return Verdict{"registry_unavailable", "the registry answers with an error" + said(facts),
                     "wait, and look at the registry's status page; the kubelet "
                     "tries again"};
    default:
      return std::nullopt;
  }
}

Verdict works_now(const Facts& facts, const Entry& entry) {
  if (facts.imagined) {
    return {"fine", in_words(entry) + " may pull the image", "", true};
  }
  return {"works_now",
          fmt::format("{} may pull the image now; the kubelet tries again "
                      "after at most 5 minutes",
                      in_words(entry)),
          restart(facts) + " (if a controller makes it anew), or wait", true};
}

Verdict refused(const Facts& facts, const Entry& entry) {
  if (entry.expires_at && *entry.expires_at <= facts.now) {
    return {"login_expired",
            fmt::format("{} expired at {}", in_words(entry), rfc3339(*entry.expires_at)),
            fmt::format("kubectl get events -n {}; if the Secret is "
                        "icr-pull-secrets', look at its "
                        "status, else renew the Secret",
                        facts.ns)};
  }
  return {"login_refused",
          fmt::format("the registry refuses {}{}: the key is deleted, disabled or mistyped",
                      in_words(entry), answered(entry)),
          "store a good key where that Secret comes from; for icr-pull-secrets: "
          "icr-pull-secrets "
          "verify"};
}

/// How far a login got: the one that got furthest is the one to mend.
int distance(Answer answer) {
  switch (answer) {
    case Answer::kGood:
      return 5;
    case Answer::kNotFound:
      return 4;
    case Answer::kDenied:
      return 3;
    case Answer::kRefused:
      return 2;
    case Answer::kUnsure:
      return 1;
    case Answer::kNotAsked:
      break;
  }
  return 0;
}

Verdict not_found(const Facts& facts) {
  return {"image_not_found",
          fmt::format("there is no image {} in this registry, or not for this login",
                      icr::quoted(facts.image, 200)),
          "look at name, tag and region: ibmcloud cr images"};
}

Verdict denied(const Entry& entry) {
  return {"no_access",
          fmt::format("{} is a good login and may not pull this image{}", in_words(entry),
                      answered(entry)),
          std::string(kAccessHelp)};
}

/// There are entries, and nobody could be asked about them: what the kubelet
/// says must do.
Verdict by_symptom(const Facts& facts, const Entry& entry) {
  switch (facts.symptom) {
    case Symptom::kRefused:
      return refused(facts, entry);
    case Symptom::kDenied:
      return denied(entry);
    case Symptom::kNotFound:
      return not_found(facts);
    default:
      return {"unknown",
              fmt::format("{} would be used, and the registry could not be asked "
                          "about it{}{}",
                          in_words(entry), answered(entry), said(facts)),
              events(facts)};
  }
}

Verdict of_entries(const Facts& facts) {
  const auto& best = *std::max_element(
      facts.entries.begin(), facts.entries.end(),
      [](const auto& a, const auto& b) { return distance(a.answer) < distance(b.answer); });
  // What passes is over once the registry has answered us.
  const bool passes =
      facts.symptom == Symptom::kThrottled || facts.symptom == Symptom::kUnavailable;
  if (!passes || distance(best.answer) <= distance(Answer::kUnsure)) {
    if (const auto verdict = of_registry(facts)) return *verdict;
  }
  switch (best.answer) {
    case Answer::kGood:
      return works_now(facts, best);
    case Answer::kNotFound:
      return not_found(facts);
    case Answer::kDenied:
      return denied(best);
    case Answer::kRefused:
      return refused(facts, best);
    default:
      return by_symptom(facts, best);
  }
}

std::string_view word_of(Gap gap) {
  switch (gap) {
    case Gap::kForeignHost:
      return "foreign_registry";
    case Gap::kNotOptedIn:
      return "not_opted_in";
    case Gap::kMistake:
      return "annotation_mistake";
    case Gap::kRegionNotAskedFor:
      return "region_not_asked_for";
    case Gap::kNotAllowed:
      return "credential_not_allowed";
    case Gap::kRegionNotInLimits:
      return "region_not_in_limits";
    case Gap::kNamespaceNotInLimits:
      return "registry_namespace_not_in_limits";
    case Gap::kConflict:
      return "secret_conflict";
    case Gap::kOperatorNotRunning:
      return "operator_not_running";
    case Gap::kPending:
      return "not_there_yet";
    case Gap::kAccountNotServed:
      return "account_not_served";
    case Gap::kPodTooOld:
      return "pod_too_old";
    case Gap::kPodsOwnList:
      return "pod_has_own_list";
    case Gap::kUnknown:
      break;
  }
  return "unknown";
}

std::optional<Verdict> of_secrets(const Facts& facts) {
  if (const auto* secret = first_with(facts, State::kMissing)) {
    return Verdict{"secret_missing",
                   fmt::format("the pod names Secret {}, which does not exist in namespace {}",
                               secret->name, facts.ns),
                   fmt::format("kubectl get secrets -n {}", facts.ns)};
  }
  if (const auto* secret = first_with(facts, State::kPassedOver)) {
    return Verdict{
        "secret_not_usable",
        fmt::format("Secret {} {}, so that the kubelet passes it over", secret->name, secret->why),
        fmt::format("kubectl get secret -n {} {} -o yaml", facts.ns, secret->name)};
  }
  return std::nullopt;
}

Verdict without_entries(const Facts& facts) {
  // Of a public image, or of one for which the node has a login of its own.
  if (const auto verdict = of_registry(facts)) return *verdict;
  if (facts.symptom == Symptom::kNotFound) return not_found(facts);
  const auto& gap = facts.gap;
  const bool definite = gap.gap != Gap::kUnknown && gap.gap != Gap::kForeignHost;
  if (definite) return {word_of(gap.gap), gap.why, gap.next};
  if (auto verdict = of_secrets(facts)) return *verdict;
  if (const auto* unread = first_with(facts, State::kUnread)) {
    return {"unknown",
            fmt::format("Secret {} could not be looked at: {}{}", unread->name, unread->why,
                        said(facts)),
            events(facts)};
  }
  if (gap.gap == Gap::kForeignHost) return {word_of(gap.gap), gap.why, gap.next};
  return {"no_login", "none of the pod's Secrets holds an entry for this image" + said(facts),
          events(facts)};
}

}  // namespace

Verdict verdict_of(const Facts& facts) {
  if (facts.started) return {"fine", "the container has its image", "", true};
  if (const auto* secret = first_with(facts, State::kBroken)) {
    return {"broken_secret",
            fmt::format(
                "Secret {} can't be read ({}), and then the kubelet looks at no other one either",
                secret->name, secret->why),
            fmt::format("mend or delete it: kubectl get secret -n {} {} -o yaml", facts.ns,
                        secret->name)};
  }
  if (auto verdict = of_node(facts)) return *verdict;
  if (!facts.entries.empty()) return of_entries(facts);
  if (facts.symptom == Symptom::kNone && !facts.imagined) {
    return {"not_started", "the kubelet has not said anything about this container yet",
            events(facts)};
  }
  return without_entries(facts);
}

const std::vector<std::string_view>& verdict_words() {
  static const std::vector<std::string_view> words{"fine",
                                                   "works_now",
                                                   "not_started",
                                                   "not_opted_in",
                                                   "annotation_mistake",
                                                   "region_not_asked_for",
                                                   "credential_not_allowed",
                                                   "region_not_in_limits",
                                                   "registry_namespace_not_in_limits",
                                                   "secret_conflict",
                                                   "operator_not_running",
                                                   "not_there_yet",
                                                   "account_not_served",
                                                   "pod_too_old",
                                                   "pod_has_own_list",
                                                   "secret_missing",
                                                   "secret_not_usable",
                                                   "broken_secret",
                                                   "no_login",
                                                   "foreign_registry",
                                                   "login_expired",
                                                   "login_refused",
                                                   "no_access",
                                                   "image_not_found",
                                                   "wrong_platform",
                                                   "bad_image_name",
                                                   "never_pulled",
                                                   "signature_refused",
                                                   "quota_exceeded",
                                                   "throttled",
                                                   "private_only",
                                                   "certificate_not_trusted",
                                                   "no_such_host",
                                                   "no_connection",
                                                   "registry_unavailable",
                                                   "node_disk_full",
                                                   "unknown"};
  return words;
}

}  // namespace icrps::diagnosis
