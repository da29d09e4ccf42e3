// How to reach the API server: from kubeconfig files, or from inside a pod.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/config.hpp"
#include "config/exec_plugin.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::config {

/// Where a piece of a connection comes from: text in the kubeconfig, or a file that may be
/// replaced while the program runs and is therefore named, not read.
struct InlineOrFile {
  SecretString inline_pem;
  std::string file;  ///< absolute; relative names are resolved against the kubeconfig's folder
  [[nodiscard]] bool empty() const { return inline_pem.empty() && file.empty(); }
};

/// The `id-token` of an auth-provider `oidc`, as IBM's kubeconfigs hold it. Nobody renews it here.
struct IdToken {
  std::string where;  ///< "FILE:LINE: users[0].user.auth-provider", for messages
  SecretString token;
};

struct Cluster {
  std::string server;       ///< "https://10.96.0.1:443"
  InlineOrFile ca;          ///< empty: the system's bundle
  std::string server_name;  ///< `tls-server-name`, or empty
  std::string proxy_url;    ///< `proxy-url`, or empty
  InlineOrFile client_certificate;
  InlineOrFile client_key;
  SecretString token;      ///< `token`
  std::string token_file;  ///< `tokenFile`; wins over `token`, as in kubectl
  /// A person's login, which counts only where there is no token. At most one of the two.
  std::optional<ExecPlugin> plugin;
  std::optional<IdToken> id_token;
  /// What the cluster's entry says to the plugin (extension client.authentication.k8s.io/exec), as
  /// JSON; or empty.
  std::string plugin_config;
  std::string ns;  ///< the context's or the pod's namespace, or empty
};

struct KubeconfigText {
  std::string file;  ///< its name, which relative paths in it are resolved against
  std::string text;
};

/// Several files are merged as kubectl does it: the first one that has a cluster, context or user
/// of a name wins, and the first one that has a current-context. `context`: which one; empty: the
/// current one.
///
/// Accepted: client certificate, token, exec plugin, auth-provider `oidc`, inline or as files.
/// Refused with a message that says what to do instead: other auth providers, user name and
/// password, impersonation, insecure-skip-tls-verify.
/// A server is https://; plain http:// only at this machine, for tests and proxies.
/// Unknown keys are ignored, as in kubectl.
[[nodiscard]] tl::expected<Cluster, ConfigError> parse_kubeconfigs(
    const std::vector<KubeconfigText>& texts, std::string_view context = {});
[[nodiscard]] tl::expected<Cluster, ConfigError> parse_kubeconfig(std::string_view text,
                                                                  const std::string& file,
                                                                  std::string_view context = {});

/// One file, which must be there.
[[nodiscard]] tl::expected<Cluster, ConfigError> load_kubeconfig(const std::string& file,
                                                                 std::string_view context = {});
/// Those of the files that exist, of which there must be one.
[[nodiscard]] tl::expected<Cluster, ConfigError> load_kubeconfigs(
    const std::vector<std::string>& files, std::string_view context = {});

/// Why a program that serves by itself can't work with it: a login that belongs to a person. A
/// sentence with the place in the file; nothing: it can.
[[nodiscard]] std::optional<ConfigError> personal_login(const Cluster& cluster);

using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// The files that KUBECONFIG names, in order; none when it is unset or names none.
[[nodiscard]] std::vector<std::string> kubeconfig_paths(const Environment& env);

/// The service account of this pod: KUBERNETES_SERVICE_HOST and _PORT through `env`, and the files
/// below `root` (normally /var/run/secrets/kubernetes.io/serviceaccount).
[[nodiscard]] tl::expected<Cluster, ConfigError> in_cluster(
    const Environment& env,
    const std::string& root = "/var/run/secrets/kubernetes.io/serviceaccount");

}  // namespace icrps::config
