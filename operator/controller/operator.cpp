#include "controller/operator.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "config/rules.hpp"
#include "controller/collections.hpp"
#include "controller/configured.hpp"
#include "credentials/source_factory.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::controller {
namespace {

using namespace std::chrono_literals;

// Somebody must change a role or a policy first, and the retry notices it then.
constexpr auto kForbiddenPause = 30s;
// Without Retry-After.
constexpr auto kThrottlePause = 1s;
constexpr auto kLongestThrottle = 60s;
// A credential whose issuer is silent doesn't hold up the namespaces of the others for longer.
constexpr auto kSourcePatience = 15s;

std::string describe(const kube::Collection& collection) {
  return collection.field_selector.empty() ? collection.name
                                           : collection.name + " " + collection.field_selector;
}

}  // namespace

Operator::Operator(const config::Config& config, Environment environment)
    : environment_(std::move(environment)),
      config_(config),
      client_(environment_.work, observer()),
      own_client_(environment_.own, observer()),
      credentials_(names_of(config.credentials), &environment_.clock),
      reporter_(client_, environment_.clock, environment_.log, environment_.metrics),
      own_reporter_(own_client_, environment_.clock, environment_.log, environment_.metrics),
      applier_(client_, stores_, &environment_.clock),
      reconciler_(stores_, credentials_, config::rules_of(config, environment_.own_namespace),
                  applier_, environment_.log, limits_of(config), config.retired),
      rescuer_(make_rescuer()),
      queue_(environment_.clock, environment_.random),
      health_(config.liveness, config.workers,
              {environment_.clock, environment_.log, environment_.metrics, queue_,
               environment_.election}),
      tally_(environment_.metrics),
      rollout_(names_of(config.credentials), environment_.clock, environment_.metrics),
      status_(own_client_, environment_.own_namespace, environment_.log),
      context_(source_context()) {
  const auto on_change = [this](const std::string& ns) { changed(ns); };
  stores_.namespaces.listen(on_change, [this] { namespaces_listed(); });
  stores_.accounts.listen(on_change, [this] { check_synced(); });
  watched_.push_back({namespaces_of(config_), &stores_.namespaces,
                      [this] { return stores_.namespaces.synced(); }});
  watched_.push_back(
      {all_service_accounts(), &stores_.accounts, [this] { return stores_.accounts.synced(); }});
  for (const auto& credential : config_.credentials) {
    add_copies_watch(credential.name);
    sources_.push_back(credentials::make_source(credential, environment_.iam, context_));
  }
  for (const auto& name : config_.retired) add_copies_watch(name);
  credentials_.listen([this](const std::string& name) { credential_changed(name); });
  rollout_.listen([this](const Rollout::Completed& completed) { report_rollout(completed); },
                  [this](const std::string& credential) { in_place(credential); });
}

Operator::~Operator() = default;

kube::RequestObserver Operator::observer() {
  return [this](auto verb, auto resource, auto code) {
    environment_.metrics.api_request(verb, resource, code);
    health_.request(code);
  };
}

void Operator::add_copies_watch(const std::string& credential) {
  auto& store = *(stores_.copies[credential] = std::make_unique<CopyStore>(copy_facts));
  store.listen([this](const std::string& ns) { changed(ns); },
               [this, credential] {
                 if (auto* source = source_of(credential)) source->poke();
                 check_synced();
               });
  watched_.push_back(
      {named_secret(plan::copy_name(credential), {}), &store, [&store] { return store.synced(); }});
}

std::unique_ptr<Rescuer> Operator::make_rescuer() {
  if (!config_.rescue.enabled) return nullptr;
  const auto known = [this](const std::string& ns) -> std::optional<Rescuer::Known> {
    const auto facts = reconciler_.gather(ns);
    if (!facts) return std::nullopt;
    return Rescuer::Known{facts->ns.uid, plan::references_of(*facts, reconciler_.rules())};
  };
  return std::make_unique<Rescuer>(
      config_.rescue.after,
      Rescuer::Environment{client_, reporter_, environment_.clock, environment_.log,
                           environment_.metrics, environment_.random, known});
}

