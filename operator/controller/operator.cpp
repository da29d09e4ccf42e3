#include "controller/operator.hpp"

#include <fmt/format.h>

#include "credentials/api_key_source.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::controller {
namespace {

using namespace std::chrono_literals;

// A reconcile makes a handful of requests of at most 10 s each.
constexpr auto kStuck = 2min;
// Somebody must change a role or a policy first, and the retry notices it then.
constexpr auto kForbiddenPause = 30s;
// Without Retry-After.
constexpr auto kThrottlePause = 1s;
constexpr auto kLongestThrottle = 60s;
// Copies carry data; a page of them stays below a megabyte.
constexpr unsigned kSecretsPage = 250;

std::vector<std::string> names_of(const std::vector<config::Credential>& credentials) {
  std::vector<std::string> names;
  for (const auto& credential : credentials) names.push_back(credential.name);
  return names;
}

plan::Rules rules_of(const config::Config& config) {
  return {
      {config.endpoints, config.service_accounts}, config.regions, config.regions.known_hosts()};
}

kube::Collection named_secret(const std::string& name, const std::string& ns) {
  return {"secrets", "secrets", ns, "metadata.name=" + name, false, kSecretsPage};
}

}  // namespace

Operator::Operator(const config::Config& config, Environment environment)
    : environment_(std::move(environment)),
      config_(config),
      client_(environment_.transport,
              [this](auto verb, auto resource, auto code) {
                environment_.metrics.api_request(verb, resource, code);
              }),
      credentials_(names_of(config.credentials)),
      reporter_(client_, environment_.clock, environment_.log, environment_.metrics),
      applier_(client_, stores_),
      reconciler_(stores_, credentials_, rules_of(config), applier_, environment_.log),
      queue_(environment_.clock, environment_.random),
      tally_(environment_.metrics),
      busy_since_(config.workers) {
  const auto on_change = [this](const std::string& ns) { changed(ns); };
  const auto on_synced = [this] { check_synced(); };
  stores_.namespaces.listen(on_change, on_synced);
  stores_.accounts.listen(on_change, on_synced);
  watched_.push_back({{"namespaces", "namespaces", {}, {}, true}, &stores_.namespaces, [this] {
                        return stores_.namespaces.synced();
                      }});
  watched_.push_back({{"serviceaccounts", "serviceaccounts", {}, {}, false},
                      &stores_.accounts,
                      [this] { return stores_.accounts.synced(); }});
  for (const auto& credential : config_.credentials) {
    add_copies_watch(credential.name);
    add_source(credential);
  }
  credentials_.listen([this](const std::string& /*name*/) { credential_changed(); });
}

Operator::~Operator() = default;

void Operator::add_copies_watch(const std::string& credential) {
  auto& store = *(stores_.copies[credential] = std::make_unique<CopyStore>(copy_facts));
  store.listen([this](const std::string& ns) { changed(ns); }, [this] { check_synced(); });
  watched_.push_back(
      {named_secret(plan::copy_name(credential), {}), &store, [&store] { return store.synced(); }});
}

void Operator::add_source(const config::Credential& credential) {
  const auto& source = std::get<config::ApiKeySource>(credential.source);
  credentials::ApiKeySource::Environment environment{
      credentials_,
      environment_.log,
      environment_.metrics,
      [this](const std::string& secret, const std::string& uid, const plan::Problem& problem) {
        reporter_.report({"Secret", environment_.own_namespace, secret, uid}, problem);
      },
      [this](const std::string& secret, kube::Sink& sink, const std::stop_token& stop) {
        watch(named_secret(secret, environment_.own_namespace), sink, stop);
      },
      [this] { check_synced(); }};
  sources_.push_back(std::make_unique<credentials::ApiKeySource>(credential.name, source.secret_ref,
                                                                 std::move(environment)));
}

void Operator::watch(kube::Collection collection, kube::Sink& sink,
                     const std::stop_token& stop) const {
  kube::Watcher watcher(
      std::move(collection), sink,
      {environment_.transport, environment_.clock, environment_.log, environment_.random,
       [this](auto verb, auto resource, auto code) {
         environment_.metrics.api_request(verb, resource, code);
       },
       [this](auto resource, auto reason) {
         environment_.metrics.watch_restarted(resource, reason);
       }});
  watcher.run(stop);
}

