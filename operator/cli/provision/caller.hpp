// Who asks: the account that the key of the command line belongs to, and the
// roads to IAM, to the registries and to the cluster.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "cli/client/options.hpp"
#include "cli/options.hpp"
#include "kube/client.hpp"
#include "provision/account.hpp"
#include "provision/proof.hpp"
#include "runtime/clock.hpp"

namespace icrps::cli {

/// All of it lives as long as the call of `work` below.
struct Caller {
  iam::Client& iam;
  provision::Account& account;
  const iam::RegistryProbe& registries;
  iam::RegistryProbe::Connect connect;
  const icr::RegionTable& regions;
  const provision::Waiting& waiting;
};

/// Finds the key, logs in with it and calls `work`, whose exit code it returns.
/// What is wrong before that is said on stderr: kUsage, or kNotGood when the
/// key is refused.
int with_caller(const KeyOptions& options, const icr::RegionTable& regions,
                const std::function<int(Caller&)>& work);

/// The cluster of a kubeconfig, or why there is none.
class ClusterRoad {
 public:
  explicit ClusterRoad(const ClusterOptions& options);
  ~ClusterRoad();
  ClusterRoad(const ClusterRoad&) = delete;
  ClusterRoad& operator=(const ClusterRoad&) = delete;
  ClusterRoad(ClusterRoad&&) = delete;
  ClusterRoad& operator=(ClusterRoad&&) = delete;

  /// Null: there is none.
  [[nodiscard]] kube::Client* client() const { return client_.get(); }
  [[nodiscard]] const std::string& why_not() const { return why_not_; }

 private:
  SystemClock clock_;
  std::unique_ptr<http::Transport> transport_;
  std::unique_ptr<kube::Client> client_;
  std::string why_not_;
};

}  // namespace icrps::cli
