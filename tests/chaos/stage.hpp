// Two operators that elect a leader, each on a road of its own to the API server, and what a test
// does around them: it keeps them running as a kubelet would, changes their source, and compares
// the cluster with what it should be.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "churn.hpp"
#include "harness/iam_scene.hpp"
#include "harness/replica.hpp"
#include "judge.hpp"

namespace chaos {

inline constexpr std::size_t kReplicas = 2;

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
  /// `token_seconds`: how long access tokens live.
  explicit Stage(int token_seconds);

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
};

}  // namespace chaos
