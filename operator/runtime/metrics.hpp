// What an on-call person asks, as Prometheus metrics. docs/metrics.md is the reference page.
//
// No label per namespace or object: the number of time series does not grow with the cluster.
// Thread safety: all methods may be called from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace icrps {

class Metrics {
 public:
  Metrics(std::string_view version, std::string_view revision);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// outcome: "done", "unchanged", "retry", "throttled", "forbidden", "gone".
  void reconciled(std::string_view outcome);
  /// code: an HTTP status, or the kind of failure ("timeout") when there was no answer.
  void api_request(std::string_view verb, std::string_view resource, std::string_view code);
  void watch_restarted(std::string_view resource, std::string_view reason);
  /// The number of namespaces in a state.
  void set_namespaces(std::string_view state, std::size_t count);
  /// From the first event that made a namespace due to the moment nothing was left to do.
  void event_to_done(std::chrono::duration<double> seconds);
  /// A problem that a person must know was reported (an Event was asked for).
  void problem(std::string_view reason);
  void set_credential_available(const std::string& credential, bool available);
  void source_refused(const std::string& credential, std::string_view reason);
  /// Namespaces that have the credential's current revision, and those that still have another.
  void set_rollout(const std::string& credential, std::size_t current, std::size_t behind);
  /// A namespace asked for a credential that it may not use.
  void credential_not_allowed(const std::string& credential);
  /// Nothing: what the credential hands out now does not expire.
  void set_credential_expiry(const std::string& credential,
                             std::optional<std::chrono::system_clock::time_point> expires_at);
  /// outcome: "proved", or why not: "refused", "policy", "unknown". The first one also says when.
  void credential_proof(const std::string& credential, std::string_view outcome,
                        std::chrono::system_clock::time_point now);
  /// outcome: "done", or why not: "refused", "policy", "unknown".
  void credential_refreshed(const std::string& credential, std::string_view outcome);
  /// what: "token", "create key", …; code as in api_request().
  void iam_request(std::string_view what, std::string_view code);
  /// outcome: "found", "not_found", "no_answer", "failed".
  void name_lookup(std::string_view outcome);
  /// The step that a rotation has come to: "idle", "created", …
  void set_rotation_step(const std::string& credential, std::string_view step);
  /// outcome: "done", "failed", …
  void rotation_ended(const std::string& credential, std::string_view outcome);
  /// Of a namespace for pods that were too early; outcome: "done", "gone", "forbidden", "failed".
  void rescue_look(std::string_view outcome);
  /// What became of such a pod: "evicted", "told", "gone", "forbidden", "given_up".
  void rescue_pod(std::string_view outcome);
  void set_queue_depth(std::size_t depth);
  /// How long the namespace has waited that could be served and waits longest.
  void set_queue_oldest(std::chrono::duration<double> age);
  /// When the API server last told something on the watch of this resource.
  void set_watch_sign(std::string_view resource, std::chrono::system_clock::time_point time);
  void set_synced(bool synced);
  /// Only where replicas elect a leader.
  void set_leader(bool leader);
  /// outcome: "done", "unchanged", "refused"; after the last one an older one is still in force.
  void config_read(std::string_view outcome, std::chrono::system_clock::time_point now);
  /// A credential that is no more: what is true of credentials now is not said of it any longer.
  void forget_credential(const std::string& credential);

  /// `refresh` is called before each text, for what changes by itself, until another takes its
  /// place or its `owner` ends that. Both return when the one before is not running. It may call
  /// everything here but these two and text().
  void before_text(const void* owner, std::function<void()> refresh);
  void no_more_before_text(const void* owner);

  /// The exposition text, format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace icrps
