// Removes what is left in many namespaces at once: the operator's own queue, reconciler and applier
// with a configuration in which every credential is retired.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/cleanup/patience.hpp"
#include "controller/apply.hpp"
#include "controller/reconciler.hpp"
#include "controller/work_queue.hpp"
#include "credentials/credential_set.hpp"
#include "runtime/log.hpp"

namespace icrps::cli {

class Sweep {
 public:
  /// How many of how many namespaces are done; called about every few seconds.
  using Progress = std::function<void(std::size_t done, std::size_t all)>;

  /// Everything passed by reference outlives the sweep. `copies`: which go, with the references
  /// to them.
  Sweep(kube::Client& client, controller::Stores& stores, std::vector<plan::CopyName> copies,
        plan::Rules rules, const Patience& patience, const Log& log);

  /// Returns when each of the namespaces is done or given up. Called once.
  void run(const std::vector<std::string>& namespaces, unsigned workers, const Progress& progress);

  [[nodiscard]] std::size_t writes() const { return writes_; }

  /// Why a namespace is not done.
  struct Trouble {
    std::string why;        ///< the API server's words
    bool may_pass = false;  ///< it was not refused; another sweep may do it
    friend bool operator==(const Trouble&, const Trouble&) = default;
  };
  using TroubleByNamespace = std::map<std::string, Trouble>;
  [[nodiscard]] const TroubleByNamespace& trouble() const { return trouble_; }

 private:
  void work(const std::stop_token& stop);
  void settle(const std::string& ns, const controller::Outcome& outcome);
  bool try_again(const std::string& ns, const controller::Outcome& outcome);
  void finish(const std::string& ns, const std::optional<Trouble>& trouble);
  void wait(std::size_t all, const Progress& progress);

  const Patience& patience_;
  const credentials::CredentialSet none_{{}};
  controller::Applier applier_;
  controller::Reconciler reconciler_;
  controller::WorkQueue queue_;
  std::atomic<std::size_t> writes_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  // guarded by mutex_ while it runs
  std::size_t open_ = 0;
  std::map<std::string, unsigned> failures_;
  TroubleByNamespace trouble_;
};

}  // namespace icrps::cli
