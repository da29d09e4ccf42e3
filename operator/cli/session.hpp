// What the subcommands that look at a cluster and end have in common.
#pragma once

#include <functional>

#include "cli/options.hpp"
#include "config/config.hpp"
#include "kube/client.hpp"
#include "runtime/clock.hpp"

namespace icrps::cli {

struct Session {
  const config::Config& config;
  kube::Client& client;
  const Clock& clock;
  const std::string& own_namespace;
};

/// Reads configuration and kubeconfig and calls `work`, whose exit code it returns. What is wrong
/// before that is said on stderr.
int with_session(const CommonOptions& options, const std::function<int(Session&)>& work);

}  // namespace icrps::cli
