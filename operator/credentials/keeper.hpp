// Keeps one credential good: takes the input of its source (a watched Secret, or nothing at all for
// a pod's token), makes a login of it, has it proved, hands it out, and does so again before it
// expires. What is refused or can't be proved changes nothing: the last good one stays in force
// and a person is told.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "config/config.hpp"
#include "credentials/host_proofs.hpp"
#include "credentials/mint.hpp"
#include "credentials/publisher.hpp"
#include "credentials/secret_feed.hpp"
#include "credentials/source.hpp"
#include "credentials/source_context.hpp"

namespace icrps::credentials {

/// What makes one kind of source differ from another.
struct KeeperKind {
  std::string name;                            ///< "accessToken", for logs and `status`
  std::optional<config::SecretKeyRef> secret;  ///< where the input stands; absent: none is needed
  SecretFeed::Parse parse;
  Mint mint;
  /// The user name, when the input itself is the password and doesn't have to be exchanged at IAM.
  std::optional<std::string> static_user;
};

class Keeper final : public Source {
 public:
  /// `context` outlives the keeper.
  Keeper(const config::Credential& credential, KeeperKind kind, SourceContext& context);

  void run(std::stop_token stop) override;
  [[nodiscard]] bool settled() const override { return settled_; }
  void poke() override;
  void asked_for(const icr::Hosts& hosts) override;

  using Delay = std::optional<std::chrono::milliseconds>;
  /// One try with what the source holds now; returns how long to wait for the next one, nothing
  /// when there is none until something changes. run() calls it; public for tests.
  Delay attempt(const std::stop_token& stop);
  /// Asks the hosts that namespaces began to ask for after the last good try; returns how long to
  /// wait for those that did not say yes. run() calls it; public for tests.
  Delay check_hosts(const std::stop_token& stop);
  /// What the watch of the Secret says.
  void offer(SecretInput found);

 private:
  void wait_for_work(std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
  [[nodiscard]] bool woken_to_try() const { return changed_ || (waits_for_hosts_ && poked_); }
  [[nodiscard]] std::optional<Clock::Instant> in(const Delay& delay) const;
  std::optional<icr::Hosts> hosts_to_prove();
  bool recall(const SecretValue& found);
  Delay prove(const Minted& fresh, const icr::Hosts& hosts, const std::stop_token& stop);
  Delay accept(const Minted& fresh, const std::string& proof);
  Delay bad_input(const SecretProblem& problem);
  Delay failed(const iam::Refusal& refusal, const SecretString& input);
  void tell(const std::string& reason, const std::string& message);
  void tell_trimmed();
  void settle();
  [[nodiscard]] std::string subject() const;

  const std::string name_;
  const KeeperKind kind_;
  const std::optional<iam::ImageReference> image_;
  SourceContext& context_;
  Publisher publisher_;
  HostProofs host_proofs_;
  std::optional<SecretFeed> feed_;
  std::atomic<bool> settled_ = false;

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<SecretInput> input_;  // guarded by mutex_
  bool changed_ = false;              // guarded by mutex_
  bool waits_for_hosts_ = false;      // guarded by mutex_
  bool poked_ = false;                // guarded by mutex_, since it waits
  bool new_hosts_ = false;            // guarded by mutex_

  // Only touched by the thread of run().
  std::optional<Clock::Instant> try_at_;
  std::optional<Clock::Instant> check_at_;
  bool proved_ = false;  // once, in this process
  unsigned failures_ = 0;
  std::string uid_;  // of the Secret, as last seen
  std::string last_told_;
  bool told_trimmed_ = false;
};

}  // namespace icrps::credentials
