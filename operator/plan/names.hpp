// Every name that the API shows: annotations, labels, Secret names, Event reasons.
// docs/annotations.md and docs/events.md are their reference pages.
#pragma once

#include <string>
#include <string_view>

namespace icrps::plan {

// On a Namespace.
inline constexpr std::string_view kPrefix = "icr-pull-secrets/";
inline constexpr std::string_view kRegions = "icr-pull-secrets/regions";
inline constexpr std::string_view kEndpoints = "icr-pull-secrets/endpoints";
inline constexpr std::string_view kServiceAccounts = "icr-pull-secrets/service-accounts";
inline constexpr std::string_view kCredentials = "icr-pull-secrets/credentials";

/// What stands for the regions of a namespace without the annotation, in messages.
inline constexpr std::string_view kDefaultRegions = "optIn.regions of the operator's configuration";

// On a ServiceAccount.
inline constexpr std::string_view kAttached = "icr-pull-secrets/attached";

// On a copy.
inline constexpr std::string_view kHosts = "icr-pull-secrets/hosts";
inline constexpr std::string_view kRevision = "icr-pull-secrets/revision";
inline constexpr std::string_view kContentHash = "icr-pull-secrets/content-hash";
inline constexpr std::string_view kExpiresAt = "icr-pull-secrets/expires-at";
inline constexpr std::string_view kInstallation = "icr-pull-secrets/installation";
inline constexpr std::string_view kMadeFor = "icr-pull-secrets/made-for";
inline constexpr std::string_view kAdoptedFrom = "icr-pull-secrets/adopted-from";
inline constexpr std::string_view kAdoptedAt = "icr-pull-secrets/adopted-at";
inline constexpr std::string_view kCredentialLabel = "icr-pull-secrets/credential";
inline constexpr std::string_view kManagedByLabel = "app.kubernetes.io/managed-by";
inline constexpr std::string_view kManagedBy = "icr-pull-secrets";

/// The Lease of the leader election, in the operator's namespace.
inline constexpr std::string_view kLease = "icr-pull-secrets";

inline constexpr std::string_view kSecretType = "kubernetes.io/dockerconfigjson";
inline constexpr std::string_view kSecretKey = ".dockerconfigjson";

// Reasons of Events.
inline constexpr std::string_view kUnknownAnnotation = "UnknownAnnotation";
inline constexpr std::string_view kInvalidRegions = "InvalidRegions";
inline constexpr std::string_view kInvalidEndpoints = "InvalidEndpoints";
inline constexpr std::string_view kInvalidServiceAccounts = "InvalidServiceAccounts";
inline constexpr std::string_view kInvalidCredentials = "InvalidCredentials";
inline constexpr std::string_view kCredentialNotAllowed = "CredentialNotAllowed";
inline constexpr std::string_view kCredentialNotForRegions = "CredentialNotForRegions";
inline constexpr std::string_view kSecretConflict = "SecretConflict";
inline constexpr std::string_view kInstallationConflict = "InstallationConflict";
inline constexpr std::string_view kWrittenAgainst = "WrittenAgainst";
inline constexpr std::string_view kRewrittenByPolicy = "RewrittenByPolicy";
inline constexpr std::string_view kSecretAdopted = "SecretAdopted";
inline constexpr std::string_view kSecretReplaced = "SecretReplaced";
inline constexpr std::string_view kSecretRepaired = "SecretRepaired";
inline constexpr std::string_view kCredentialUnavailable = "CredentialUnavailable";
inline constexpr std::string_view kServiceAccountNotFound = "ServiceAccountNotFound";
inline constexpr std::string_view kTooManyServiceAccounts = "TooManyServiceAccounts";
inline constexpr std::string_view kTooManyPullSecrets = "TooManyPullSecrets";
inline constexpr std::string_view kForbidden = "Forbidden";
inline constexpr std::string_view kAnswerUnclear = "AnswerUnclear";
inline constexpr std::string_view kRefusedEverywhere = "RefusedEverywhere";
inline constexpr std::string_view kListMissing = "ListMissing";
inline constexpr std::string_view kPullSecretsWritten = "PullSecretsWritten";
// On the ConfigMap of the operator's configuration.
inline constexpr std::string_view kConfigurationRefused = "ConfigurationRefused";
// On the ConfigMap of the operator's record.
inline constexpr std::string_view kCredentialForgotten = "CredentialForgotten";
// On a Pod.
inline constexpr std::string_view kPodRescued = "PodRescued";
inline constexpr std::string_view kPodNeedsRestart = "PodNeedsRestart";
inline constexpr std::string_view kPodNotRescued = "PodNotRescued";
// On a source Secret.
inline constexpr std::string_view kSourceMissing = "SourceMissing";
inline constexpr std::string_view kSourceInvalid = "SourceInvalid";
inline constexpr std::string_view kSourceTrimmed = "SourceTrimmed";
inline constexpr std::string_view kSourceKeyFile = "SourceKeyFile";
inline constexpr std::string_view kSourceRefused = "SourceRefused";
inline constexpr std::string_view kSourceUnproved = "SourceUnproved";
inline constexpr std::string_view kPolicyRefused = "PolicyRefused";
inline constexpr std::string_view kRolledOut = "RolledOut";

/// The Secret that carries a credential in a namespace, unless its secretName says otherwise:
/// "icr-default".
[[nodiscard]] inline std::string copy_name(std::string_view credential) {
  return "icr-" + std::string(credential);
}

/// A credential, and what its Secret is called in each namespace that has one.
struct CopyName {
  std::string credential;
  std::string secret = copy_name(credential);
  friend bool operator==(const CopyName&, const CopyName&) = default;
};

}  // namespace icrps::plan
