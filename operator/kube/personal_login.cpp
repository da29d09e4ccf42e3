#include "kube/personal_login.hpp"

#include <fmt/format.h>
#include <memory>
#include <utility>

#include "icr/jwt.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::kube {
namespace {

using Done = tl::expected<void, std::string>;

Done use_id_token(const config::IdToken& login, const Clock& clock,
                  http::TransportOptions& options) {
  constexpr std::string_view kHelp =
      "run any kubectl command, which gets another one (kubectl get namespaces), or for IBM Cloud "
      "ibmcloud ks cluster config --cluster NAME";
  if (login.token.empty()) {
    return tl::unexpected(fmt::format("{} has no id-token; {}", login.where, kHelp));
  }
  const auto ends = icr::jwt_expiry(login.token);
  if (ends && *ends <= clock.wall()) {
    return tl::unexpected(
        fmt::format("{}: its id-token expired at {}; {}", login.where, rfc3339(*ends), kHelp));
  }
  options.authorization = [header = SecretString("Bearer " + login.token.reveal())] {
    return std::optional(header);
  };
  return {};
}

Done use_plugin(const config::Cluster& cluster, const Clock& clock, PluginRunner runner,
                http::TransportOptions& options) {
  PluginCluster told{
      cluster.server, cluster.server_name, options.authorities ? options.authorities() : "",
      options.proxy ? "http://" + options.proxy->address() : "", cluster.plugin_config};
  const auto login =
      std::make_shared<ExecLogin>(*cluster.plugin, std::move(told), clock, std::move(runner));
  if (auto done = login->refresh(); !done) return done;
  options.authorization = [login] { return login->authorization(); };
  if (login->client_certificate()) {
    options.client_certificate = [login] { return login->client_certificate(); };
  }
  return {};
}

}  // namespace

Done add_personal_login(const config::Cluster& cluster, const Clock& clock, PluginRunner runner,
                        http::TransportOptions& options) {
  if (cluster.plugin) return use_plugin(cluster, clock, std::move(runner), options);
  if (cluster.id_token) return use_id_token(*cluster.id_token, clock, options);
  return {};
}

}  // namespace icrps::kube
