// What the rotation of a service ID's API keys remembers. Pure.
//
// Nothing here says in which phase a rotation is beyond what the keys themselves say: a candidate
// without a value is one that may or may not exist at IAM, a retiring key without `disabled_at` is
// one that still works, and so on. There is nothing that could contradict itself after a crash.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/secret_string.hpp"

namespace icrps::credentials::rotation {

/// Civil time, because it is stored; whole seconds, as it is written down.
using Time = std::chrono::sys_seconds;

/// Whose keys these are at IAM.
struct Identity {
  std::string iam_id;      ///< "iam-ServiceId-…"
  std::string account_id;  ///< 32 hex digits
  friend bool operator==(const Identity&, const Identity&) = default;
};

/// The key in force: proved, and handed out to the namespaces.
struct CurrentKey {
  std::string id;
  std::string name;
  SecretString value;
  std::string revision;  ///< plan::revision_of() the login with it
  Time created_at;
  /// It is of an identity from before this one: in force until it has a successor, and left to
  /// whoever manages that identity.
  bool left = false;
  friend bool operator==(const CurrentKey&, const CurrentKey&) = default;
};

/// The key that is to follow. Written down by its name before it is asked for, so that it can be
/// recognised at IAM when its value never arrived.
struct Candidate {
  std::string rotation;  ///< random hex, the end of its name
  std::string name;
  Time since;          ///< when the intent was written down
  std::string id;      ///< empty until it was made
  SecretString value;  ///< the same
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// A key that was in force.
struct RetiringKey {
  std::string id;
  std::string name;
  std::optional<Time> retire_at;    ///< set when every namespace has its successor
  std::optional<Time> disabled_at;  ///< it has not worked since
  friend bool operator==(const RetiringKey&, const RetiringKey&) = default;
};

/// Of names that came to nothing so many are remembered.
inline constexpr std::size_t kMostGivenUp = 8;

struct State {
  std::string installation;
  std::optional<Identity> identity;  ///< nothing: a state from before it said so
  std::optional<CurrentKey> current;
  std::optional<Candidate> candidate;
  std::vector<RetiringKey> retiring;
  /// Names under which a key may have been made, and came to nothing: the last ones.
  std::vector<std::string> given_up;
  std::optional<Time> handled_request;  ///< the request to rotate that was last complied with
  friend bool operator==(const State&, const State&) = default;
};

enum class Phase {
  kEmpty,     ///< no key and none on its way
  kCreating,  ///< a key is being made
  kProving,   ///< it is made, and must be known everywhere before it is used
  kRetiring,  ///< the new one is in force, the old one is going
  kSteady,
};
[[nodiscard]] Phase phase_of(const State& state);
[[nodiscard]] std::string_view to_string(Phase phase);

/// Tells the keys of this operator and credential from all others of the same service ID. Made from
/// what outlives the state, so that an operator whose state was deleted still knows its keys.
[[nodiscard]] std::string installation_of(const std::string& namespace_uid,
                                          const std::string& credential);

/// "icr-pull-secrets 0f3c… rotating 5e1d…": at most 100 characters.
[[nodiscard]] std::string key_name(const std::string& installation, const std::string& credential,
                                   const std::string& rotation);
/// Whether the name says that a key is of this installation and credential. A copy of the cluster
/// gives its keys such names, too.
[[nodiscard]] bool is_ours(std::string_view name, const std::string& installation);

/// The Secret in the operator's namespace that the state is kept in.
[[nodiscard]] std::string state_secret_name(const std::string& credential);

}  // namespace icrps::credentials::rotation
