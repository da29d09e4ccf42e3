#include "runtime/metrics.hpp"

#include <map>
#include <mutex>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unordered_map>

#include "runtime/process_metrics.hpp"

namespace icrps {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;

// From a watch event on this machine's rack (2 ms) to a cluster that was down for minutes.
const prometheus::Histogram::BucketBoundaries kSeconds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                       1,     2.5,  5,     10,   30,  60,   300};

Family<Counter>& counter(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Gauge>& gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry);
}

std::string text_of(std::string_view text) {
  return std::string(text);
}

/// Family::Add builds, hashes and compares maps of labels; one request costs one look-up here.
class RequestCounters {
 public:
  explicit RequestCounters(Family<Counter>& family) : family_(family) {}

  Counter& of(std::string_view verb, std::string_view resource, std::string_view code) {
    std::string key;
    for (const auto part : {verb, resource, code}) key.append(part).push_back(' ');
    const std::lock_guard lock(mutex_);
    auto& counter = counters_[key];
    if (counter == nullptr) {
      counter = &family_.Add(
          {{"verb", text_of(verb)}, {"resource", text_of(resource)}, {"code", text_of(code)}});
    }
    return *counter;
  }

 private:
  Family<Counter>& family_;
  std::mutex mutex_;
  std::unordered_map<std::string, Counter*> counters_;  // guarded by mutex_; owned by the family
};

/// One series per credential, which can go away or change its other labels.
class SoloGauges {
 public:
  explicit SoloGauges(Family<Gauge>& family) : family_(family) {}

  void set(const Labels& labels, double value) {
    const std::lock_guard lock(mutex_);
    auto& [shown, gauge] = gauges_[labels.at("credential")];
    if (gauge == nullptr || shown != labels) {
      if (gauge != nullptr) family_.Remove(gauge);
      shown = labels;
      gauge = &family_.Add(labels);
    }
    gauge->Set(value);
  }

  void remove(const std::string& credential) {
    const std::lock_guard lock(mutex_);
    const auto found = gauges_.find(credential);
    if (found == gauges_.end()) return;
    family_.Remove(found->second.gauge);
    gauges_.erase(found);
  }

 private:
  struct Solo {
    Labels labels;
    Gauge* gauge = nullptr;  // owned by the family
  };

  Family<Gauge>& family_;
  std::mutex mutex_;
  std::map<std::string, Solo> gauges_;  // guarded by mutex_; by credential
};

