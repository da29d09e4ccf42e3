// The sandbox's cluster as its administrator sees it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/api.hpp"

namespace itest {

using Annotations = std::map<std::string, std::string>;

inline const std::string kOwn = "icr-pull-secrets";  ///< the operator's namespace and account
inline const std::string kSource = "icr-api-key";    ///< the source Secret, key "apikey"
inline const std::string kCopy = "icr-default";
inline const std::string kRegions = "icr-pull-secrets/regions";
inline const std::string kEndpoints = "icr-pull-secrets/endpoints";
inline const std::string kServiceAccounts = "icr-pull-secrets/service-accounts";
inline const std::string kCredentials = "icr-pull-secrets/credentials";

/// Thread safety: all methods may be called from any thread.
class Cluster {
 public:
  explicit Cluster(const std::string& kubeconfig) : api_(kubeconfig) {}

  [[nodiscard]] Api& api() { return api_; }

  /// With a name of its own. Returns it.
  std::string make_namespace(const std::string& prefix, const Annotations& annotations = {});
  /// A null value takes the annotation away.
  void annotate(const std::string& ns, const json& annotations);
  /// Does not wait for its end.
  void delete_namespace(const std::string& ns);

  /// Nothing when it does not exist.
  std::optional<json> secret(const std::string& ns, const std::string& name = kCopy);
  std::optional<json> account(const std::string& ns, const std::string& name = "default");
  std::vector<json> events(const std::string& ns, const std::string& reason = {});
  std::vector<std::string> pull_secrets(const std::string& ns, const std::string& account);
  /// Waits for the account: the control plane makes the default one some time after its namespace.
  void expect_account(const std::string& ns, const std::string& name = "default");
  /// All that the account names from now on. Waits for the account.
  void set_pull_secrets(const std::string& ns, const std::string& account,
                        const std::vector<std::string>& names);
  void make_account(const std::string& ns, const std::string& name);

  /// Creates the Secret or replaces its data. `data` is plain text.
  void put_secret(const std::string& ns, const std::string& name,
                  const std::map<std::string, std::string>& data);
  void delete_secret(const std::string& ns, const std::string& name);

  /// Of a service account, by TokenRequest. `bound`: the Secret whose end is the token's end.
  std::string token(const std::string& ns, const std::string& account, const json& bound = {});

  /// apiserver_request_total of what the operator writes, by "VERB resource". The control plane
  /// makes service accounts and sweeps namespaces that end; neither is counted.
  std::map<std::string, long> write_counts();
  /// The same when it grows no more: a request is counted a moment after it was answered. Without
  /// Events, which the cluster's own controllers write at any time.
  std::map<std::string, long> settled_write_counts();

 private:
  Api api_;
};

/// Of a Secret of type kubernetes.io/dockerconfigjson; null when it is none.
[[nodiscard]] json docker_config(const json& secret);
[[nodiscard]] std::set<std::string> hosts_of(const json& secret);
/// Of all its hosts; "" unless every entry has it and `auth` agrees.
[[nodiscard]] std::string password_of(const json& secret);
[[nodiscard]] std::string uid_of(const json& object);

}  // namespace itest
