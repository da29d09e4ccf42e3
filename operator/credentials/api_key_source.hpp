// `apiKey`: an API key in a Secret of the operator's namespace, watched. A value that can't be used
// changes nothing: the last good one stays in force and a person is told.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "config/config.hpp"
#include "credentials/credential_set.hpp"
#include "credentials/source.hpp"
#include "kube/pure/watch_machine.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace icrps::credentials {

/// Reads one Secret as its watch delivers it.
class ApiKeySource final : public Source, public kube::Sink {
 public:
  struct Environment {
    CredentialSet& credentials;
    const Log& log;
    Metrics& metrics;
    Report report;
    /// Feeds the Secret called like the first argument into the sink until the stop.
    std::function<void(const std::string& secret, kube::Sink& sink, const std::stop_token& stop)>
        watch;
    std::function<void()> on_settled;
  };

  /// Everything passed by reference outlives the source.
  ApiKeySource(std::string credential, config::SecretKeyRef reference, Environment environment);

  void run(std::stop_token stop) override;
  [[nodiscard]] bool settled() const override { return settled_; }

  void relist_begins() override { present_ = false; }
  void apply(kube::Object&& object) override;
  void removed(kube::Object&& object) override;
  void relist_ends(const std::string& resource_version) override;

 private:
  void missing();
  void refuse(const std::string& uid, std::string_view reason, const std::string& what);
  void accept(const std::string& uid, icr::ApiKey key);

  const std::string credential_;
  const config::SecretKeyRef reference_;
  const Environment environment_;
  std::atomic<bool> settled_ = false;

  // Only touched by the watch.
  bool present_ = false;
  plan::Problem last_problem_;
};

}  // namespace icrps::credentials
