// What the copies of a plan mean for the service accounts of their namespace. Pure.
#pragma once

#include <map>
#include <set>
#include <string>

#include "plan/plan.hpp"

namespace icrps::plan {

/// The Secrets that accounts may name, as the copies' part of a plan leaves them.
struct SecretNames {
  std::set<std::string> attach;  ///< those that exist after its writes
  std::set<std::string> detach;  ///< ours that go
  std::set<std::string> absent;  ///< ours without a Secret: references to them dangle
  std::map<std::string, std::string> successors;  ///< of one that moved: old name → new one

  /// What takes the place of the Secret; empty: nothing does.
  [[nodiscard]] std::string successor_of(const std::string& secret) const;
};

/// Adds the patches of accounts, and what people are told about accounts. Whether the accounts are
/// known is for the caller to look at.
void plan_accounts(Plan& plan, const Facts& facts, const Wish& wish, const SecretNames& names,
                   Attach attach);

}  // namespace icrps::plan