void Operator::run(const std::stop_token& stop) {
  std::vector<std::jthread> watches;
  for (const auto& watched : watched_) {
    watches.emplace_back(
        [this, &watched, stop] { watch(watched.collection, *watched.sink, stop); });
  }
  for (const auto& source : sources_) {
    watches.emplace_back([&source, stop] { source->run(stop); });
  }
  {
    std::unique_lock lock(mutex_);
    synced_wake_.wait(lock, stop, [this] { return synced_.load(); });
  }
  std::vector<std::jthread> workers;
  if (!stop.stop_requested()) {
    for (std::size_t i = 0; i < config_.workers; ++i) {
      workers.emplace_back([this, stop, i] { work(stop, i); });
    }
  }
  workers.clear();  // joins
  watches.clear();
}

void Operator::changed(const std::string& ns) {
  // The first lists are one piece of bulk work; what comes after them is news.
  queue_.add(ns, synced_ ? Priority::kNew : Priority::kBulk);
}

void Operator::credential_changed() {
  for (const auto& ns : stores_.namespaces.namespaces()) queue_.add(ns, Priority::kBulk);
}

std::vector<std::string> Operator::not_synced() const {
  std::vector<std::string> missing;
  for (const auto& watched : watched_) {
    if (!watched.synced()) {
      missing.push_back(watched.collection.field_selector.empty()
                            ? watched.collection.name
                            : watched.collection.name + " " + watched.collection.field_selector);
    }
  }
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (!sources_[i]->settled()) missing.push_back("source of " + config_.credentials[i].name);
  }
  return missing;
}

void Operator::check_synced() {
  if (synced_ || !not_synced().empty()) return;
  {
    const std::lock_guard lock(mutex_);
    synced_ = true;
  }
  environment_.metrics.set_synced(true);
  environment_.log.info("synced", {{"namespaces", stores_.namespaces.namespaces().size()}});
  synced_wake_.notify_all();
}

void Operator::work(const std::stop_token& stop, std::size_t worker) {
  const auto set_busy = [&](std::optional<Clock::Instant> since) {
    const std::lock_guard lock(mutex_);
    busy_since_[worker] = since;
  };
  while (const auto item = queue_.get(stop)) {
    set_busy(environment_.clock.now());
    environment_.metrics.set_queue_depth(queue_.waiting());
    settle(*item, reconciler_.reconcile(item->key, stop));
    set_busy(std::nullopt);
  }
}

void Operator::settle(const WorkItem& item, const Reconciled& result) {
  using Kind = Outcome::Kind;
  const auto& ns = item.key;
  auto& metrics = environment_.metrics;
  if (result.exists) {
    tally_.set(ns, result.state);
    report_problems(ns, result);
  } else {
    forget(ns);
  }
  switch (result.outcome.kind) {
    case Kind::kDone:
      metrics.reconciled(result.writes > 0 ? "done" : "unchanged");
      if (result.writes > 0) metrics.event_to_done(environment_.clock.now() - item.since);
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

void Operator::report_problems(const std::string& ns, const Reconciled& result) {
  ProblemLedger::News news;
  {
    const std::lock_guard lock(mutex_);
    news = ledger_.update(ns, result.problems, environment_.clock.now());
  }
  for (const auto& due : news.report) {
    reporter_.report({"Namespace", ns, ns, result.uid}, due.problem, due.count);
  }
  if (news.look_again) queue_.add_after(ns, *news.look_again);
}

void Operator::forget(const std::string& ns) {
  tally_.forget(ns);
  const std::lock_guard lock(mutex_);
  ledger_.forget(ns);
}

std::string Operator::liveness() const {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < busy_since_.size(); ++i) {
    if (busy_since_[i] && environment_.clock.now() - *busy_since_[i] > kStuck) {
      return fmt::format("worker {} has been busy with one namespace for more than {} s", i,
                         std::chrono::seconds(kStuck).count());
    }
  }
  return {};
}

std::string Operator::readiness() const {
  if (synced_) return {};
  return "not listed yet: " + plan::join(not_synced(), ", ");
}

}  // namespace icrps::controller
