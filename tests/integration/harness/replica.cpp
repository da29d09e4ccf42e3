#include "harness/replica.hpp"

#include <fmt/format.h>

#include "harness/scene.hpp"

namespace itest {
namespace {

constexpr auto kElection =
    "leaderElection: {enabled: true, leaseDuration: 5s, renewDeadline: 3s, retryPeriod: 1s}\n";

OperatorProcess::Options options_of(const Proxy& road, const std::string& more,
                                    std::vector<std::string> environment) {
  OperatorProcess::Options options;
  options.config = config_text(kElection + more);
  options.kubeconfig = token_kubeconfig(cluster().token(kOwn, kOwn), road.server());
  options.environment = std::move(environment);
  return options;
}

}  // namespace

Replica::Replica(const std::string& more_configuration, std::vector<std::string> environment)
    : operator_(options_of(road_, more_configuration, std::move(environment))) {}

Requests Replica::written() {
  Requests found;
  for (const auto& request : writes(road_.requests())) {
    const bool election = request.path.find("/leases") != std::string::npos;
    if (!election && request.forwarded) found.push_back(request);
  }
  return found;
}

std::string Replica::stop() {
  const auto code = operator_.terminate();
  if (code != 0) {
    return fmt::format("exit code {}; {}", code ? std::to_string(*code) : "none",
                       operator_.log_so_far());
  }
  return operator_.log_fault();
}

}  // namespace itest
