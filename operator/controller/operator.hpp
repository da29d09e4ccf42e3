// The running operator: watches feed stores and the queue, workers empty the queue.
//
//   watch → store → queue of keys → gather → plan (pure) → apply → store
//
// Thread safety: run() is called once; the health questions may be asked from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "config/config.hpp"
#include "controller/apply.hpp"
#include "controller/crew.hpp"
#include "controller/event_reporter.hpp"
#include "controller/health.hpp"
#include "controller/reconciler.hpp"
#include "controller/rescuer.hpp"
#include "controller/rollout.hpp"
#include "controller/settlement.hpp"
#include "controller/side_tasks.hpp"
#include "controller/start_gate.hpp"
#include "controller/work_queue.hpp"
#include "credentials/credential_set.hpp"
#include "credentials/source.hpp"
#include "credentials/source_context.hpp"
#include "credentials/status_record.hpp"
#include "http/transport.hpp"
#include "iam/client.hpp"
#include "iam/registry_probe.hpp"
#include "kube/client.hpp"
#include "kube/ending_transport.hpp"
#include "kube/watcher.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace icrps::controller {

class Operator {
 public:
  struct Environment {
    // To the API server, each with connections of its own.
    http::Transport& work;     ///< what is written in the namespaces that take part
    http::Transport& own;      ///< what is written in the operator's own namespace
    http::Transport& reading;  ///< lists and watches
    iam::Client& iam;
    const iam::RegistryProbe& registries;
    const Clock& clock;
    const Log& log;
    Metrics& metrics;
    Random random;
    std::string own_namespace;  ///< where the sources and what must outlive the process are
    credentials::rotation::FailurePoint failure_point = [](std::string_view /*name*/) {};
    /// Returns when this process may work; false: the stop token came first. Until then it knows
    /// the cluster as well as a leader does, and writes nothing.
    std::function<bool(const std::stop_token&)> lead = [](const std::stop_token& /*stop*/) {
      return true;
    };
    /// How the election goes; nothing: there is none.
    std::function<std::optional<ElectionFacts>()> election = [] { return std::nullopt; };
    /// For tests: called by parts on their own threads, by name; it may never return.
    std::function<void(std::string_view part)> stall = [](std::string_view /*part*/) {};
  };

  /// Everything passed by reference outlives the operator.
  Operator(const config::Config& config, Environment environment);
  ~Operator();
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  /// Until `stop`. Watches end at once; writes in flight are finished.
  void run(const std::stop_token& stop);
  /// From now on no write waits for its answer: for who can't wait until run() returns.
  void give_up() { given_up_.request_stop(); }

  /// Empty: alive, or ready. Otherwise why not, for people.
  [[nodiscard]] std::string liveness();
  [[nodiscard]] std::string readiness() const;
  /// What it does without though it is ready; empty: nothing.
  [[nodiscard]] std::string remarks() const;

 private:
  void add_copies_watch(const plan::CopyName& copy);
  [[nodiscard]] credentials::SourceContext source_context();
  [[nodiscard]] std::unique_ptr<Rescuer> make_rescuer();
  [[nodiscard]] std::optional<icr::Hosts> hosts_to_prove(const std::string& credential) const;
  [[nodiscard]] std::optional<std::vector<credentials::CopyPlace>> copies_with(
      const std::string& credential, const std::string& revision) const;
  [[nodiscard]] std::optional<std::string> own_namespace_uid() const;
  void report_source(const std::string& secret, const std::string& uid,
                     const plan::Problem& problem);
  void report_rollout(const Rollout::Completed& completed);
  [[nodiscard]] kube::RequestObserver observer();
  void in_place(const std::string& credential);
  [[nodiscard]] credentials::Source* source_of(const std::string& credential) const;
  void watch(kube::Collection collection, kube::Sink& sink, const std::stop_token& stop);
  void changed(const std::string& ns);
  void credential_changed(const std::string& credential);
  void namespaces_listed();
  void lead(const std::stop_token& stop);
  void begin_work();
  void look_at_all();
  void listed();
  void show_what_is_missing();
  void look_for_forgotten();
  void report_forgotten(const plan::CopyName& former);
  [[nodiscard]] std::vector<std::string> not_listed() const;
  [[nodiscard]] std::vector<std::string> not_settled() const;

  void work(Crew& crew, const std::stop_token& stop, std::size_t worker);

  const Environment environment_;
  const config::Config config_;
  std::stop_source given_up_;
  kube::EndingTransport work_;
  kube::EndingTransport own_;
  kube::Client client_;
  kube::Client own_client_;
  Stores stores_;
  credentials::CredentialSet credentials_;
  EventReporter reporter_;
  EventReporter own_reporter_;
  Applier applier_;
  Reconciler reconciler_;
  std::unique_ptr<Rescuer> rescuer_;  // null: it is off
  WorkQueue queue_;
  Health health_;
  Rollout rollout_;
  Settlement settlement_;
  StartGate gate_;
  credentials::StatusRecord status_;
  credentials::SourceContext context_;
  std::vector<std::unique_ptr<credentials::Source>> sources_;
  // After everything that their tasks use.
  SideTasks aside_;      // of namespaces that take part
  SideTasks own_aside_;  // of the operator's own

  struct Watched {
    kube::Collection collection;
    kube::Sink* sink;
    std::function<bool()> synced;
  };
  std::vector<Watched> watched_;

  std::atomic<std::uint64_t> reconciles_ = 0;
  std::atomic<bool> leading_ = false;
  std::atomic<bool> working_ = false;  // the queue is worked on
};

}  // namespace icrps::controller
