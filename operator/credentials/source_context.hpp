// What every source is given.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "config/config.hpp"
#include "credentials/credential_set.hpp"
#include "credentials/prover.hpp"
#include "credentials/rotation/failure_points.hpp"
#include "credentials/source.hpp"
#include "credentials/status_record.hpp"
#include "kube/client.hpp"
#include "kube/pure/watch_machine.hpp"
#include "runtime/backoff.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace icrps::credentials {

/// Everything passed by reference outlives the sources.
struct SourceContext {
  CredentialSet& credentials;
  const Clock& clock;
  const Log& log;
  Metrics& metrics;
  Random random;
  Report report;
  /// Feeds the Secret of that name into the sink until the stop.
  std::function<void(const std::string& secret, kube::Sink& sink, const std::stop_token& stop)>
      watch;
  std::function<void()> on_settled;
  /// Nothing: not known yet, poke() tells when it is.
  std::function<std::optional<icr::Hosts>(const std::string& credential)> hosts_to_prove;
  std::function<HostAnswers(const Question&, const std::stop_token&)> ask;
  config::Proof proof = config::Proof::kRequired;
  StatusRecord& status;

  // For those that the operator makes itself.
  kube::Client& client;
  std::string own_namespace;
  /// The uid of that namespace; nothing: not known yet, poke() tells when it is.
  std::function<std::optional<std::string>()> own_namespace_uid;
  /// Whether every namespace that is to have the credential has this revision of it.
  std::function<bool(const std::string& credential, const std::string& revision)> rolled_out;
  rotation::FailurePoint failure_point;
};

}  // namespace icrps::credentials
