#include "harness/replica.hpp"

#include <fmt/format.h>

#include "harness/scene.hpp"

namespace itest {
namespace {

OperatorProcess::Options options_of(const Proxy& road, const std::string& more,
                                    std::vector<std::string> environment) {
  OperatorProcess::Options options;
  options.config = config_text(kElection + more);
  options.kubeconfig = token_kubeconfig(cluster().token(kOwn, kOwn), road.server());
  options.environment = std::move(environment);
  return options;
}

std::string kubeconfig_with_file(const std::string& server, const std::string& token_file) {
  return scratch_file("kubeconfig",
                      fmt::format("apiVersion: v1\n"
                                  "kind: Config\n"
                                  "clusters: [{{name: c, cluster: {{server: '{}', "
                                  "certificate-authority: '{}'}}}}]\n"
                                  "users: [{{name: u, user: {{tokenFile: '{}'}}}}]\n"
                                  "contexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n"
                                  "current-context: x\n",
                                  server, environment("SANDBOX_CA"), token_file));
}

}  // namespace

Replica::Replica(const std::string& more_configuration, std::vector<std::string> environment)
    : options_(options_of(road_, more_configuration, std::move(environment))) {
  start_anew();
}

Replica::Replica(std::string configuration, const Token& token)
    : token_file_(scratch_file("token", token.value)) {
  options_.config = std::move(configuration);
  options_.kubeconfig = kubeconfig_with_file(road_.server(), token_file_);
  start_anew();
}

void Replica::start_anew() {
  operator_.reset();
  operator_ = std::make_unique<OperatorProcess>(options_);
}

void Replica::rotate_token(const std::string& token) const {
  write_text(token_file_, token);
}

Requests Replica::written() {
  Requests found;
  for (const auto& request : writes(road_.requests())) {
    const bool election = request.path.find("/leases") != std::string::npos;
    if (!election && request.forwarded) found.push_back(request);
  }
  return found;
}

std::string Replica::stop() {
  const auto code = operator_->terminate();
  if (code != 0) {
    return fmt::format("exit code {}; {}", code ? std::to_string(*code) : "none",
                       operator_->log_so_far());
  }
  return operator_->log_fault();
}

}  // namespace itest
