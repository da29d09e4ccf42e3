#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <unistd.h>

#include "config/kubeconfig.hpp"
#include "config/read_file.hpp"
#include "config/server_url.hpp"
#include "icr/text.hpp"

namespace icrps::config {
namespace {

std::optional<ConfigError> check_readable(const std::string& file) {
  if (access(file.c_str(), R_OK) == 0) return std::nullopt;
  return ConfigError{
      fmt::format("{}: {}; a pod has it unless its service account is not mounted "
                  "(automountServiceAccountToken: false)",
                  file, std::strerror(errno))};
}

}  // namespace

tl::expected<Cluster, ConfigError> in_cluster(const Environment& env, const std::string& root) {
  const std::string host = env("KUBERNETES_SERVICE_HOST").value_or("");
  const std::string port = env("KUBERNETES_SERVICE_PORT").value_or("");
  if (host.empty() || port.empty()) {
    return tl::make_unexpected(ConfigError{
        "no cluster to talk to: neither --kubeconfig FILE nor KUBECONFIG is given, and "
        "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT, which every pod has, are not set"});
  }
  const bool ipv6 = host.find(':') != std::string::npos;
  const auto server = read_server(ipv6 ? fmt::format("https://[{}]:{}", host, port)
                                       : fmt::format("https://{}:{}", host, port));
  if (!server || !icr::is_port(port) || host.find_first_of("[]/") != std::string::npos) {
    return tl::make_unexpected(ConfigError{
        fmt::format("KUBERNETES_SERVICE_HOST {} and KUBERNETES_SERVICE_PORT {} are not an address",
                    icr::quoted(host), icr::quoted(port))});
  }

  Cluster cluster;
  cluster.server = *server;
  cluster.ca.file = root + "/ca.crt";
  cluster.token_file = root + "/token";
  for (const std::string& file : {cluster.ca.file, cluster.token_file}) {
    if (const auto error = check_readable(file)) return tl::make_unexpected(*error);
  }
  if (const auto ns = read_file(root + "/namespace")) cluster.ns = icr::trim(*ns);
  if (!cluster.ns.empty() && !icr::is_dns_label(cluster.ns)) {
    return tl::make_unexpected(ConfigError{fmt::format(
        "{}/namespace: {} is not the name of a namespace", root, icr::quoted(cluster.ns))});
  }
  return cluster;
}

}  // namespace icrps::config
