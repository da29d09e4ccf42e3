// Of several replicas one works: the election of this process, and the roads to the API server that
// let its writes through while it leads.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "cli/run/roads.hpp"
#include "cli/run/stall.hpp"
#include "config/config.hpp"
#include "controller/liveness.hpp"
#include "kube/elector.hpp"
#include "kube/leader_transport.hpp"
#include "runtime/metrics.hpp"

namespace icrps::cli {

class Leadership {
 public:
  struct Environment {
    const Roads& roads;
    const Clock& clock;
    const Log& log;
    Metrics& metrics;
    Random random;
    std::string own_namespace;
    StallPoint stall = [](std::string_view /*part*/) {};
  };

  /// Stands for election from now on. Everything passed by reference outlives this. A process that
  /// loses the lease ends at once with exit code 4: what another leader does must not be mixed
  /// with what this one still holds in its hands.
  Leadership(const config::LeaderElection& settings, Environment environment);
  /// Gives the lease back, so that another need not wait for its end.
  ~Leadership();
  Leadership(const Leadership&) = delete;
  Leadership& operator=(const Leadership&) = delete;

  /// Gives the lease back now, if it is held: nothing may be written from here on. Returns when
  /// that is done. From any thread.
  void resign();
  /// Until this process leads; false: `stop` came first. May be called from any thread.
  bool wait(const std::stop_token& stop);
  /// Whether it does. May be called from any thread.
  [[nodiscard]] bool leads() const;
  /// How the election goes. May be called from any thread.
  [[nodiscard]] controller::ElectionFacts facts() const;
  /// What the leader's writes have to go through.
  [[nodiscard]] http::Transport& own() { return own_; }
  [[nodiscard]] http::Transport& work() { return work_; }

 private:
  void elect(const std::stop_token& stop);
  void requested(std::string_view verb, std::string_view resource, std::string_view code);

  const Environment environment_;
  const std::chrono::seconds lease_duration_;
  kube::Elector elector_;
  kube::LeaderTransport own_;
  kube::LeaderTransport work_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // guarded by mutex_
  bool leads_ = false;
  kube::AnswerStreak requests_;
  std::once_flag resigned_;
  std::jthread thread_;
};

}  // namespace icrps::cli
