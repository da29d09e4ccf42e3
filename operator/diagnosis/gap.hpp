// Why a pod has no login for a registry that it should have one for: the
// operator's rules, looked at from the pod. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/limits.hpp"
#include "plan/names.hpp"
#include "plan/plan.hpp"

namespace icrps::diagnosis {

enum class Gap : std::uint8_t {
  kUnknown,               ///< too little could be looked at
  kForeignHost,           ///< not a registry that the operator serves
  kNotOptedIn,            ///< the namespace does not take part
  kMistake,               ///< one of its annotations makes no sense
  kRegionNotAskedFor,     ///< its annotation does not name the image's region
  kNotAllowed,            ///< it may not use the credentials that it asks for
  kRegionNotInLimits,     ///< they are not for the image's region
  kNamespaceNotInLimits,  ///< they are not for the image's registry namespace
  kConflict,              ///< somebody else's Secret has the name of the copy
  kOperatorNotRunning,    ///< nobody is there to write the copy
  kPending,               ///< the copy or the reference is on its way
  kAccountNotServed,      ///< the service account is none of those that get the
                          ///< reference
  kPodTooOld,             ///< the account has the reference now, and the pod was made
                          ///< before
  kPodsOwnList,           ///< the pod lists Secrets of its own, so that it gets not the
                          ///< account's
};

enum class OperatorState : std::uint8_t { kUnknown, kRuns, kStopped };

/// A credential of the configuration, and the Secret that carries it in the
/// pod's namespace.
struct CredentialView {
  std::string name;
  plan::Limits limits{};
  /// Nothing: there is no such Secret, or it could not be looked at
  /// (`copy_known`).
  std::optional<plan::CopyFacts> copy{};
  bool copy_known = true;
  std::string secret = plan::copy_name(name);  ///< what the copy is called
};

struct GapFacts {
  std::string host;                        ///< "us.icr.io"
  std::string repository;                  ///< "team/app"
  std::optional<plan::NamespaceFacts> ns;  ///< nothing: it could not be read
  plan::Rules rules;
  /// False: the configuration could not be read, and `rules` are the operator's
  /// defaults.
  bool rules_known = true;
  std::vector<CredentialView> credentials;
  std::string account;
  std::optional<std::vector<std::string>> account_secrets;  ///< nothing: could not be read
  std::vector<std::string> pod_secrets;
  OperatorState operator_state = OperatorState::kUnknown;
};

struct GapReport {
  Gap gap = Gap::kUnknown;
  std::string why;   ///< a sentence without its full stop
  std::string next;  ///< a command line, or a sentence if none helps; empty:
                     ///< nothing is known
};

[[nodiscard]] GapReport find_gap(const GapFacts& facts);

}  // namespace icrps::diagnosis
