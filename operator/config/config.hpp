// The operator's configuration as plain structs. docs/configuration.md is the reference.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "icr/regions.hpp"
#include "plan/defaults.hpp"
#include "plan/limits.hpp"
#include "plan/names.hpp"

namespace icrps::config {

/// A key of a Secret in the operator's own namespace.
struct SecretKeyRef {
  std::string name;
  std::string key;
  friend bool operator==(const SecretKeyRef&, const SecretKeyRef&) = default;
};

/// `apiKey`: an IBM Cloud API key kept in a Secret, logged in with as `iamapikey`.
struct ApiKeySource {
  SecretKeyRef secret_ref;
  friend bool operator==(const ApiKeySource&, const ApiKeySource&) = default;
};

/// `accessToken`: IAM access tokens from an API key, logged in with as `iambearer`.
struct AccessTokenSource {
  SecretKeyRef api_key;
  friend bool operator==(const AccessTokenSource&, const AccessTokenSource&) = default;
};

/// `refreshToken`: IAM refresh tokens from an API key, logged in with as `iamrefresh`.
struct RefreshTokenSource {
  SecretKeyRef api_key;
  friend bool operator==(const RefreshTokenSource&, const RefreshTokenSource&) = default;
};

/// `trustedProfile`: access tokens from the pod's projected service-account token, no key at all.
struct TrustedProfileSource {
  std::string id;  ///< "Profile-…"
  std::string token_file = "/var/run/secrets/tokens/sa-token";
  friend bool operator==(const TrustedProfileSource&, const TrustedProfileSource&) = default;
};

/// `profileKey`: a service ID's API key, logged in with by the trusted profile's id as user name.
struct ProfileKeySource {
  std::string id;  ///< "Profile-…"
  SecretKeyRef secret_ref;
  friend bool operator==(const ProfileKeySource&, const ProfileKeySource&) = default;
};

/// `serviceId`: API keys of a service ID that the operator makes and rotates itself.
struct ServiceIdSource {
  std::string iam_id;      ///< "iam-ServiceId-…"
  std::string account_id;  ///< 32 hex digits
  std::chrono::seconds rotate_every{std::chrono::hours(720)};
  std::chrono::seconds overlap{std::chrono::hours(2)};  ///< how long the old key stays good
  /// How long IAM may not know a key everywhere after it was made; IBM publishes no bound.
  std::chrono::seconds propagation{std::chrono::minutes(2)};
  std::variant<ApiKeySource, TrustedProfileSource> manager;  ///< who may make and delete keys
  friend bool operator==(const ServiceIdSource&, const ServiceIdSource&) = default;
};

/// `basic`: any user name and password at hosts of one's own choice.
struct BasicSource {
  std::string username;
  icr::Hosts hosts;
  SecretKeyRef password;
  friend bool operator==(const BasicSource&, const BasicSource&) = default;
};

/// One alternative per kind of source.
using Source = std::variant<ApiKeySource, AccessTokenSource, RefreshTokenSource,
                            TrustedProfileSource, ProfileKeySource, ServiceIdSource, BasicSource>;

struct Credential {
  std::string name;  ///< a DNS label
  Source source;
  plan::Limits limits;
  std::string probe_image;  ///< "us.icr.io/team/app:1", proved to be pullable; or empty
  /// What its copies are called: `secretName`; unlike any other's and any source's.
  std::string secret_name = plan::copy_name(name);
  friend bool operator==(const Credential&, const Credential&) = default;
};

/// `proxy`: by which IAM and the registries are reached.
struct Proxy {
  std::string url;       ///< "http://proxy:3128"; "none": directly, whatever HTTPS_PROXY says
  std::string no_proxy;  ///< as NO_PROXY has it
  std::string credentials_file;  ///< USER:PASSWORD; or empty
  friend bool operator==(const Proxy&, const Proxy&) = default;
};

/// Whether a credential is proved before namespaces get it.
enum class Proof {
  kRequired,   ///< until IAM and the registries have said yes
  kPreferred,  ///< when at the first start nobody can be asked, it is handed out unproved
  kOff,        ///< nobody is asked
};

/// `iam`
struct Iam {
  std::string origin = "https://iam.cloud.ibm.com";
  std::string ca_file;  ///< empty: the system's authorities
  friend bool operator==(const Iam&, const Iam&) = default;
};

/// `registry`
struct Registry {
  std::string ca_file;  ///< empty: the system's authorities
  friend bool operator==(const Registry&, const Registry&) = default;
};

/// `leaderElection`: of several replicas one works, as a Lease says. The times are client-go's.
struct LeaderElection {
  bool enabled = false;
  std::chrono::seconds lease_duration{15};
  std::chrono::seconds renew_deadline{10};  ///< without a renewal for this long a leader ends
  std::chrono::seconds retry_period{2};
  friend bool operator==(const LeaderElection&, const LeaderElection&) = default;
};

/// `rescue`: of pods that were created before their service account was served.
struct Rescue {
  bool enabled = false;
  std::chrono::seconds after{10};  ///< from an attachment to the look at the namespace's pods
  friend bool operator==(const Rescue&, const Rescue&) = default;
};

/// `events`: of what tenants are told besides what is wrong.
struct Events {
  bool success = false;  ///< each write of pull secrets; they double the writes
  friend bool operator==(const Events&, const Events&) = default;
};

/// `liveness`: what the process is given time for before /livez says that it is dead.
struct Liveness {
  /// Without a sign of life on a watch although the API server answers; for a step of its thread.
  std::chrono::seconds watch{std::chrono::minutes(10)};
  std::chrono::seconds queue{std::chrono::minutes(10)};  ///< for a namespace that could be served
  std::chrono::seconds worker{std::chrono::minutes(2)};  ///< for one change in a namespace
  friend bool operator==(const Liveness&, const Liveness&) = default;
};

enum class LogLevel { kDebug, kInfo, kWarn, kError };
enum class LogFormat { kAuto, kJson, kText };  ///< kAuto: text on a terminal, else JSON

struct Config {
  icr::Endpoints endpoints = icr::Endpoints::kPublic;
  std::vector<std::string> service_accounts{"default"};  ///< names and globs; empty: none
  plan::OptIn opt_in;
  plan::Attach attach = plan::Attach::kServiceAccounts;
  plan::Conflict conflict = plan::Conflict::kSkip;
  icr::RegionTable regions = icr::RegionTable::builtin();
  std::vector<Credential> credentials;  ///< at least one, names unique
  /// What copies were called before: those of credentials that are no more or have another
  /// secretName now.
  std::vector<plan::CopyName> retired;
  Iam iam;
  Registry registry;
  std::optional<Proxy> proxy;  ///< absent: as HTTPS_PROXY and NO_PROXY say
  Proof proof = Proof::kRequired;
  LeaderElection leader_election;
  Rescue rescue;
  Events events;
  Liveness liveness;
  unsigned workers = 16;  ///< 1 to 64
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kAuto;
  friend bool operator==(const Config&, const Config&) = default;
};

/// "config.yaml:12: unknown key "regoins"; accepted: apiVersion, kind, …"
struct ConfigError {
  std::string message;
};

/// Reads `text` as the file called `file` (the name is for messages only). Strict: unknown and
/// duplicate keys, wrong types and values out of range are errors; the first one found is returned.
[[nodiscard]] tl::expected<Config, ConfigError> parse_config(std::string_view text,
                                                             const std::string& file);

/// At most 1 MiB.
[[nodiscard]] tl::expected<Config, ConfigError> load_config(const std::string& file);

/// A service account's name or a glob over names (`*`, `?`), or what is wrong with it.
[[nodiscard]] std::optional<icr::Mistake> check_account_pattern(std::string_view pattern);

}  // namespace icrps::config
