// A plan and the facts that it was made of → what would be written and why, for people. Pure.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.hpp"

namespace icrps::cli {

/// One write.
struct Change {
  std::string action;  ///< "create", "update", "delete", "patch"
  std::string kind;    ///< "Secret", "ServiceAccount"
  std::string name;
  std::vector<std::string> add{};  ///< of imagePullSecrets
  std::vector<std::string> remove{};
  std::string why{};
};

struct NamespacePlan {
  std::string ns;
  plan::State state = plan::State::kNotOptedIn;
  std::vector<Change> changes;  ///< in the order in which they would be made
  std::vector<plan::Problem> problems;
  std::vector<std::string> notes{};  ///< nothing is wrong with it, but worth knowing before
};

/// What the plan's credentials were taken for.
struct CredentialNote {
  std::string name;
  std::string revision;  ///< empty: there is no value to hand out
  std::string note;      ///< or empty
};

struct PlanReport {
  std::vector<NamespacePlan> namespaces;
  std::vector<CredentialNote> credentials;
  [[nodiscard]] std::size_t changing() const;  ///< namespaces
  [[nodiscard]] std::size_t changes() const;
};

[[nodiscard]] NamespacePlan explain(const plan::Facts& facts, const plan::Plan& plan);

/// Names in imagePullSecrets that are not ours, of a namespace that takes part, each once.
[[nodiscard]] std::set<std::string> names_of_others(const plan::Facts& facts);

/// "account default also names old-pull, which no Secret has": names of others of which `exists`
/// says no. Nothing: not known.
using SecretExists = std::function<std::optional<bool>(const std::string& secret)>;
[[nodiscard]] std::vector<std::string> dangling_names(const plan::Facts& facts,
                                                      const SecretExists& exists);

/// "patch ServiceAccount default: +icr-default -icr-old"
[[nodiscard]] std::string describe(const Change& change);

/// Without `all` only the namespaces where something would change or a person must do something.
[[nodiscard]] std::string plan_table(const PlanReport& report, bool all);
[[nodiscard]] std::string plan_json(const PlanReport& report);

}  // namespace icrps::cli
