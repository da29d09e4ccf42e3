#include "cli/run/run.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <unistd.h>

#include "cli/claim.hpp"
#include "cli/exit_codes.hpp"
#include "cli/outside.hpp"
#include "cli/run/config_map_feed.hpp"
#include "cli/run/farewell.hpp"
#include "cli/run/leadership.hpp"
#include "cli/run/reload.hpp"
#include "cli/run/rights.hpp"
#include "cli/run/roads.hpp"
#include "cli/run/serving.hpp"
#include "cli/run/stall.hpp"
#include "cli/setup.hpp"
#include "config/read_file.hpp"
#include "controller/event_reporter.hpp"
#include "controller/operator.hpp"
#include "controller/side_tasks.hpp"
#include "kube/connection.hpp"
#include "plan/names.hpp"
#include "runtime/http_probes.hpp"
#include "runtime/signals.hpp"

namespace icrps::cli {
namespace {

/// For tests only: ends the process as if it had been killed, at a named point of a rotation.
credentials::rotation::FailurePoint failure_point() {
  const char* const wanted = std::getenv("ICRPS_FAILURE_POINT");
  if (wanted == nullptr) return [](std::string_view /*name*/) {};
  return [wanted = std::string(wanted)](std::string_view name) {
    if (name == wanted) static_cast<void>(std::raise(SIGKILL));
  };
}

/// Everything that must exist before the operator does; an error is a sentence for a person.
struct Setup {
  std::string config_text;
  config::Config config;
  config::Cluster cluster;
  ListenAddress listen;
};

tl::expected<Setup, std::string> read_setup(const RunOptions& options) {
  auto text = config::read_file(options.config_file);
  if (!text) return tl::unexpected(text.error().message);
  auto config = config::parse_config(*text, options.config_file);
  if (!config) return tl::unexpected(config.error().message);
  auto cluster = find_service_cluster(options);
  if (!cluster) return tl::unexpected(cluster.error().message);
  const auto listen = parse_listen_address(options.listen);
  if (!listen) {
    return tl::unexpected("--listen " + options.listen +
                          ": not an address; accepted: ADDRESS:PORT, for example [::]:8080");
  }
  return Setup{std::move(*text), std::move(*config), std::move(*cluster), *listen};
}

/// What one run of the program is made of; what the configuration decides is made anew with it.
class Run {
 public:
  Run(const Setup& setup, const RunOptions& options, const Roads& roads, Metrics& metrics,
      const Clock& clock, Log& log)
      : setup_(setup),
        options_(options),
        own_(own_namespace(options, setup.cluster)),
        roads_(roads),
        metrics_(metrics),
        clock_(clock),
        log_(log),
        client_(*roads.own, [this](auto verb, auto resource,
                                   auto code) { metrics_.api_request(verb, resource, code); }),
        events_(client_, clock, log, metrics, &aside_),
        aside_(1, clock) {}

  /// Returns the exit code.
  int operator()(Outside outside);

  [[nodiscard]] tl::expected<Outside, std::string> outside(const config::Config& config) {
    return roads_outside(config,
                         {[this](auto what, auto code) { metrics_.iam_request(what, code); },
                          [this](auto outcome) { metrics_.name_lookup(outcome); }});
  }

 private:
  [[nodiscard]] tl::expected<Outside, std::string> allowed_roads(const config::Config& running,
                                                                 const config::Config& next);
  [[nodiscard]] controller::Operator::Environment surroundings(Outside& outside);
  bool lead(const std::stop_token& stop);
  void watch_config_map();
  void report_refused(const std::string& why);
  void log_start(int port) const;
  void follow(Reload& reload, const Signals& signals);