credentials::SourceContext Operator::source_context() {
  return {.credentials = credentials_,
          .clock = environment_.clock,
          .log = environment_.log,
          .metrics = environment_.metrics,
          .random = environment_.random,
          .report = [this](const std::string& secret, const std::string& uid,
                           const plan::Problem& problem) { report_source(secret, uid, problem); },
          .watch =
              [this](const std::string& secret, kube::Sink& sink, const std::stop_token& stop) {
                watch(named_secret(secret, environment_.own_namespace), sink, stop);
              },
          .on_settled = [this] { check_synced(); },
          .hosts_to_prove =
              [this](const std::string& credential) { return hosts_to_prove(credential); },
          .copies_with =
              [this](const std::string& credential, const std::string& revision) {
                return copies_with(credential, revision);
              },
          .ask_host = credentials::ask_registries(environment_.registries),
          .proof = config_.proof,
          .status = status_,
          .client = own_client_,
          .own_namespace = environment_.own_namespace,
          .own_namespace_uid = [this] { return own_namespace_uid(); },
          .rolled_out =
              [this](const std::string& credential, const std::string& revision) {
                return rollout_.complete(credential, revision);
              },
          .failure_point = environment_.failure_point};
}

/// A few are enough: each of them should have it.
std::optional<std::vector<std::string>> Operator::copies_with(const std::string& credential,
                                                              const std::string& revision) const {
  constexpr std::size_t kEnough = 3;
  const auto& copies = *stores_.copies.at(credential);
  if (!stores_.namespaces.synced() || !copies.synced()) return std::nullopt;
  const auto name = plan::copy_name(credential);
  std::vector<std::string> found;
  for (const auto& ns : copies.namespaces()) {
    if (found.size() == kEnough) break;
    const auto copy = copies.get(ns, name);
    if (copy && copy->ours && copy->revision == revision) found.push_back(ns);
  }
  return found;
}

std::optional<std::string> Operator::own_namespace_uid() const {
  const auto& own = environment_.own_namespace;
  const auto found = stores_.namespaces.get(own, own);
  return found ? std::optional(found->uid) : std::nullopt;
}

/// The hosts that namespaces ask for: nobody waits for an answer of the others. Nothing until the
/// namespaces are known.
std::optional<icr::Hosts> Operator::hosts_to_prove(const std::string& credential) const {
  const auto& limits = *reconciler_.limits().at(credential);
  if (!limits.fixed_hosts.empty()) return limits.fixed_hosts;
  if (!stores_.namespaces.synced()) return std::nullopt;
  const auto& rules = reconciler_.rules();
  icr::Hosts hosts;
  for (const auto& name : stores_.namespaces.namespaces()) {
    const auto ns = stores_.namespaces.get(name, name);
    if (!ns || ns->terminating) continue;
    const auto wish = plan::read_wish(*ns, rules.defaults, rules.regions, credentials_.names());
    if (!wish.hosts || !plan::asks_for(wish, credential, false)) continue;
    if (!plan::may_use(limits, name, ns->labels)) continue;
    hosts.merge(plan::served_hosts(limits, *wish.hosts));
  }
  return hosts;
}

void Operator::report_source(const std::string& secret, const std::string& uid,
                             const plan::Problem& problem) {
  // What may pass by itself is in the log and the metrics until it has lasted.
  if (problem.patience) return;
  // A source without a Secret has its Events on the record of what is known about it.
  const Subject subject = secret.empty()
                              ? Subject{"ConfigMap",
                                        environment_.own_namespace,
                                        std::string(credentials::kStatusConfigMap),
                                        {}}
                              : Subject{"Secret", environment_.own_namespace, secret, uid};
  own_reporter_.report(subject, problem);
}

void Operator::report_rollout(const Rollout::Completed& completed) {
  environment_.log.info("rolled out", {{"credential", completed.credential},
                                       {"revision", completed.revision},
                                       {"namespaces", completed.namespaces}});
  for (const auto& credential : config_.credentials) {
    if (credential.name == completed.credential && !credentials::hands_out_tokens(credential)) {
      const bool own_keys = std::holds_alternative<config::ServiceIdSource>(credential.source);
      report_source(credentials::source_secret(credential), {}, note_of(completed, own_keys));
    }
  }
}

