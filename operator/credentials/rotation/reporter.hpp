// What a person is told about a rotation: each thing once, until it is over or another takes its
// place.
// Thread safety: none.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "credentials/source.hpp"
#include "iam/pure/refusal.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace icrps::credentials::rotation {

// Reasons of Events about the state Secret.
inline constexpr std::string_view kKeyLimitReached = "KeyLimitReached";
inline constexpr std::string_view kTooManyKeys = "TooManyKeys";
inline constexpr std::string_view kManagerRefused = "ManagerRefused";
inline constexpr std::string_view kIamUnavailable = "IamUnavailable";
inline constexpr std::string_view kKeyNotAccepted = "KeyNotAccepted";
inline constexpr std::string_view kKeyLocked = "KeyLocked";
inline constexpr std::string_view kUnknownKeys = "UnknownKeys";
inline constexpr std::string_view kKeyDisabled = "KeyDisabledAtIam";
inline constexpr std::string_view kStateInvalid = "RotationStateInvalid";
inline constexpr std::string_view kStateUnavailable = "RotationStateUnavailable";
inline constexpr std::string_view kRequestInvalid = "RotateRequestInvalid";
// Notes: nothing is wrong.
inline constexpr std::string_view kKeyRotated = "KeyRotated";
inline constexpr std::string_view kIdentityMoved = "IdentityMoved";
inline constexpr std::string_view kOldKeyDisabled = "OldKeyDisabled";

class Reporter {
 public:
  struct Channels {
    const Log& log;
    Metrics& metrics;
    Report report;
    /// What holds the rotation up, in words; empty: nothing does any more.
    std::function<void(const std::string& what)> on_obstacle;
  };

  Reporter(std::string credential, Channels channels);

  /// The Secret's uid, as soon as it is known.
  void subject(const std::string& uid) { uid_ = uid; }

  /// `detail` holds no credential. `patience`: worth an Event only the third time in a row.
  void problem(std::string_view reason, const std::string& detail, bool patience = false);
  void note(std::string_view reason, const std::string& detail);
  /// A call to IAM that failed: which of the problems above it is.
  void refused(std::string_view what, const iam::Refusal& refusal);
  /// All is well: the next problem is told even when it is the same as the last.
  void all_is_well();

 private:
  const std::string credential_;
  const std::string secret_;
  const Channels channels_;
  std::string uid_;
  plan::Problem last_;
  unsigned times_ = 0;  // that `last_` came in a row
};

}  // namespace icrps::credentials::rotation
