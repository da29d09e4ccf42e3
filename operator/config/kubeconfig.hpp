// How to reach the API server: from a kubeconfig file, or from inside a pod.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "config/config.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::config {

/// Where a piece of a connection comes from: text in the kubeconfig, or a file that may be
/// replaced while the program runs and is therefore named, not read.
struct InlineOrFile {
  SecretString inline_pem;
  std::string file;  ///< absolute; relative names are resolved against the kubeconfig's folder
  [[nodiscard]] bool empty() const { return inline_pem.empty() && file.empty(); }
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
  std::string ns;          ///< the context's or the pod's namespace, or empty
};

/// The kubeconfig's current context. Accepted: client certificate or token, inline or as files.
/// Refused with a message that says what to do instead: exec plugins, auth providers, user name
/// and password, impersonation, insecure-skip-tls-verify.
/// A server is https://; plain http:// only at this machine, for tests and proxies.
/// Unknown keys are ignored, as in kubectl.
[[nodiscard]] tl::expected<Cluster, ConfigError> load_kubeconfig(const std::string& file);
[[nodiscard]] tl::expected<Cluster, ConfigError> parse_kubeconfig(std::string_view text,
                                                                  const std::string& file);

using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// The file that KUBECONFIG names; nothing when it is unset or empty. A list of files, which
/// kubectl would merge, is refused.
[[nodiscard]] tl::expected<std::optional<std::string>, ConfigError> kubeconfig_path(
    const Environment& env);

/// The service account of this pod: KUBERNETES_SERVICE_HOST and _PORT through `env`, and the files
/// below `root` (normally /var/run/secrets/kubernetes.io/serviceaccount).
[[nodiscard]] tl::expected<Cluster, ConfigError> in_cluster(
    const Environment& env,
    const std::string& root = "/var/run/secrets/kubernetes.io/serviceaccount");

}  // namespace icrps::config
