#include "cli/run.hpp"

#include <csignal>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <unistd.h>

#include "cli/exit_codes.hpp"
#include "cli/leadership.hpp"
#include "cli/outside.hpp"
#include "cli/setup.hpp"
#include "controller/operator.hpp"
#include "http/transport_cpprest.hpp"
#include "kube/connection.hpp"
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
  config::Config config;
  config::Cluster cluster;
  ListenAddress listen;
};

tl::expected<Setup, std::string> read_setup(const RunOptions& options) {
  auto config = config::load_config(options.config_file);
  if (!config) return tl::unexpected(config.error().message);
  auto cluster = find_cluster(options);
  if (!cluster) return tl::unexpected(cluster.error().message);
  const auto listen = parse_listen_address(options.listen);
  if (!listen) {
    return tl::unexpected("--listen " + options.listen +
                          ": not an address; accepted: ADDRESS:PORT, for example 0.0.0.0:8080");
  }
  return Setup{std::move(*config), std::move(*cluster), *listen};
}

void serve(const Setup& setup, const RunOptions& options, http::Transport& transport,
           Outside& outside, Metrics& metrics, const Clock& clock, const Log& log) {
  const auto own = own_namespace(options, setup.cluster);
  std::optional<Leadership> leadership;
  if (setup.config.leader_election.enabled) {
    leadership.emplace(
        setup.config.leader_election,
        Leadership::Environment{transport, clock, log, metrics, system_random(), own});
  }
  controller::Operator app(
      setup.config,
      {leadership ? leadership->transport() : transport, *outside.iam, outside.registries, clock,
       log, metrics, system_random(), own, failure_point(),
       [&](const std::stop_token& stop) { return !leadership || leadership->wait(stop); }});
  const ProbeServer probes(setup.listen,
                           {[&] { return app.liveness(); }, [&] { return app.readiness(); },
                            [&] { return metrics.text(); }});
  log.info("started", {{"version", ICRPS_VERSION},
                       {"revision", ICRPS_REVISION},
                       {"server", setup.cluster.server},
                       {"namespace", own},
                       {"credentials", setup.config.credentials.size()},
                       {"workers", setup.config.workers},
                       {"port", probes.port()}});
  std::stop_source stop;
  std::jthread running([&] { app.run(stop.get_token()); });
  const int signal = wait_for_termination();
  exit_on_next_signal();
  log.info("stopping, writes in flight are finished; a second signal ends at once",
           {{"signal", signal}});
  stop.request_stop();
  running.join();
  log.info("stopped");
}

}  // namespace

int run(const RunOptions& options) {
  const auto setup = read_setup(options);
  if (!setup) {
    complain(setup.error());
    return kUsage;
  }
  const SystemClock clock;
  const Log log(log_level(setup->config), log_format(setup->config, ::isatty(STDERR_FILENO) == 1),
                clock);
  try {
    auto transport_options = kube::transport_options(setup->cluster, clock);
    if (!transport_options) {
      complain(transport_options.error());
      return kUsage;
    }
    Metrics metrics(ICRPS_VERSION, ICRPS_REVISION);
    auto outside = roads_outside(setup->config,
                                 [&](auto what, auto code) { metrics.iam_request(what, code); });
    if (!outside) {
      complain(outside.error());
      return kUsage;
    }
    const auto transport = http::make_cpprest_transport(std::move(*transport_options));
    serve(*setup, options, *transport, *outside, metrics, clock, log);
  } catch (const std::exception& error) {
    log.error("can't run", {{"error", error.what()}});
    return kFailure;
  }
  return kOk;
}

}  // namespace icrps::cli