void Operator::in_place(const std::string& credential) {
  if (auto* source = source_of(credential)) source->poke();
}

credentials::Source* Operator::source_of(const std::string& credential) const {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (config_.credentials[i].name == credential) return sources_[i].get();
  }
  return nullptr;
}

void Operator::watch(kube::Collection collection, kube::Sink& sink, const std::stop_token& stop) {
  auto pulse = health_.watch(collection.name, describe(collection));
  kube::Watcher watcher(
      std::move(collection), sink,
      {environment_.reading, environment_.clock, environment_.log, environment_.random,
       [this](auto verb, auto resource, auto code) {
         environment_.metrics.api_request(verb, resource, code);
         environment_.stall("watch");
       },
       [this](auto resource, auto reason) {
         environment_.metrics.watch_restarted(resource, reason);
       },
       std::move(pulse)});
  watcher.run(stop);
}

void Operator::run(const std::stop_token& stop) {
  status_.end_with(stop);
  std::vector<std::jthread> watches;
  for (const auto& watched : watched_) {
    watches.emplace_back(
        [this, &watched, stop] { watch(watched.collection, *watched.sink, stop); });
  }
  if (environment_.lead(stop)) lead(stop);
  watches.clear();  // joins
}

void Operator::lead(const std::stop_token& stop) {
  leading_ = true;
  std::vector<std::jthread> threads;
  for (const auto& source : sources_) {
    threads.emplace_back([&source, stop] { source->run(stop); });
  }
  wait_until_synced(stop);
  if (stop.stop_requested()) return;  // joins
  health_.working();
  if (rescuer_) threads.emplace_back([this, stop] { rescuer_->run(stop); });
  for (std::size_t i = 0; i < config_.workers; ++i) {
    threads.emplace_back([this, stop, i] { work(stop, i); });
  }
}

void Operator::changed(const std::string& ns) {
  // The first lists are one piece of bulk work; what comes after them is news.
  queue_.add(ns, synced_ ? Priority::kNew : Priority::kBulk);
}

void Operator::credential_changed(const std::string& credential) {
  if (const auto material = credentials_.material(credential)) {
    rollout_.release(credential, material->revision());
  }
  for (const auto& ns : stores_.namespaces.namespaces()) queue_.add(ns, Priority::kBulk);
}

void Operator::namespaces_listed() {
  rollout_.expect(stores_.namespaces.namespaces());
  for (const auto& source : sources_) source->poke();
  check_synced();
}

std::vector<std::string> Operator::not_listed() const {
  std::vector<std::string> missing;
  for (const auto& watched : watched_) {
    if (!watched.synced()) {
      missing.push_back(describe(watched.collection));
    }
  }
  return missing;
}

std::vector<std::string> Operator::not_settled() const {
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (!sources_[i]->settled()) missing.push_back("source of " + config_.credentials[i].name);
  }
  return missing;
}

void Operator::check_synced() {
  if (synced_ || !not_listed().empty()) return;
  {
    const std::lock_guard lock(mutex_);
    listed_ = true;
    if (not_settled().empty()) synced_ = true;
  }
  synced_wake_.notify_all();
}

void Operator::wait_until_synced(const std::stop_token& stop) {
  {
    std::unique_lock lock(mutex_);
    synced_wake_.wait(lock, stop, [this] { return listed_; });
    synced_wake_.wait_for(lock, stop, kSourcePatience, [this] { return synced_.load(); });
    if (stop.stop_requested()) return;
    synced_ = true;
  }
  for (const auto& source : not_settled()) {
    environment_.log.warn("not waited for any longer", {{"source", source}});
  }
  environment_.metrics.set_synced(true);
  environment_.log.info("synced", {{"namespaces", stores_.namespaces.namespaces().size()}});
}

