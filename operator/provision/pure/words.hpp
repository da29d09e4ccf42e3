// What a person reads of steps and refusals. Pure.
#pragma once

#include <string>

#include "iam/pure/refusal.hpp"
#include "provision/pure/next_step.hpp"
#include "provision/pure/removal.hpp"

namespace icrps::provision {

/// "+ service ID cluster-pull", "+ policy Reader on team@us-south", "- policy …": a line of a diff.
[[nodiscard]] std::string describe(const Step& step, const Wish& wish, const Holdings& held);
[[nodiscard]] std::string describe(const Removal& removal, const iam::Identity& identity);

/// What the caller was doing when IAM refused.
enum class Doing {
  kReadKey,
  kListIdentities,
  kMakeIdentity,
  kDeleteIdentity,
  kLink,
  kRoles,
  kListPolicies,
  kPolicy,
  kListKeys,
  kMakeKey,
  kDeleteKey,
};

/// IAM's words, and after a 403 or a 409 what a person has to do: the role that is missing, the
/// lock.
[[nodiscard]] std::string explain(Doing doing, const iam::Refusal& refusal);

/// A policy as a person would say it: "Reader on team@us-south".
[[nodiscard]] std::string describe(const iam::Policy& policy);
/// The last part of a role's CRN: "Reader".
[[nodiscard]] std::string role_name(const std::string& crn);

}  // namespace icrps::provision
