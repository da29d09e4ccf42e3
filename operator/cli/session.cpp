#include "cli/session.hpp"

#include <stdexcept>
#include <utility>

#include "cli/exit_codes.hpp"
#include "cli/setup.hpp"
#include "controller/collections.hpp"
#include "http/transport_cpprest.hpp"
#include "kube/connection.hpp"

namespace icrps::cli {

tl::expected<std::map<std::string, credentials::Status>, std::string> read_record(
    Session& session) {
  const auto record =
      session.client.get({"configmaps", session.own_namespace, credentials::kStatusConfigMap});
  if (record) return credentials::read_statuses(*record);
  if (record.error().kind == kube::ApiError::Kind::kNotFound) return {};
  return tl::unexpected("the operator's record: " + record.error().message);
}

int with_cluster(const ClusterOptions& options, const ClusterWork& work, kube::Keep keep) {
  const auto cluster = find_cluster(options);
  if (!cluster) {
    complain(cluster.error().message);
    return kUsage;
  }
  const SystemClock clock;
  auto transport_options = kube::transport_options(*cluster, clock);
  if (!transport_options) {
    complain(transport_options.error());
    return kUsage;
  }
  try {
    const auto transport = http::make_cpprest_transport(std::move(*transport_options));
    kube::Client client(*transport, [](auto, auto, auto) {}, std::move(keep));
    return work(client, clock, *cluster);
  } catch (const std::exception& error) {
    complain(error.what());
    return kFailure;
  }
}

int with_session(const CommonOptions& options, const std::function<int(Session&)>& work) {
  const auto config = config::load_config(options.config_file);
  if (!config) {
    complain(config.error().message);
    return kUsage;
  }
  return with_cluster(
      options,
      [&](kube::Client& client, const Clock& clock, const config::Cluster& cluster) {
        const auto own = own_namespace(options, cluster);
        Session session{*config, client, clock, own};
        return work(session);
      },
      controller::kept_of_accounts(*config));
}

}  // namespace icrps::cli
