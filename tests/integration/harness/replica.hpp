// One of several operators that elect a leader: each has a road of its own to the API server, which
// can be cut, hung and silenced without the others noticing.
#pragma once

#include <string>
#include <vector>

#include "harness/operator_process.hpp"
#include "harness/proxy.hpp"

namespace itest {

inline const std::string kLeaseName = "icr-pull-secrets";

class Replica {
 public:
  /// With short times, so that tests need not wait for long: a lease of 5 s, renewed every second,
  /// given up after 3 s.
  explicit Replica(const std::string& more_configuration = {},
                   std::vector<std::string> environment = {});

  [[nodiscard]] OperatorProcess& op() { return operator_; }
  [[nodiscard]] Proxy& road() { return road_; }

  [[nodiscard]] bool leads() { return operator_.metric("icr_pull_secrets_leader") == 1; }
  /// Returns when it is ready, which it is as a leader or as one that stands by.
  void wait_until_ready() { operator_.wait_until_ready(); }
  /// What it wrote that reached the API server, without the lease and its record.
  [[nodiscard]] Requests written();
  /// SIGTERM; what is wrong with how it ended.
  [[nodiscard]] std::string stop();

 private:
  Proxy road_;
  OperatorProcess operator_;
};

}  // namespace itest