double unix_seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  Family<Counter>& reconciles =
      counter(registry, "icr_pull_secrets_reconciles_total", "Reconciled namespaces, by outcome.");
  Family<Counter>& requests =
      counter(registry, "icr_pull_secrets_api_requests_total",
              "Requests to the Kubernetes API server, by verb, resource and status code.");
  RequestCounters request_counters{requests};
  Family<Counter>& restarts = counter(registry, "icr_pull_secrets_watch_restarts_total",
                                      "Watches that ended and were begun again, by reason.");
  Family<Counter>& problems = counter(registry, "icr_pull_secrets_problems_total",
                                      "Problems reported to people, by reason.");
  Family<Counter>& refusals = counter(registry, "icr_pull_secrets_source_refusals_total",
                                      "Values of a source that could not be used, by reason.");
  Family<Gauge>& namespaces =
      gauge(registry, "icr_pull_secrets_namespaces", "Namespaces, by state.");
  Family<Gauge>& available = gauge(registry, "icr_pull_secrets_credential_available",
                                   "1 when the credential has a value that can be handed out.");
  Family<Gauge>& rollout = gauge(registry, "icr_pull_secrets_rollout_namespaces",
                                 "Namespaces on a credential's current revision and behind it.");
  Family<Counter>& not_allowed =
      counter(registry, "icr_pull_secrets_credential_not_allowed_total",
              "Times that a namespace asked for a credential that it may not use.");
  SoloGauges expiry{gauge(registry, "icr_pull_secrets_credential_expiry_timestamp_seconds",
                          "When what the credential hands out now expires, of one that does.")};
  SoloGauges last_proof{gauge(registry, "icr_pull_secrets_credential_last_proof_timestamp_seconds",
                              "When the credential was last proved to be good.")};
  Family<Counter>& proofs = counter(registry, "icr_pull_secrets_credential_proofs_total",
                                    "Proofs of a credential before use, by outcome.");
  Family<Counter>& refreshes = counter(registry, "icr_pull_secrets_credential_refreshes_total",
                                       "Refreshes of a credential that expires, by outcome.");
  Family<Counter>& iam_requests = counter(registry, "icr_pull_secrets_iam_requests_total",
                                          "Requests to IAM, by what was asked and status code.");
  Family<Counter>& name_lookups = counter(registry, "icr_pull_secrets_name_lookups_total",
                                          "Host names that were looked up, by outcome.");
  SoloGauges rotation_step{gauge(registry, "icr_pull_secrets_rotation_step",
                                 "Always 1; the label tells where the rotation of a key stands.")};
  Family<Counter>& rotations = counter(registry, "icr_pull_secrets_rotations_total",
                                       "Rotations of a service ID's key, by outcome.");
  Family<Counter>& rescue_looks =
      counter(registry, "icr_pull_secrets_rescue_looks_total",
              "Looks at a namespace for pods that were too early, by outcome.");
  Family<Counter>& rescue_pods = counter(registry, "icr_pull_secrets_rescue_pods_total",
                                         "Pods that were too early, by what became of them.");
  Gauge& queue_depth =
      gauge(registry, "icr_pull_secrets_queue_depth", "Namespaces that wait for a worker.").Add({});
  Gauge& queue_oldest =
      gauge(registry, "icr_pull_secrets_queue_oldest_seconds",
            "How long the namespace has waited that could be served and waits longest.")
          .Add({});
  Family<Gauge>& watch_sign =
      gauge(registry, "icr_pull_secrets_watch_last_sign_timestamp_seconds",
            "When a watch last brought an event or a bookmark, or was begun, by resource.");
  Gauge& synced = gauge(registry, "icr_pull_secrets_synced",
                        "1 when the first list of everything that is watched is complete.")
                      .Add({});
  Family<Counter>& config_reads =
      counter(registry, "icr_pull_secrets_config_reads_total",
              "Times that the configuration was read anew because it changed, by outcome.");
  Gauge& config_ok = gauge(registry, "icr_pull_secrets_config_last_read_successful",
                           "1 when the configuration as it was last read is in force.")
                         .Add({});
  Gauge& config_since = gauge(registry, "icr_pull_secrets_config_in_force_timestamp_seconds",
                              "When the configuration that is in force was read.")
                            .Add({});
  Family<Gauge>& leader =
      gauge(registry, "icr_pull_secrets_leader", "1 when this replica leads, 0 when it stands by.");
  Histogram& event_to_done =
      BuildHistogram()
          .Name("icr_pull_secrets_event_to_done_seconds")
          .Help("From the event that made a namespace due until nothing was left to do there.")
          .Register(registry)
          .Add({}, kSeconds);
  std::mutex refresh_mutex;
  std::function<void()> refresh;        // guarded by refresh_mutex
  const void* refresh_owner = nullptr;  // guarded by refresh_mutex
};

Metrics::Metrics(std::string_view version, std::string_view revision)
    : families_(std::make_unique<Families>()) {
  gauge(families_->registry, "icr_pull_secrets_build_info", "Always 1; the labels tell the build.")
      .Add({{"version", text_of(version)}, {"revision", text_of(revision)}})
      .Set(1);
}

Metrics::~Metrics() = default;

void Metrics::reconciled(std::string_view outcome) {
  families_->reconciles.Add({{"outcome", text_of(outcome)}}).Increment();
}

void Metrics::api_request(std::string_view verb, std::string_view resource, std::string_view code) {
  families_->request_counters.of(verb, resource, code).Increment();
}

void Metrics::watch_restarted(std::string_view resource, std::string_view reason) {
  families_->restarts.Add({{"resource", text_of(resource)}, {"reason", text_of(reason)}})
      .Increment();
}

void Metrics::set_namespaces(std::string_view state, std::size_t count) {
  families_->namespaces.Add({{"state", text_of(state)}}).Set(static_cast<double>(count));
}

void Metrics::event_to_done(std::chrono::duration<double> seconds) {
  families_->event_to_done.Observe(seconds.count());
}

void Metrics::problem(std::string_view reason) {
  families_->problems.Add({{"reason", text_of(reason)}}).Increment();
}

void Metrics::set_credential_available(const std::string& credential, bool available) {
  families_->available.Add({{"credential", credential}}).Set(available ? 1 : 0);
}

void Metrics::source_refused(const std::string& credential, std::string_view reason) {
  families_->refusals.Add({{"credential", credential}, {"reason", text_of(reason)}}).Increment();
}

