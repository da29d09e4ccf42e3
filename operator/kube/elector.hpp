// Keeps this process a candidate for, or the holder of, a Lease: does what the Election says.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "http/transport.hpp"
#include "kube/client.hpp"
#include "kube/pure/election.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"

namespace icrps::kube {

class Elector {
 public:
  struct Environment {
    http::Transport& transport;
    const Clock& clock;
    const Log& log;
    Random random;
    RequestObserver on_request;
  };
  struct Name {
    std::string ns;
    std::string lease;
  };
  enum class End {
    kStopped,  ///< by the stop token; a lease that was held is released
    kLost,     ///< it led and does no more: nothing may be written from now on
  };

  /// Everything passed by reference outlives the elector.
  Elector(Name name, Election::Settings settings, Environment environment);

  /// Called once. `on_lead` runs on the calling thread when this process begins to lead.
  End run(const std::stop_token& stop, const std::function<void()>& on_lead);

  /// Until then nobody else leads; nothing: this process doesn't. May be called from any thread.
  [[nodiscard]] std::optional<Clock::Instant> leads_until() const;
  /// When its thread last went on; it does so within the lease's duration, whatever the API server
  /// does. May be called from any thread.
  [[nodiscard]] Clock::Instant last_step() const;
  [[nodiscard]] const std::string& identity() const { return settings_.identity; }

 private:
  [[nodiscard]] http::Result exchange(const http::Request& request,
                                      const std::stop_token& stop) const;
  void read(const std::stop_token& stop);
  /// False: it was not written, as far as is known.
  bool write(const Election::Write& write, std::chrono::milliseconds patience,
             const std::stop_token& stop);
  void release();
  void failed(const http::Result& result);
  void complain(const ApiError& error);
  void publish();

  const Name name_;
  const Election::Settings settings_;
  const Environment environment_;
  Election election_;
  std::string told_holder_;
  bool complained_ = false;
  std::atomic<Clock::Instant::rep> leads_until_{0};  // 0: not leading
  std::atomic<Clock::Instant::rep> last_step_;
};

}  // namespace icrps::kube
