// Facts about one namespace → what must be written there, in order. Pure: this is where every rule
// about copies and service accounts stands, and nothing else does.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "plan/content.hpp"
#include "plan/limits.hpp"
#include "plan/mark.hpp"
#include "plan/names.hpp"
#include "plan/wish.hpp"

namespace icrps::plan {

/// Of a copy's list of hosts so many bytes are known; one that is longer is compared by them.
inline constexpr std::size_t kLongestHosts = 16384;
/// Of an account's annotation so many bytes are known.
inline constexpr std::size_t kLongestAttached = 4096;
/// A copy with more keys besides ours is not mended but made anew: each would have to be named.
inline constexpr std::size_t kMostExtraKeys = 16;

/// A Secret that has the name of a copy. What somebody may write into it is cut to these bounds.
struct CopyFacts {
  std::string uid;
  std::string resource_version;
  bool ours = false;        ///< carries our managed-by label, and no mark of others
  bool right_type = false;  ///< kubernetes.io/dockerconfigjson
  bool immutable = false;
  bool terminating = false;
  std::string credential_label;
  std::string hosts;  ///< our annotations, as they stand
  std::string revision;
  std::string hash_annotation;
  std::string expires_at;
  std::string content_hash;             ///< of the data that is there
  std::vector<std::string> extra_keys;  ///< in data, besides .dockerconfigjson
  std::string managed_by{};             ///< the label of one that isn't ours
  bool adopted = false;                 ///< it was adopted before, whoever has it now
  bool more_keys = false;               ///< there are more than kMostExtraKeys
  std::string mark{};                   ///< digest_of() it; empty: from before there were marks
  std::string other_installation{};     ///< it carries our label, and this namespace's mark
  std::string other_namespace{};        ///< it is a copy of the one that was made for this one
};

struct AccountFacts {
  std::string uid;
  std::string resource_version;
  bool terminating = false;
  std::vector<std::string> pull_secrets;
  /// There are more than anybody needs: these are only those that may be ours.
  bool unwieldy = false;
  std::vector<std::size_t> positions{};  ///< of an unwieldy list: where they stand
  std::string attached{};  ///< the annotation: those that are ours, "icr-default,icr-team"
  bool annotated = false;  ///< it has annotations
};

/// A credential of the configuration as it stands now.
struct CredentialFacts {
  std::string name;
  std::shared_ptr<const Material> material;  ///< null: not known yet, or never was any good
  std::optional<CopyFacts> copy;             ///< in this namespace
  std::shared_ptr<const Limits> limits{};    ///< null: none
  bool retired = false;  ///< it is no more: nobody can ask for it, what is left of it goes
  /// Whether there is a copy. False: the list that tells is missing, and so nothing is done.
  bool known = true;
  /// What the copy is called. A credential that is retired under one name and in force under
  /// another has moved: the copy of the old name goes when that of the new one is there.
  std::string secret = copy_name(name);
};

struct Facts {
  NamespaceFacts ns;
  std::vector<CredentialFacts> credentials;
  std::vector<std::pair<std::string, AccountFacts>> accounts;  ///< by name
  /// False: the list that tells is missing. Nothing is attached, detached or deleted.
  bool accounts_known = true;
  bool crowded = false;   ///< there are more than are known: nobody remembers so many
  std::string own_uid{};  ///< of the operator's namespace; empty: not known
};

/// What holds for every namespace.
struct Rules {
  Defaults defaults;
  icr::RegionTable regions;
  icr::Hosts known_hosts;  ///< regions.known_hosts(), computed once
  Attach attach = Attach::kServiceAccounts;
  Conflict conflict = Conflict::kSkip;
  std::string own_namespace;      ///< the operator's
  std::set<std::string> sources;  ///< Secrets there that credentials come from: never written
};

struct CreateCopy {
  std::string credential;
  std::shared_ptr<const Content> content;
  Mark mark{};
  std::string secret = copy_name(credential);
};
struct UpdateCopy {
  std::string credential;
  std::string uid;
  std::string resource_version;
  std::shared_ptr<const Content> content;
  std::vector<std::string> extra_keys;  ///< to be removed
  bool had_expiry = false;              ///< the copy says when it expires
  bool repairs = false;                 ///< somebody else changed the data that were written last
  bool adopts = false;                  ///< it is somebody else's, and becomes ours
  std::string managed_by{};             ///< one that is adopted: the label that it had
  std::string other_installation{};     ///< the same: whose it was
  Mark mark{};
  std::string secret = copy_name(credential);
};
struct DeleteCopy {
  std::string credential;
  std::string uid;
  std::string resource_version;
  std::optional<Problem> note{};  ///< what a person is told when it is done
  std::string secret = copy_name(credential);
  std::string successor{};  ///< the Secret that takes its place; empty: none does
};
/// One patch for everything that changes in an account's imagePullSecrets.
struct PatchAccount {
  std::string account;
  std::string resource_version;
  std::vector<std::size_t> remove;     ///< positions, highest first
  std::vector<std::string> add;        ///< names
  bool list_is_empty = false;          ///< there is no list to append to
  std::vector<std::string> removed{};  ///< the names at these positions
  /// Of a name that is removed: the Secret that takes its place.
  std::map<std::string, std::string> successors{};
  bool marks = false;                   ///< the annotation changes
  std::vector<std::string> attached{};  ///< to these names; none: it goes
  bool annotated = false;               ///< there is a map of annotations to put it in
};
using Action = std::variant<CreateCopy, UpdateCopy, DeleteCopy, PatchAccount>;

enum class State {
  kNotOptedIn,
  kReady,         ///< opted in, and nothing is left to do
  kPending,       ///< opted in, and the actions are not done yet
  kMistake,       ///< an annotation makes no sense; what was in force stays
  kNotAllowed,    ///< it asks for a credential that it may not use, or not for these regions
  kConflict,      ///< a Secret of our name is not ours
  kNoCredential,  ///< the credential has no good value yet
  kForbidden,     ///< the API server does not let us
  kTerminating,
};

/// As the metric's label has it: "ready", "not_opted_in", …
[[nodiscard]] std::string_view to_string(State state);

/// How a credential stands in a namespace that asks for it.
enum class Standing : std::uint8_t {
  kInPlace,        ///< the copy holds what it should
  kPending,        ///< not yet, and nobody needs to do anything
  kTerminating,    ///< the copy was deleted, and somebody's finalizer holds it
  kMistake,        ///< an annotation makes no sense; what was in force stays
  kNotAllowed,     ///< the namespace may not use it
  kNotForRegions,  ///< it is for none of the regions asked for
  kConflict,       ///< a Secret of the copy's name is not ours
  kNoCredential,   ///< it has no good value yet
  kForbidden,      ///< the API server does not let us
};

/// As reports have it: "in_place", "not_allowed", …
[[nodiscard]] std::string_view to_string(Standing standing);

struct CopyReport {
  std::string credential;
  Standing standing = Standing::kPending;
  std::string before;    ///< revision of our copy as it was found; empty: there was none
  std::string revision;  ///< of our copy when all actions are done; empty: there is none
  std::string secret = copy_name(credential);
  friend bool operator==(const CopyReport&, const CopyReport&) = default;
};

struct Plan {
  State state = State::kNotOptedIn;
  bool takes_part = false;  ///< the namespace is opted in, by itself or by default
  /// In this order: a copy exists before it is attached and is detached before it is deleted. What
  /// may be done when one of them fails: controller::Progress.
  std::vector<Action> actions;
  std::vector<Problem> problems;
  std::vector<CopyReport> copies;  ///< one per credential that the namespace asks for
  /// The hosts that it asks for, by credential, of those that it may use.
  std::vector<std::pair<std::string, icr::Hosts>> hosts;
};

/// What the namespace asks for, of the credentials that are not retired.
[[nodiscard]] Wish wish_of(const Facts& facts, const Rules& rules);
/// Of a credential without limits: those that limit nothing.
[[nodiscard]] const Limits& limits_of(const CredentialFacts& credential);

[[nodiscard]] Plan make_plan(const Facts& facts, const Rules& rules);

}  // namespace icrps::plan
