// One namespace: gather what is known → plan → apply. Level-based: it never asks which event came.
// Thread safety: may be called from any thread; calls for one namespace come one after the other.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/apply.hpp"
#include "credentials/credential_set.hpp"
#include "plan/plan.hpp"
#include "runtime/log.hpp"

namespace icrps::controller {

struct Reconciled {
  bool exists = false;  ///< the namespace
  std::string uid;
  plan::State state = plan::State::kNotOptedIn;
  std::vector<plan::Problem> problems;
  std::vector<plan::Problem> notes;                       ///< what was done and is worth saying
  std::vector<plan::CopyReport> copies;                   ///< as they stand after what was done
  std::vector<std::pair<std::string, icr::Hosts>> hosts;  ///< Plan::hosts
  Outcome outcome;                                        ///< of all actions: Progress::outcome()
  std::vector<Outcome> everywhere;                        ///< what begins or ends to be refused
  std::vector<std::string> writes;                        ///< actions that succeeded, for people
  bool attached = false;  ///< pods that are made from now on get more than before
};

/// By credential; one that is not named here has none.
using LimitsByCredential = std::map<std::string, std::shared_ptr<const plan::Limits>>;

/// What the configuration says of credentials besides where they come from.
struct Configured {
  LimitsByCredential limits;
  /// By credential: what its copies are called; of one that is not named here, copy_name() of it.
  std::map<std::string, std::string> secrets;
  std::vector<plan::CopyName> retired;  ///< what no copy is called any more
};

/// What the facts about a namespace are taken from; everything outlives it.
struct Known {
  const Stores& stores;
  const credentials::CredentialSet& credentials;
  const Configured& configured;
};

/// Nothing: there is no such namespace.
[[nodiscard]] std::optional<plan::Facts> gather(const Known& known, const std::string& ns);

/// What is told on the way.
struct ReconcileSteps {
  /// There is something to write, in a namespace that takes part.
  std::function<void()> writes = [] {};
  /// Before each action: three requests at most.
  std::function<void()> step = [] {};
};

class Reconciler {
 public:
  /// Everything passed by reference outlives the reconciler.
  Reconciler(Stores& stores, const credentials::CredentialSet& credentials, plan::Rules rules,
             Applier& applier, const Log& log, Configured configured = {});

  [[nodiscard]] const plan::Rules& rules() const { return rules_; }
  [[nodiscard]] const Configured& configured() const { return configured_; }

  /// What is known of a namespace now; nothing when there is none of that name.
  [[nodiscard]] std::optional<plan::Facts> gather(const std::string& ns) const;

  /// Stops between two actions when `stop` is requested; an action that has begun is finished.
  Reconciled reconcile(const std::string& ns, const std::stop_token& stop,
                       const ReconcileSteps& steps = {});

 private:
  void carry_out(const std::string& ns, const std::vector<plan::Action>& actions,
                 Reconciled& result, const std::stop_token& stop,
                 const std::function<void()>& on_step);
  void succeeded(Reconciled& result, const plan::Action& action, const Outcome& outcome);
  [[nodiscard]] std::set<std::string> failed_accounts(const std::string& ns) const;
  void remember(const std::string& ns, std::set<std::string> failed_accounts);

  Stores& stores_;
  const credentials::CredentialSet& credentials_;
  const plan::Rules rules_;
  Applier& applier_;
  const Log& log_;
  const Configured configured_;
  mutable std::mutex mutex_;
  /// By namespace: accounts that the last plan could not patch. Guarded by mutex_.
  std::map<std::string, std::set<std::string>> failed_accounts_;
};

}  // namespace icrps::controller
