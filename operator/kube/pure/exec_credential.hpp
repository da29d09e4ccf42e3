// The protocol between a client of Kubernetes and an exec plugin: the ExecCredential, both ways.
// Pure.
//
// Source: k8s.io/client-go, pkg/apis/clientauthentication and plugin/pkg/client/auth/exec.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "runtime/secret_string.hpp"

namespace icrps::kube {

/// What a plugin is told about the cluster when its kubeconfig says provideClusterInfo.
struct PluginCluster {
  std::string server;
  std::string server_name;
  std::string ca_pem;
  std::string proxy_url;  ///< without a login, because it goes into an environment
  std::string config;     ///< JSON; or empty
};

/// The value of KUBERNETES_EXEC_INFO. `interactive`: the plugin may talk to a person.
[[nodiscard]] std::string exec_info(const std::string& api_version, bool interactive,
                                    const std::optional<PluginCluster>& cluster);

/// A token, a client certificate with its key, or both.
struct ExecCredential {
  SecretString token;
  std::string certificate_pem;
  SecretString key_pem;
  /// Nothing: it is good as long as the program runs.
  std::optional<std::chrono::system_clock::time_point> expires_at;
};

/// What a plugin printed. The error continues a sentence that began with the plugin's name, and
/// holds nothing of what it printed.
[[nodiscard]] tl::expected<ExecCredential, std::string> read_exec_credential(
    std::string_view output, std::string_view api_version);

}  // namespace icrps::kube
