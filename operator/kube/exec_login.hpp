// The login that an exec plugin gives: asked for once, kept until it expires, asked for again.
//
// Thread safety: all methods may be called from any thread; one plugin runs at a time.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "config/exec_plugin.hpp"
#include "http/transport_cpprest.hpp"
#include "kube/pure/exec_credential.hpp"
#include "runtime/child_process.hpp"
#include "runtime/clock.hpp"

namespace icrps::kube {

/// How a plugin is run. `terminal`: standard input is one.
struct PluginRunner {
  std::function<ChildEnd(const ChildOrder&)> run = run_child;
  std::vector<std::string> environment = own_environment();
  bool terminal = at_terminal();
};

class ExecLogin {
 public:
  /// `cluster`: what the plugin is told if its kubeconfig wants that. `clock` outlives this.
  ExecLogin(config::ExecPlugin plugin, PluginCluster cluster, const Clock& clock,
            PluginRunner runner);

  /// Runs the plugin unless there is a login that has not expired. The error is a sentence for a
  /// person, and what was there before stays.
  tl::expected<void, std::string> refresh();

  /// Refreshes; the last one when that fails, which the API server then judges.
  std::optional<SecretString> authorization();
  /// What is there, without running anything.
  [[nodiscard]] std::optional<http::ClientCertificate> client_certificate();

 private:
  [[nodiscard]] bool fresh() const;
  [[nodiscard]] ChildOrder order() const;
  tl::expected<void, std::string> ask();

  const config::ExecPlugin plugin_;
  const PluginCluster cluster_;
  const Clock& clock_;
  const PluginRunner runner_;
  std::mutex asking_;         // held while the plugin runs
  mutable std::mutex mutex_;  // guards credential_
  std::optional<ExecCredential> credential_;
};

}  // namespace icrps::kube
