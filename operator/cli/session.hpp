// What the subcommands that look at a cluster and end have in common.
#pragma once

#include <functional>
#include <map>
#include <string>

#include <tl/expected.hpp>

#include "cli/options.hpp"
#include "config/config.hpp"
#include "config/kubeconfig.hpp"
#include "credentials/status_record.hpp"
#include "kube/client.hpp"
#include "runtime/clock.hpp"

namespace icrps::cli {

struct Session {
  const config::Config& config;
  kube::Client& client;
  const Clock& clock;
  const std::string& own_namespace;
};

/// What the operator has recorded of each credential; nothing, when it never ran.
[[nodiscard]] tl::expected<std::map<std::string, credentials::Status>, std::string> read_record(
    Session& session);

using ClusterWork = std::function<int(kube::Client&, const Clock&, const config::Cluster&)>;
/// Finds the cluster as a person reaches it and calls `work`, whose exit code it returns. What is
/// wrong before that is said on stderr. `keep`: what the client keeps of objects.
int with_cluster(const ClusterOptions& options, const ClusterWork& work, kube::Keep keep = {});

/// Reads configuration and kubeconfig and calls `work`, whose exit code it returns. What is wrong
/// before that is said on stderr.
int with_session(const CommonOptions& options, const std::function<int(Session&)>& work);

}  // namespace icrps::cli