void Metrics::set_rollout(const std::string& credential, std::size_t current, std::size_t behind) {
  auto& family = families_->rollout;
  family.Add({{"credential", credential}, {"state", "current"}}).Set(static_cast<double>(current));
  family.Add({{"credential", credential}, {"state", "behind"}}).Set(static_cast<double>(behind));
}

void Metrics::credential_not_allowed(const std::string& credential) {
  families_->not_allowed.Add({{"credential", credential}}).Increment();
}

void Metrics::set_credential_expiry(
    const std::string& credential,
    std::optional<std::chrono::system_clock::time_point> expires_at) {
  if (expires_at) {
    families_->expiry.set({{"credential", credential}}, unix_seconds(*expires_at));
  } else {
    families_->expiry.remove(credential);
  }
}

void Metrics::credential_proof(const std::string& credential, std::string_view outcome,
                               std::chrono::system_clock::time_point now) {
  families_->proofs.Add({{"credential", credential}, {"outcome", text_of(outcome)}}).Increment();
  if (outcome == "proved") {
    families_->last_proof.set({{"credential", credential}}, unix_seconds(now));
  }
}

void Metrics::credential_refreshed(const std::string& credential, std::string_view outcome) {
  families_->refreshes.Add({{"credential", credential}, {"outcome", text_of(outcome)}}).Increment();
}

void Metrics::iam_request(std::string_view what, std::string_view code) {
  families_->iam_requests.Add({{"what", text_of(what)}, {"code", text_of(code)}}).Increment();
}

void Metrics::name_lookup(std::string_view outcome) {
  families_->name_lookups.Add({{"outcome", text_of(outcome)}}).Increment();
}

void Metrics::set_rotation_step(const std::string& credential, std::string_view step) {
  families_->rotation_step.set({{"credential", credential}, {"step", text_of(step)}}, 1);
}

void Metrics::rotation_ended(const std::string& credential, std::string_view outcome) {
  families_->rotations.Add({{"credential", credential}, {"outcome", text_of(outcome)}}).Increment();
}

void Metrics::rescue_look(std::string_view outcome) {
  families_->rescue_looks.Add({{"outcome", text_of(outcome)}}).Increment();
}

void Metrics::rescue_pod(std::string_view outcome) {
  families_->rescue_pods.Add({{"outcome", text_of(outcome)}}).Increment();
}

void Metrics::set_queue_depth(std::size_t depth) {
  families_->queue_depth.Set(static_cast<double>(depth));
}

void Metrics::set_queue_oldest(std::chrono::duration<double> age) {
  families_->queue_oldest.Set(age.count());
}

void Metrics::set_watch_sign(std::string_view resource,
                             std::chrono::system_clock::time_point time) {
  families_->watch_sign.Add({{"resource", text_of(resource)}}).Set(unix_seconds(time));
}

void Metrics::set_synced(bool synced) {
  families_->synced.Set(synced ? 1 : 0);
}

void Metrics::set_leader(bool leader) {
  families_->leader.Add({}).Set(leader ? 1 : 0);
}

void Metrics::config_read(std::string_view outcome, std::chrono::system_clock::time_point now) {
  families_->config_reads.Add({{"outcome", text_of(outcome)}}).Increment();
  families_->config_ok.Set(outcome == "refused" ? 0 : 1);
  if (outcome == "done") families_->config_since.Set(unix_seconds(now));
}

void Metrics::forget_credential(const std::string& credential) {
  const auto forget = [](Family<Gauge>& family, const Labels& labels) {
    if (family.Has(labels)) family.Remove(&family.Add(labels));
  };
  forget(families_->available, {{"credential", credential}});
  for (const auto* const state : {"current", "behind"}) {
    forget(families_->rollout, {{"credential", credential}, {"state", state}});
  }
  families_->expiry.remove(credential);
  families_->last_proof.remove(credential);
  families_->rotation_step.remove(credential);
}

void Metrics::before_text(const void* owner, std::function<void()> refresh) {
  const std::lock_guard lock(families_->refresh_mutex);
  families_->refresh = std::move(refresh);
  families_->refresh_owner = owner;
}

void Metrics::no_more_before_text(const void* owner) {
  const std::lock_guard lock(families_->refresh_mutex);
  if (families_->refresh_owner == owner) families_->refresh = nullptr;
}

std::string Metrics::text() const {
  {
    const std::lock_guard lock(families_->refresh_mutex);
    if (families_->refresh) families_->refresh();
  }
  auto all = families_->registry.Collect();
  for (auto& family : process_metrics()) all.push_back(std::move(family));
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace icrps
