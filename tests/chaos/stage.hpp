// Two operators that elect a leader, each on a road of its own to the API server, and what a test
// does around them: it keeps them running as a kubelet would, changes their source, and compares
// the cluster with what it should be.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "../conformance/name_server.hpp"
#include "churn.hpp"
#include "harness/iam_scene.hpp"
#include "harness/replica.hpp"
#include "harness/webhook.hpp"
#include "judge.hpp"

namespace chaos {

inline constexpr std::size_t kReplicas = 2;
/// Of access tokens, which are renewed after half to four fifths of it.
inline constexpr std::chrono::seconds kTokenLife{60};

/// What happened, with the time since the start; each line is also printed at once.
class History {
 public:
  void say(const std::string& text);

 private:
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

/// Thread safety: none; the churn has its own thread and touches nothing of it.
class Stage : public itest::IamScene {
 public:
  explicit Stage(std::chrono::seconds token_life = kTokenLife);

  [[nodiscard]] itest::Replica& replica(std::size_t index) { return *replicas_[index]; }
  [[nodiscard]] History& history() { return history_; }
  /// The replica that leads; any one when none does.
  [[nodiscard]] std::size_t leader();
  /// Of both: ready, one leads.
  void wait_until_settled();

  /// Another API key into the source of `default`; `good`: IAM knows it.
  void rotate_source(bool good = true);
  /// The key in the source becomes a good one, unless it is.
  void mend_source();
  /// A new token for a replica. The old one is revoked when nobody can use it any more.
  void rotate_token(std::size_t index);

  // Others' troubles

  /// Those of the churn that there are now.
  [[nodiscard]] std::vector<std::string> users_namespaces() const;
  /// Somebody's webhook for the Secrets of these namespaces does not answer.
  void hang_webhook(const std::vector<std::string>& namespaces);
  void end_webhook() { webhook_.reset(); }
  /// A namespace asks for hosts whose names nobody resolves: no answer comes.
  std::string hang_names();
  void end_names();
  /// What may befall the Secret that tokens come from.
  enum class Slip : std::uint8_t { kTouched, kDeleted, kMistyped, kEmptied };
  std::string slip_source(Slip slip);
  void mend_slip();

  /// Starts again who has ended, as long as that was in order.
  void supervise();
  /// From now on this end is expected, whatever the exit code.
  void expect_end(std::size_t index) { end_expected_[index] = true; }

  /// Waits until the cluster is as it should be, and says so. The churn is at rest meanwhile.
  void expect_as_planned(Churn& churn);
  /// SIGTERM to both. Nothing may be left to do in the eyes of `plan` either.
  void finish(Churn& churn);

 private:
  [[nodiscard]] std::string fresh_token();
  void revoke_old_tokens();
  [[nodiscard]] Picture picture() const;
  /// A namespace that the cluster's own controllers have not made an account in.
  [[nodiscard]] std::string without_account();
  [[nodiscard]] std::string wrong();
  [[nodiscard]] itest::Probe lasting();
  void expect_plan_is_done();

  struct OldToken {
    std::string secret;  ///< whose end is its end
    std::chrono::steady_clock::time_point unused;
  };

  History history_;
  const std::string config_;
  std::string api_key_;  ///< the last good one
  bool source_good_ = true;
  std::vector<OldToken> old_tokens_;
  std::array<std::string, kReplicas> token_secrets_;
  std::string last_token_secret_;
  std::array<std::unique_ptr<itest::Replica>, kReplicas> replicas_;
  std::array<bool, kReplicas> end_expected_{};
  Leaders leaders_;
  std::unique_ptr<itest::Webhook> webhook_;
  std::unique_ptr<icrps::conformance::NameServer> names_;
  std::string far_;  ///< the namespace that asks for them
  std::string team_key_;
};

}  // namespace chaos
