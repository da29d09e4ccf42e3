#include "kube/exec_login.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <utility>

#include "icr/regions.hpp"

namespace icrps::kube {
namespace {

using namespace std::chrono_literals;

// A person at a browser needs longer than a program alone.
constexpr auto kAlone = 1min;
constexpr auto kWithPerson = 5min;
// So that a token does not end on its way.
constexpr auto kBeforeEnd = 5s;

std::string what_happened(const ChildEnd& end, std::chrono::milliseconds limit) {
  switch (end.kind) {
    case ChildEnd::Kind::kExited:
      return fmt::format("ended with exit code {}", end.code);
    case ChildEnd::Kind::kSignal:
      return fmt::format("was ended by signal {}", end.code);
    case ChildEnd::Kind::kNotFound:
      return "is not there";
    case ChildEnd::Kind::kNotStarted:
      return fmt::format("can't be started: {}", std::strerror(end.code));
    case ChildEnd::Kind::kTooLong:
      return fmt::format("took longer than {} s and was killed", limit / 1s);
    case ChildEnd::Kind::kTooMuch:
      break;
  }
  return "printed too much and was killed";
}

void set_variable(std::vector<std::string>& environment, const std::string& name,
                  const std::string& value) {
  const std::string start = name + "=";
  std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(start); });
  environment.push_back(start + value);
}

}  // namespace

ExecLogin::ExecLogin(config::ExecPlugin plugin, PluginCluster cluster, const Clock& clock,
                     PluginRunner runner)
    : plugin_(std::move(plugin)),
      cluster_(std::move(cluster)),
      clock_(clock),
      runner_(std::move(runner)) {}

bool ExecLogin::fresh() const {
  const std::lock_guard lock(mutex_);
  return credential_ &&
         (!credential_->expires_at || clock_.wall() + kBeforeEnd < *credential_->expires_at);
}

ChildOrder ExecLogin::order() const {
  const bool interactive = plugin_.input != config::PluginInput::kNever && runner_.terminal;
  ChildOrder order;
  order.command = plugin_.command;
  order.arguments = plugin_.arguments;
  order.environment = runner_.environment;
  for (const auto& [name, value] : plugin_.environment) {
    set_variable(order.environment, name, value);
  }
  set_variable(order.environment, "KUBERNETES_EXEC_INFO",
               exec_info(plugin_.api_version, interactive,
                         plugin_.wants_cluster ? std::optional(cluster_) : std::nullopt));
  order.at_terminal = interactive;
  order.time_limit = interactive ? kWithPerson : kAlone;
  return order;
}

tl::expected<void, std::string> ExecLogin::ask() {
  const auto complain = [this](const std::string& what) {
    return tl::unexpected(
        fmt::format("{}: the plugin {} {}{}{}", plugin_.where, icr::quoted(plugin_.command), what,
                    plugin_.install_hint.empty() ? "" : "; its hint: ",
                    plugin_.install_hint.empty() ? "" : icr::quoted(plugin_.install_hint)));
  };
  if (plugin_.input == config::PluginInput::kAlways && !runner_.terminal) {
    return complain(
        "needs a person at a terminal (interactiveMode: Always), and standard input "
        "is none");
  }
  const auto question = order();
  const auto end = runner_.run(question);
  if (end.kind != ChildEnd::Kind::kExited || end.code != 0) {
    return complain(what_happened(end, question.time_limit));
  }
  auto credential = read_exec_credential(end.output.reveal(), plugin_.api_version);
  if (!credential) return complain(credential.error());
  const std::lock_guard lock(mutex_);
  credential_ = std::move(*credential);
  return {};
}

tl::expected<void, std::string> ExecLogin::refresh() {
  const std::lock_guard lock(asking_);
  if (fresh()) return {};
  return ask();
}

std::optional<SecretString> ExecLogin::authorization() {
  static_cast<void>(refresh());
  const std::lock_guard lock(mutex_);
  if (!credential_ || credential_->token.empty()) return std::nullopt;
  return SecretString("Bearer " + credential_->token.reveal());
}

std::optional<http::ClientCertificate> ExecLogin::client_certificate() {
  const std::lock_guard lock(mutex_);
  if (!credential_ || credential_->key_pem.empty()) return std::nullopt;
  return http::ClientCertificate{credential_->certificate_pem, credential_->key_pem};
}

}  // namespace icrps::kube
