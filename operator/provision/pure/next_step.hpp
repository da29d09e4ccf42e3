// What is wanted, what IAM and the cluster hold, and the one next step from here to there. Pure.
//
// The step is computed from what is there, never from where a run thinks it is: a run that was
// killed at any point is gone on with by the next. Two rules keep that from making anything twice:
// what a run made itself it knows without asking again (IAM's lists are late), and a run that makes
// a key first writes into the Secret that it began, so that the next one waits for the lists before
// it believes that something is not there.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "iam/pure/identities.hpp"
#include "iam/pure/keys.hpp"
#include "iam/pure/policies.hpp"
#include "provision/pure/marks.hpp"

namespace icrps::provision {

/// One policy that the identity is to have.
struct Grant {
  iam::Attributes resource;
  std::set<std::string> roles;  ///< CRNs
  std::string text;             ///< for people: "Reader on team@us-south"
};

struct Wish {
  std::string name;  ///< of the identity
  iam::IdentityKind kind = iam::IdentityKind::kServiceId;
  std::vector<Grant> grants;
  std::optional<SecretPlace> secret;       ///< where its API key is to be; nothing: no key
  std::optional<iam::ProfileLink> link{};  ///< of a trusted profile
  bool prune = false;                      ///< deletes former keys, and what else it may do there
  bool force = false;                      ///< changes other roles; replaces somebody else's key
};

/// The Secret that is to hold the key.
struct HeldSecret {
  bool exists = false;
  /// It has our annotation for this NAME: what is in it may be replaced.
  bool ours = false;
  /// A run that was broken off began so long ago, and wrote this time into the Secret; nothing:
  /// none was.
  struct Begun {
    std::chrono::seconds ago{};
    std::string stamp;
  };
  std::optional<Begun> begun{};
  /// The key in it, by IAM's word. Nothing: none, or none that IAM knows.
  std::optional<iam::KeyDetails> key{};
  bool has_value = false;  ///< it holds something under the key's name, whatever it is
};

struct Holdings {
  std::vector<iam::Identity> identities;  ///< of that kind and name in the account
  std::vector<iam::Policy> policies;      ///< of the one that is ours
  std::vector<iam::KeyInfo> keys;         ///< of the one that is ours
  std::vector<iam::ProfileLink> links;    ///< of the one that is ours
  HeldSecret secret;
  /// How long ago this run wrote into the Secret that it began; nothing: it has not yet.
  std::optional<std::chrono::seconds> claimed{};
  /// The id of a key that this run has made and not yet written into the Secret.
  std::string new_key;
  unsigned key_limit = 20;
};

struct Step {
  enum class Kind {
    kClaimSecret,  ///< writes into the Secret when this run began
    kMakeIdentity,
    kLinkCluster,
    kGrant,       ///< `grant`
    kChangeRole,  ///< `grant`; `id` is the policy's
    kDropKey,     ///< `id`: a key of a run that was broken off: nobody has its value
    kMakeKey,
    kStoreKey,  ///< into the Secret; when that fails the key is deleted
    kRevoke,    ///< `id`: a policy that is not wanted
  };
  Kind kind = Kind::kMakeIdentity;
  std::string id{};
  Grant grant{};
  friend bool operator==(const Step& a, const Step& b) {
    return a.kind == b.kind && a.id == b.id && a.grant.resource == b.grant.resource;
  }
};

struct Done {};
/// A person must decide or do something first.
struct Blocked {
  std::string why;
};
/// What IAM's lists don't show may be there all the same, for so long.
struct Wait {
  std::chrono::seconds time;
};

using Next = std::variant<Done, Blocked, Wait, Step>;

/// So long after it wrote that it began a run makes things.
inline constexpr std::chrono::seconds kClaimLasts{30};
/// By then IAM's lists show what such a run has made.
inline constexpr std::chrono::seconds kListsSettle = kClaimLasts + std::chrono::seconds(60);

[[nodiscard]] Next next_step(const Wish& wish, const Holdings& held);

/// The one that was made for this NAME; null: none, or which one is not clear.
[[nodiscard]] const iam::Identity* ours(const Wish& wish, const Holdings& held);

/// The steps that a run would take now, if each succeeded; and what stops it after them. Waiting is
/// left out.
struct Preview {
  std::vector<Step> steps;
  std::string blocked;  ///< or empty
};
[[nodiscard]] Preview preview(const Wish& wish, Holdings held);

/// What `held` is after a step was done. `made`: the id of what was made, for those that make
/// something, and for an identity its IAM id.
struct Made {
  std::string id{};
  std::string iam_id{};
};
void note(Holdings& held, const Wish& wish, const Step& step, const Made& made);

/// Policies of the identity that are not wished for, about services that are.
[[nodiscard]] std::vector<iam::Policy> extra_policies(const Wish& wish, const Holdings& held);
/// Keys that were made for this Secret and are not in it any more. Copies of it may hold them, so
/// that they are deleted only when that is wished for.
[[nodiscard]] std::vector<iam::KeyInfo> former_keys(const Wish& wish, const Holdings& held);

/// What a key is called that a run makes which began at `stamp`.
[[nodiscard]] std::string key_name(const Wish& wish, const std::string& stamp);

}  // namespace icrps::provision
