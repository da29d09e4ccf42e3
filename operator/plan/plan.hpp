// Facts about one namespace → what must be written there, in order. Pure: this is where every rule
// about copies and service accounts stands, and nothing else does.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "plan/content.hpp"
#include "plan/wish.hpp"

namespace icrps::plan {

struct NamespaceFacts {
  std::string name;
  std::string uid;
  std::string resource_version;
  bool terminating = false;
  Annotations annotations;
};

/// A Secret that has the name of a copy.
struct CopyFacts {
  std::string uid;
  std::string resource_version;
  bool ours = false;        ///< carries our managed-by label
  bool right_type = false;  ///< kubernetes.io/dockerconfigjson
  bool immutable = false;
  bool terminating = false;
  std::string credential_label;
  std::string hosts;  ///< our annotations, as they stand
  std::string revision;
  std::string hash_annotation;
  std::string content_hash;             ///< of the data that is there
  std::vector<std::string> extra_keys;  ///< in data, besides .dockerconfigjson
};

struct AccountFacts {
  std::string uid;
  std::string resource_version;
  bool terminating = false;
  std::vector<std::string> pull_secrets;
};

/// A credential of the configuration as it stands now.
struct CredentialFacts {
  std::string name;
  std::shared_ptr<const Material> material;  ///< null: not known yet, or never was any good
  std::optional<CopyFacts> copy;             ///< in this namespace
};

struct Facts {
  NamespaceFacts ns;
  std::vector<CredentialFacts> credentials;
  std::vector<std::pair<std::string, AccountFacts>> accounts;  ///< by name
};

/// What holds for every namespace.
struct Rules {
  Defaults defaults;
  icr::RegionTable regions;
  icr::Hosts known_hosts;  ///< regions.known_hosts(), computed once
};

struct CreateCopy {
  std::string credential;
  std::shared_ptr<const Content> content;
};
struct UpdateCopy {
  std::string credential;
  std::string uid;
  std::string resource_version;
  std::shared_ptr<const Content> content;
  std::vector<std::string> extra_keys;  ///< to be removed
};
struct DeleteCopy {
  std::string credential;
  std::string uid;
  std::string resource_version;
};
/// One patch for everything that changes in an account's imagePullSecrets.
struct PatchAccount {
  std::string account;
  std::string resource_version;
  std::vector<std::size_t> remove;  ///< positions, highest first
  std::vector<std::string> add;     ///< names
  bool list_is_empty = false;       ///< there is no list to append to
};
using Action = std::variant<CreateCopy, UpdateCopy, DeleteCopy, PatchAccount>;

enum class State {
  kNotOptedIn,
  kReady,         ///< opted in, and nothing is left to do
  kPending,       ///< opted in, and the actions are not done yet
  kMistake,       ///< an annotation makes no sense; what was in force stays
  kConflict,      ///< a Secret of our name is not ours
  kNoCredential,  ///< the credential has no good value yet
  kForbidden,     ///< the API server does not let us
  kTerminating,
};

/// As the metric's label has it: "ready", "not_opted_in", …
[[nodiscard]] std::string_view to_string(State state);

struct Plan {
  State state = State::kNotOptedIn;
  /// Each depends on those before it: a copy exists before it is attached and is detached before
  /// it is deleted. Stop at the first that fails.
  std::vector<Action> actions;
  std::vector<Problem> problems;
};

[[nodiscard]] Plan make_plan(const Facts& facts, const Rules& rules);

}  // namespace icrps::plan
