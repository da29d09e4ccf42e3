// Carries out one action of a plan and feeds the result back into the stores.
// Thread safety: may be called from any thread; calls for one namespace come one after the other.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "controller/views.hpp"
#include "kube/client.hpp"
#include "plan/plan.hpp"
#include "runtime/clock.hpp"

namespace icrps::controller {

/// What is known about the cluster. One CopyStore per credential, because each is its own watch.
struct Stores {
  NamespaceStore namespaces{namespace_facts};
  AccountStore accounts{account_facts};
  std::map<std::string, std::unique_ptr<CopyStore>> copies;  ///< by credential; fixed after start
};

/// What the queue must do with the namespace afterwards.
struct Outcome {
  enum class Kind {
    kDone,       ///< written; go on with the next action
    kAgain,      ///< the facts were stale and have been read anew: plan again soon
    kRetry,      ///< try again with backoff
    kThrottled,  ///< everybody waits for `after`
    kForbidden,  ///< a person must mend it; try again, seldom
    kGone,       ///< the namespace is going or gone: the watch will tell
  };
  Kind kind = Kind::kDone;
  std::string message;  ///< the API server's words
  std::chrono::milliseconds after{0};
  std::optional<plan::Problem> note{};  ///< kDone: what a person is told about it
};

class Applier {
 public:
  /// All outlive the applier. Without a clock it goes by the system's.
  Applier(kube::Client& client, Stores& stores, const Clock* clock = nullptr)
      : client_(client), stores_(stores), clock_(clock) {}

  Outcome apply(const std::string& ns, const plan::Action& action);

 private:
  [[nodiscard]] std::string body_of(const plan::CreateCopy& action);
  Outcome create(const std::string& ns, const plan::CreateCopy& action);
  Outcome update(const std::string& ns, const plan::UpdateCopy& action);
  Outcome patch_copy(const std::string& ns, const plan::UpdateCopy& action);
  Outcome adopt(const std::string& ns, const plan::UpdateCopy& action);
  Outcome repair(const std::string& ns, const plan::UpdateCopy& action);
  /// Of a copy; see kube::field_managers. Only for people: without an answer it is nobody.
  std::vector<std::string> writers(const std::string& ns, const std::string& copy,
                                   std::string_view owned = {});
  /// The answer to an update of a copy.
  Outcome updated(const std::string& ns, const plan::UpdateCopy& action, kube::Reply reply);
  Outcome remove(const std::string& ns, const plan::DeleteCopy& action);
  Outcome patch(const std::string& ns, const plan::PatchAccount& action);

  /// Reads a copy or an account whose stored state turned out to be stale.
  Outcome refresh_copy(const std::string& ns, const std::string& credential,
                       const std::string& stale_version);
  Outcome refresh_account(const std::string& ns, const plan::PatchAccount& action);

  /// The last body that was made for a credential: most namespaces want the same.
  struct Made {
    std::shared_ptr<const plan::Content> content;
    SecretString body;
  };

  kube::Client& client_;
  Stores& stores_;
  const Clock* const clock_;
  std::mutex mutex_;
  std::map<std::string, Made> made_;  // by credential; guarded by mutex_
};

/// For logs: "create Secret icr-default", "patch ServiceAccount default".
[[nodiscard]] std::string describe(const plan::Action& action);

}  // namespace icrps::controller