  const Setup& setup_;
  const RunOptions& options_;
  const std::string own_;
  const Roads& roads_;
  Metrics& metrics_;
  const Clock& clock_;
  Log& log_;
  kube::Client client_;
  controller::EventReporter events_;
  controller::SideTasks aside_;  // after what its tasks use
  std::optional<Leadership> leadership_;
  std::optional<ConfigMapFeed> feed_;
  std::optional<Serving> serving_;
};

tl::expected<Outside, std::string> Run::allowed_roads(const config::Config& running,
                                                      const config::Config& next) {
  if (auto missing = missing_right(*roads_.reading, running, next, own_)) {
    return tl::unexpected(std::move(*missing));
  }
  return outside(next);
}

controller::Operator::Environment Run::surroundings(Outside& outside) {
  return {leadership_ ? leadership_->work() : *roads_.work,
          leadership_ ? leadership_->own() : *roads_.own,
          *roads_.reading,
          *outside.iam,
          outside.registries,
          clock_,
          log_,
          metrics_,
          system_random(),
          own_,
          failure_point(),
          [this](const std::stop_token& stop) { return lead(stop); },
          [this] { return leadership_ ? std::optional(leadership_->facts()) : std::nullopt; },
          stall_point()};
}

/// Until this process may work; false: `stop` came first. Ends the process when it never may.
bool Run::lead(const std::stop_token& stop) {
  if (leadership_ && !leadership_->wait(stop)) return false;
  kube::Client client(
      leadership_ ? leadership_->own() : *roads_.own,
      [this](auto verb, auto resource, auto code) { metrics_.api_request(verb, resource, code); });
  const auto refusal = claim(client, {own_, options_.config_map}, stop);
  if (!refusal) return !stop.stop_requested();
  log_.error("can't run", {{"error", *refusal}});
  std::_Exit(kRefused);
}

void Run::watch_config_map() {
  if (options_.config_map.empty()) return;
  const auto key = std::filesystem::path(options_.config_file).filename().string();
  feed_.emplace(
      ConfigMapFeed::Place{own_, options_.config_map, key},
      ConfigMapFeed::Environment{*roads_.reading, clock_, log_, metrics_, system_random()},
      raise_hangup);
}

/// Told by the one that leads; the others read the same.
void Run::report_refused(const std::string& why) {
  if (!feed_ || (leadership_ && !leadership_->leads())) return;
  events_.report({"ConfigMap", own_, options_.config_map, feed_->uid()},
                 {std::string(plan::kConfigurationRefused),
                  "the configuration before this one stays in force: " + why});
}

int Run::operator()(Outside outside) {
  // Before it stands for election: it must not take the Lease of another installation.
  if (const auto refusal = taken_by_another(client_, {own_, options_.config_map})) {
    log_.error("can't run", {{"error", *refusal}});
    return kRefused;
  }
  const auto& election = setup_.config.leader_election;
  if (election.enabled) {
    leadership_.emplace(election, Leadership::Environment{roads_, clock_, log_, metrics_,
                                                          system_random(), own_, stall_point()});
  }
  const Signals signals(kLongestEnd);
  const Farewell farewell(signals.end(),
                          {[end = roads_.end]() mutable { end.request_stop(); },
                           [this] {
                             if (leadership_) leadership_->resign();
                           }},
                          log_);
  const std::jthread events([this](const std::stop_token& stop) { events_.run(stop); });
  watch_config_map();
  serving_.emplace([this](Outside& roads) { return surroundings(roads); }, metrics_);
  const ProbeServer probes(
      setup_.listen, {[&] { return serving_->liveness(); }, [&] { return serving_->readiness(); },
                      [&] { return metrics_.text(); }, [&] { return serving_->remarks(); }});
  log_start(probes.port());
  serving_->begin(setup_.config, std::move(outside));
  Reload reload(setup_.config, setup_.config_text,
                {options_.config_file, feed_ ? &*feed_ : nullptr, clock_, log_, metrics_,
                 [this](const std::string& why) { report_refused(why); },
                 [this](const config::Config& running, const config::Config& next) {
                   return allowed_roads(running, next);
                 },
                 [this](const config::Config& config, Outside next) {
                   serving_->begin(config, std::move(next));
                 }});
  follow(reload, signals);
  serving_->stop();
  log_.info("stopped");
  return kOk;
}

void Run::log_start(int port) const {
  log_.info("started", {{"version", ICRPS_VERSION},
                        {"revision", ICRPS_REVISION},
                        {"server", setup_.cluster.server},
                        {"namespace", own_},
                        {"credentials", setup_.config.credentials.size()},
                        {"workers", setup_.config.workers},
                        {"port", port}});
}

/// Until somebody wants the program to end.
void Run::follow(Reload& reload, const Signals& signals) {
  while (true) {
    const auto signal = signals.wait(reload.look());
    if (!signal || *signal == SIGHUP) continue;
    log_.info("stopping, writes in flight are finished; a second signal ends at once",
              {{"signal", *signal}});
    return;
  }
}

}  // namespace

int run(const RunOptions& options) {
  const auto setup = read_setup(options);
  if (!setup) {
    complain(setup.error());
    return kUsage;
  }
  const SystemClock clock;
  Log log(log_level(setup->config), log_format(setup->config, ::isatty(STDERR_FILENO) == 1), clock);
  try {
    auto transport_options = kube::transport_options(
        setup->cluster, clock, [&options]() -> std::optional<config::Cluster> {
          auto now = find_service_cluster(options);
          if (!now) return std::nullopt;
          return std::move(*now);
        });
    if (!transport_options) {
      complain(transport_options.error());
      return kUsage;
    }
    Metrics metrics(ICRPS_VERSION, ICRPS_REVISION);
    const auto roads = make_roads(std::move(*transport_options),
                                  [&metrics](auto outcome) { metrics.name_lookup(outcome); });
    Run work(*setup, options, roads, metrics, clock, log);
    auto outside = work.outside(setup->config);
    if (!outside) {
      complain(outside.error());
      return kUsage;
    }
    return work(std::move(*outside));
  } catch (const std::exception& error) {
    log.error("can't run", {{"error", error.what()}});
    return kFailure;
  }
  return kOk;
}

}  // namespace icrps::cli