void Operator::work(const std::stop_token& stop, std::size_t worker) {
  const auto step = [&] { health_.worker_step(worker); };
  while (const auto item = queue_.get(stop)) {
    const LogScope scope("reconcile", std::to_string(++reconciles_));
    const auto begun = environment_.clock.now();
    step();
    environment_.stall("worker");
    environment_.metrics.set_queue_depth(queue_.waiting());
    const auto result = reconciler_.reconcile(item->key, stop, step);
    settle(*item, result, step);
    const std::chrono::duration<double> took = environment_.clock.now() - begun;
    environment_.log.debug("reconciled", {{"namespace", item->key},
                                          {"exists", result.exists},
                                          {"state", plan::to_string(result.state)},
                                          {"writes", result.writes.size()},
                                          {"seconds", took.count()}});
    health_.worker_free(worker);
    environment_.stall("queue");
  }
}

void Operator::settle(const WorkItem& item, const Reconciled& result,
                      const std::function<void()>& on_step) {
  using Kind = Outcome::Kind;
  const auto& ns = item.key;
  auto& metrics = environment_.metrics;
  if (result.attached && rescuer_) rescuer_->attached(ns);
  if (result.exists) {
    tally_.set(ns, result.state);
    rollout_.seen(ns, result.copies);
    tell_sources(result);
    report_problems(ns, result, on_step);
  } else {
    forget(ns);
  }
  switch (result.outcome.kind) {
    case Kind::kDone:
      metrics.reconciled(result.writes.empty() ? "unchanged" : "done");
      if (!result.writes.empty()) {
        metrics.event_to_done(environment_.clock.now() - item.since);
        report_success(ns, result);
      }
      queue_.done(ns);
      break;
    case Kind::kGone:
      metrics.reconciled("gone");
      queue_.done(ns);
      break;
    case Kind::kAgain:
      metrics.reconciled("stale");
      queue_.retry(ns, 0ms);
      break;
    case Kind::kRetry:
      metrics.reconciled("retry");
      queue_.retry(ns, result.outcome.after, result.outcome.after > 0ms);
      break;
    case Kind::kThrottled: {
      const auto asked = result.outcome.after > 0ms ? result.outcome.after
                                                    : std::chrono::milliseconds(kThrottlePause);
      const auto pause = std::min(asked, std::chrono::milliseconds(kLongestThrottle));
      metrics.reconciled("throttled");
      queue_.pause_for(pause);
      queue_.retry(ns, pause);
      break;
    }
    case Kind::kForbidden:
      metrics.reconciled("forbidden");
      queue_.retry(ns, kForbiddenPause);
      break;
  }
}

void Operator::report_success(const std::string& ns, const Reconciled& result) {
  if (!config_.events.success) return;
  std::string revisions;
  for (const auto& copy : result.copies) {
    if (copy.revision.empty()) continue;
    revisions +=
        fmt::format("; {} is at revision {}", plan::copy_name(copy.credential), copy.revision);
  }
  plan::Problem note;
  note.reason = std::string(plan::kPullSecretsWritten);
  note.message = plan::join(result.writes, ", ") + revisions;
  note.note = true;
  reporter_.report({"Namespace", ns, ns, result.uid}, note);
}

void Operator::tell_sources(const Reconciled& result) const {
  for (const auto& [credential, hosts] : result.hosts) {
    if (auto* source = source_of(credential)) source->asked_for(hosts);
  }
}

void Operator::report_problems(const std::string& ns, const Reconciled& result,
                               const std::function<void()>& on_step) {
  auto said = result.problems;
  said.insert(said.end(), result.notes.begin(), result.notes.end());
  ProblemLedger::News news;
  {
    const std::lock_guard lock(mutex_);
    news = ledger_.update(ns, said, environment_.clock.now());
  }
  for (const auto& due : news.report) {
    on_step();
    reporter_.report({"Namespace", ns, ns, result.uid}, due.problem, due.count);
  }
  if (news.look_again) queue_.add_after(ns, *news.look_again);
}

void Operator::forget(const std::string& ns) {
  tally_.forget(ns);
  rollout_.forget(ns);
  const std::lock_guard lock(mutex_);
  ledger_.forget(ns);
}

std::string Operator::liveness() {
  return health_.liveness();
}

std::string Operator::readiness() const {
  if (synced_) return {};
  auto missing = not_listed();
  if (missing.empty()) {
    if (!leading_) return {};  // standing by, and nothing is missing for that
    missing = not_settled();
  }
  return "not known yet: " + plan::join(missing, ", ");
}

}  // namespace icrps::controller
