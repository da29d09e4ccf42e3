// Carries out one action of a plan and feeds the result back into the stores.
// Thread safety: may be called from any thread; calls for one namespace come one after the other.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "controller/pure/feuds.hpp"
#include "controller/pure/outcome.hpp"
#include "controller/pure/refusal_gate.hpp"
#include "controller/views.hpp"
#include "kube/client.hpp"
#include "plan/plan.hpp"
#include "runtime/clock.hpp"

namespace icrps::controller {

/// What is known about the cluster. One CopyStore per name of a copy, because each is its own
/// watch.
struct Stores {
  /// A list that is not complete tells nothing of what it lacks. False: all are, or count as such.
  bool may_be_missing = false;
  NamespaceStore namespaces{namespace_facts};
  AccountStore accounts{account_facts, {account_weight, kMostAccountBytes}};
  std::map<std::string, std::unique_ptr<CopyStore>> copies;  ///< by their name; fixed after start
  std::string own_namespace;  ///< the operator's, which is in the mark of its copies
  std::string own_uid;        ///< of it, when `namespaces` need not have it
};

class Applier {
 public:
  /// All outlive the applier. Without a clock it goes by the system's.
  Applier(kube::Client& client, Stores& stores, const Clock* clock = nullptr)
      : client_(client), stores_(stores), clock_(clock) {}

  Outcome apply(const std::string& ns, const plan::Action& action);

  /// What is told of those who write against us in this namespace.
  [[nodiscard]] std::vector<plan::Problem> feuds(const std::string& ns);

 private:
  [[nodiscard]] Clock::Instant now() const;
  /// Nothing: the action may be carried out now.
  std::optional<Outcome> held_back(const std::string& ns, const plan::Action& action);
  void settle(const std::string& ns, const plan::Action& action, Outcome& outcome);
  [[nodiscard]] std::string opponents(const std::string& ns, const plan::Action& action);
  Outcome carry_out(const std::string& ns, const plan::Action& action);
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
  Outcome refresh_copy(const std::string& ns, const std::string& name,
                       const std::string& stale_version);
  Outcome refresh_account(const std::string& ns, const plan::PatchAccount& action);

  kube::Client& client_;
  Stores& stores_;
  const Clock* const clock_;
  std::mutex mutex_;
  // guarded by mutex_
  std::map<std::string, RefusalGate> gates_;  // by kind_of_write()
  Feuds feuds_;
};

/// "create secrets", "patch serviceaccounts": what RBAC tells apart.
[[nodiscard]] std::string kind_of_write(const plan::Action& action);

/// For logs: "create Secret icr-default", "patch ServiceAccount default".
[[nodiscard]] std::string describe(const plan::Action& action);

}  // namespace icrps::controller
