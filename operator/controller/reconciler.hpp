// One namespace: gather what is known → plan → apply. Level-based: it never asks which event came.
// Thread safety: may be called from any thread; calls for one namespace come one after the other.
#pragma once

#include <stop_token>
#include <string>

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
  Outcome outcome;         ///< of the last action that was tried
  std::size_t writes = 0;  ///< actions that succeeded
};

class Reconciler {
 public:
  /// Everything outlives the reconciler.
  Reconciler(Stores& stores, const credentials::CredentialSet& credentials, plan::Rules rules,
             Applier& applier, const Log& log);

  /// Stops between two actions when `stop` is requested; an action that has begun is finished.
  Reconciled reconcile(const std::string& ns, const std::stop_token& stop);

 private:
  [[nodiscard]] std::optional<plan::Facts> gather(const std::string& ns) const;
  void carry_out(const std::string& ns, const plan::Plan& plan, Reconciled& result,
                 const std::stop_token& stop);

  Stores& stores_;
  const credentials::CredentialSet& credentials_;
  const plan::Rules rules_;
  Applier& applier_;
  const Log& log_;
};

}  // namespace icrps::controller
