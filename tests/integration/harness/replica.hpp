// One of several operators that elect a leader: each has a road of its own to the API server, which
// can be cut, hung and silenced without the others noticing.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/operator_process.hpp"
#include "harness/proxy.hpp"

namespace itest {

inline const std::string kLeaseName = "icr-pull-secrets";
inline const std::string kLeases =
    "/apis/coordination.k8s.io/v1/namespaces/icr-pull-secrets/leases";
inline const std::string kLease = kLeases + "/" + kLeaseName;

/// The election's part of a configuration, with short times, so that tests need not wait for long:
/// a lease of 5 s, renewed every second, given up after 3 s.
inline constexpr auto kElection =
    "leaderElection: {enabled: true, leaseDuration: 5s, renewDeadline: 3s, retryPeriod: 1s}\n";
inline constexpr auto kLeaseTime = std::chrono::seconds(5);

class Replica {
 public:
  /// Elects as above. It is started at once.
  explicit Replica(const std::string& more_configuration = {},
                   std::vector<std::string> environment = {});
  /// With this whole configuration, and a service account's token that is read from a file.
  struct Token {
    std::string value;
  };
  Replica(std::string configuration, const Token& token);

  [[nodiscard]] OperatorProcess& op() { return *operator_; }
  [[nodiscard]] Proxy& road() { return road_; }

  [[nodiscard]] bool leads() { return operator_->metric("icr_pull_secrets_leader") == 1; }
  /// Returns when it is ready, which it is as a leader or as one that stands by.
  void wait_until_ready() { operator_->wait_until_ready(); }
  /// A new process on the same road; one that still runs is killed.
  void start_anew();
  /// What the kubelet does to a mounted token; only for a replica that was given one.
  void rotate_token(const std::string& token) const;
  /// What it wrote that reached the API server, without the lease and its record.
  [[nodiscard]] Requests written();
  /// SIGTERM; what is wrong with how it ended.
  [[nodiscard]] std::string stop();

 private:
  Proxy road_;
  std::string token_file_;
  OperatorProcess::Options options_;
  std::unique_ptr<OperatorProcess> operator_;
};

}  // namespace itest
