#include "controller/operator.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "config/rules.hpp"
#include "controller/collections.hpp"
#include "controller/configured.hpp"
#include "credentials/source_factory.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::controller {
namespace {

std::string name_of(const kube::Collection& collection) {
  return collection.field_selector.empty() ? collection.name
                                           : collection.name + " " + collection.field_selector;
}

}  // namespace

Operator::Operator(const config::Config& config, Environment environment)
    : environment_(std::move(environment)),
      config_(config),
      work_(environment_.work, given_up_.get_token()),
      own_(environment_.own, given_up_.get_token()),
      client_(work_, observer(), kept_of_accounts(config)),
      own_client_(own_, observer()),
      credentials_(names_of(config.credentials), &environment_.clock),
      reporter_(client_, environment_.clock, environment_.log, environment_.metrics, &aside_),
      own_reporter_(own_client_, environment_.clock, environment_.log, environment_.metrics,
                    &own_aside_),
      applier_(client_, stores_, &environment_.clock),
      reconciler_(stores_, credentials_, config::rules_of(config, environment_.own_namespace),
                  applier_, environment_.log, configured_of(config)),
      rescuer_(make_rescuer()),
      queue_(environment_.clock, environment_.random, config.workers, kSpareWorkers),
      health_(config.liveness, config.workers + kSpareWorkers,
              {environment_.clock, environment_.log, environment_.metrics, queue_,
               environment_.election}),
      rollout_(names_of(config.credentials), environment_.clock, environment_.metrics),
      settlement_({environment_.clock, environment_.log, environment_.metrics, queue_, reporter_,
                   rollout_, config.events.success,
                   [this](const plan::Problem& problem) { report_source({}, {}, problem); },
                   [this](const std::string& ns) {
                     if (rescuer_) rescuer_->attached(ns);
                   },
                   [this](const std::string& credential, const icr::Hosts& hosts) {
                     if (auto* source = source_of(credential)) source->asked_for(hosts);
                   }}),
      gate_(environment_.clock,
            {[this] { return stores_.namespaces.synced(); }, [this] { return not_listed(); },
             [this] { return not_settled(); }}),
      status_(own_client_, environment_.own_namespace, environment_.log,
              [this](const std::string& credential, auto write) {
                return own_aside_.run("record of " + credential, std::move(write));
              }),
      context_(source_context()),
      aside_(kSideThreads, environment_.clock),
      own_aside_(kSideThreads, environment_.clock) {
  stores_.may_be_missing = true;
  stores_.own_namespace = environment_.own_namespace;
  queue_.close();
  const auto on_change = [this](const std::string& ns) { changed(ns); };
  stores_.namespaces.listen(on_change, [this] { namespaces_listed(); });
  stores_.accounts.listen(on_change, [this] { listed(); });
  watched_.push_back({namespaces_of(config_), &stores_.namespaces,
                      [this] { return stores_.namespaces.synced(); }});
  watched_.push_back({all_service_accounts(config_), &stores_.accounts,
                      [this] { return stores_.accounts.synced(); }});
  for (const auto& credential : config_.credentials) {
    add_copies_watch({credential.name, credential.secret_name});
    sources_.push_back(credentials::make_source(credential, environment_.iam, context_));
  }
  for (const auto& former : config_.retired) add_copies_watch(former);
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

void Operator::add_copies_watch(const plan::CopyName& copy) {
  auto& store = *(stores_.copies[copy.secret] = make_copy_store(environment_.own_namespace));
  store.listen([this](const std::string& ns) { changed(ns); },
               [this, credential = copy.credential] {
                 if (auto* source = source_of(credential)) source->poke();
                 listed();
               });
  watched_.push_back({named_secret(copy.secret, {}), &store, [&store] { return store.synced(); }});
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
          .on_settled = [this] { gate_.check(); },
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

/// A few are enough: each of them should have it. Those of a former name count as well: a
/// credential that moves goes on with the login that it has.
std::optional<std::vector<credentials::CopyPlace>> Operator::copies_with(
    const std::string& credential, const std::string& revision) const {
  constexpr std::size_t kEnough = 3;
  if (!stores_.namespaces.synced()) return std::nullopt;
  std::vector<credentials::CopyPlace> found;
  for (const auto& [name, secret] : copy_names_of(config_)) {
    if (name != credential) continue;
    const auto& copies = *stores_.copies.at(secret);
    if (!copies.synced()) return std::nullopt;
    for (const auto& ns : copies.namespaces()) {
      if (found.size() == kEnough) return found;
      const auto copy = copies.get(ns, secret);
      if (copy && copy->ours && copy->revision == revision) found.push_back({ns, secret});
    }
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
  const auto& limits = *reconciler_.configured().limits.at(credential);
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
  auto pulse = health_.watch(collection.name, name_of(collection));
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

/// Of a name that is neither configured nor retired the operator may not even look for copies; that
/// there were some it knows from its record.
void Operator::look_for_forgotten() {
  std::set<std::string> cared_for;
  for (const auto& credential : config_.credentials) cared_for.insert(credential.secret_name);
  for (const auto& former : config_.retired) cared_for.insert(former.secret);
  for (const auto& credential : config_.credentials) {
    const plan::CopyName now{credential.name, credential.secret_name};
    for (const auto& secret : status_.called(now, cared_for)) {
      report_forgotten({credential.name, secret});
    }
  }
  const auto configured = names_of(config_.credentials);
  for (const auto& name : status_.recorded()) {
    if (std::find(configured.begin(), configured.end(), name) != configured.end()) continue;
    auto secrets = status_.get(name).secret_names;
    if (secrets.empty()) secrets.push_back(plan::copy_name(name));
    std::erase_if(secrets, [&](const auto& secret) { return cared_for.contains(secret); });
    for (const auto& secret : secrets) report_forgotten({name, secret});
    if (secrets.empty()) status_.erase(name);
  }
}

void Operator::report_forgotten(const plan::CopyName& former) {
  report_source({}, {},
                {std::string(plan::kCredentialForgotten),
                 fmt::format("the Secrets {} of the credential {} are not in the configuration any "
                             "more; they and the references to them stay in namespaces, and nobody "
                             "updates them; put {{name: {}, secretName: {}}} into retired to have "
                             "them removed",
                             former.secret, former.credential, former.credential, former.secret)});
}

void Operator::lead(const std::stop_token& stop) {
  leading_ = true;
  std::vector<std::jthread> threads;
  for (auto* const reporter : {&reporter_, &own_reporter_}) {
    threads.emplace_back([reporter, stop] { reporter->run(stop); });
  }
  for (const auto& source : sources_) {
    threads.emplace_back([&source, stop] { source->run(stop); });
  }
  if (!gate_.wait(stop)) return;  // joins
  begin_work();
  // Aside: a road that is slow holds up no work.
  threads.emplace_back([this] { look_for_forgotten(); });
  health_.working();
  if (rescuer_) threads.emplace_back([this, stop] { rescuer_->run(stop); });
  Crew workers(config_.workers + kSpareWorkers, stop,
               [this](Crew& crew, const std::stop_token& until, std::size_t worker) {
                 work(crew, until, worker);
               });
}

void Operator::changed(const std::string& ns) {
  queue_.add(ns, Priority::kNew);
}

void Operator::credential_changed(const std::string& credential) {
  if (const auto material = credentials_.material(credential)) {
    rollout_.release(credential, material->revision(),
                     credentials::before(status_.get(credential), material->revision()));
  }
  if (working_) look_at_all();
}

void Operator::look_at_all() {
  for (const auto& ns : stores_.namespaces.namespaces()) queue_.add(ns, Priority::kBulk);
}

/// From here on each change of a namespace is put into the queue; what was before is looked at as
/// one piece of bulk work.
void Operator::begin_work() {
  working_ = true;
  queue_.open();
  rollout_.expect(stores_.namespaces.namespaces());
  look_at_all();
  for (const auto& source : not_settled()) {
    environment_.log.warn("not waited for any longer", {{"source", source}});
  }
  show_what_is_missing();
  environment_.log.info("synced", {{"namespaces", stores_.namespaces.namespaces().size()}});
}

/// Of what depends on a list that is missing nothing is done (plan::Facts), and it is told.
void Operator::show_what_is_missing() {
  const auto missing = gate_.missing();
  environment_.metrics.set_synced(missing.empty());
  if (missing.empty()) return;
  const auto lists = plan::join(missing, ", ");
  environment_.log.warn("not waited for any longer", {{"lists", lists}});
  plan::Problem problem;
  problem.reason = std::string(plan::kListMissing);
  problem.message = fmt::format(
      "the operator could not list {} since it began. What depends on that waits; everything else "
      "is served. Check the operator's RBAC and its log; the list is tried again.",
      lists);
  report_source({}, {}, problem);
}

void Operator::namespaces_listed() {
  for (const auto& source : sources_) source->poke();
  listed();
}

/// Another list is there. Work that has begun without it can be done now.
void Operator::listed() {
  gate_.check();
  if (!working_) return;
  environment_.metrics.set_synced(gate_.missing().empty());
  look_at_all();
}

std::vector<std::string> Operator::not_listed() const {
  std::vector<std::string> missing;
  for (const auto& watched : watched_) {
    if (!watched.synced()) {
      missing.push_back(name_of(watched.collection));
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

void Operator::work(Crew& crew, const std::stop_token& stop, std::size_t worker) {
  const auto step = [&] { health_.worker_step(worker); };
  while (const auto item = queue_.get(stop)) {
    crew.busy();
    const LogScope scope("reconcile", std::to_string(++reconciles_));
    const auto begun = environment_.clock.now();
    step();
    environment_.stall("worker");
    environment_.metrics.set_queue_depth(queue_.waiting());
    const auto result =
        reconciler_.reconcile(item->key, stop, {[&] { queue_.writes(item->key); }, step});
    settlement_.settle(*item, result, step);
    const std::chrono::duration<double> took = environment_.clock.now() - begun;
    environment_.log.debug("reconciled", {{"namespace", item->key},
                                          {"exists", result.exists},
                                          {"state", plan::to_string(result.state)},
                                          {"writes", result.writes.size()},
                                          {"seconds", took.count()}});
    health_.worker_free(worker);
    crew.free();
    environment_.stall("queue");
  }
}

std::string Operator::liveness() {
  return health_.liveness();
}

std::string Operator::readiness() const {
  const auto awaited = gate_.awaited(leading_);
  return awaited.empty() ? std::string() : "not known yet: " + plan::join(awaited, ", ");
}

std::string Operator::remarks() const {
  const auto missing = gate_.missing();
  return missing.empty() ? std::string()
                         : "not known, and what depends on it waits: " + plan::join(missing, ", ");
}

}  // namespace icrps::controller
