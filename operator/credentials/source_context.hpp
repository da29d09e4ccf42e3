// What every source is given.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "credentials/asker.hpp"
#include "credentials/credential_set.hpp"
#include "credentials/inherited_login.hpp"
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

/// Everything passed by reference outlives the sources. To be given by name.
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
  /// Copies that have this revision, a few of them at most. Nothing: not known yet, poke() tells
  /// when it is.
  std::function<std::optional<std::vector<CopyPlace>>(const std::string& credential,
                                                      const std::string& revision)>
      copies_with;
  AskHost ask_host;
  std::size_t ask_side_by_side = 64;  ///< as Asker has it
  config::Proof proof = config::Proof::kRequired;
  StatusRecord& status;

  kube::Client& client;
  std::string own_namespace;

  // For those that the operator makes itself.
  /// The uid of that namespace; nothing: not known yet, poke() tells when it is.
  std::function<std::optional<std::string>()> own_namespace_uid;
  /// Whether every namespace that is to have the credential has this revision of it.
  std::function<bool(const std::string& credential, const std::string& revision)> rolled_out;
  rotation::FailurePoint failure_point;
};

}  // namespace icrps::credentials
