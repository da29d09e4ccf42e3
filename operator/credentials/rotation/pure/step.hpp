// The rotation's one decision: what is to be done next, from the state and what is known. Pure.
//
// The order that everything here serves: room under the limit → write down the intent → make the
// key → write down its value → prove it → put it in force → every namespace has it, and the overlap
// is over → disable the old one → later delete it. What is written down always comes before what
// can't be undone, and a key that is in force is not disabled or deleted before its successor is
// proved, in force and rolled out.
//
// Never more than three of our keys exist: one is made only while there is at most one (two when
// the state was lost with both), which leaves room for one whose answer was lost or that a
// repeated request made twice. A request is only repeated when IAM must have shown what the
// first one made. Keys that can't be deleted or disabled (they are locked, or IAM refuses it) don't
// count, or one of them would end all rotations.
//
// Nothing is deleted at IAM that this installation can't prove it made: its state must name it. A
// cluster that was restored from a backup, or a copy of one, has a state that is older than what is
// at IAM; the key in force of the original is one that its state doesn't know.
//
// What can't be done now holds up nothing else. A key in force that works no longer comes before
// all that is not urgent.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "credentials/rotation/pure/state.hpp"

namespace icrps::credentials::rotation {

/// An API key of the service ID as IAM lists it.
struct KeyAtIam {
  std::string id;
  std::string name;
  bool disabled = false;
  bool locked = false;  ///< somebody protected it: IAM neither disables nor deletes it
};

struct Listing {
  Time at;
  std::vector<KeyAtIam> keys;  ///< all of the service ID, not only ours
  std::size_t limit = 0;       ///< how many there may be
};

/// What the last attempt to log in with a key said.
struct Proof {
  enum class Verdict { kGood, kRefused, kUnknown };
  Verdict verdict = Verdict::kUnknown;
  Time at;
  Time again_at;        ///< when to ask again
  std::string message;  ///< why not, for people
};

/// What became of the intent to make a key, as far as this process knows.
struct Attempt {
  enum class Outcome {
    kUntried,
    kNotMade,  ///< IAM said no
    kMade,     ///< its value is in memory only
    kUnknown,  ///< no answer: it may exist
  };
  std::string rotation;
  Outcome outcome = Outcome::kUntried;
  std::string id;      ///< when it was made
  SecretString value;  ///< the same
};

/// A request that changes something at IAM, or asks for the keys.
struct Call {
  enum class Kind { kList, kCreate, kDisable, kDelete };
  Kind kind;
  std::string key{};  ///< the id of the one that is disabled or deleted
  friend auto operator<=>(const Call&, const Call&) = default;
};

/// Which request to rotate an intent complies with.
struct Intent {
  std::string rotation;
  std::optional<Time> request;
};

struct Observed {
  Time now;
  Identity identity;                    ///< as the configuration says
  bool state_exists = true;             ///< false: there was none, and `State` is an empty one
  std::optional<Listing> listing;       ///< not older than the last change made at IAM
  std::map<std::string, Proof> proofs;  ///< by key id
  std::optional<Attempt> attempt;
  bool rolled_out = false;  ///< every namespace has the current key
  std::optional<Time> rotate_requested;
  std::optional<Intent> intent;  ///< the last one of this process
  /// Calls that IAM refused, and when each is tried again. They hold up nothing else.
  std::map<Call, Time> held;
  std::optional<Time> manager_held;  ///< the same for all calls: there is no way to make any
};

/// How long things take.
struct Terms {
  std::chrono::seconds rotate_every;
  std::chrono::seconds overlap;
  /// From disabling a key to deleting it: a disabled one can be enabled again.
  std::chrono::seconds grace;
  /// Within it a key that was made may be unknown to parts of IAM, and be refused.
  std::chrono::seconds propagation{120};
  /// How often IAM is asked for the keys when nothing happens: a leaked key may be disabled by IBM.
  std::chrono::seconds check_every{900};
  /// After this time a listing is too old to make a key by.
  std::chrono::seconds listing_good_for{30};
};

/// What a user sets.
struct Schedule {
  std::chrono::seconds rotate_every;
  std::chrono::seconds overlap;
  std::chrono::seconds propagation{120};
};

/// With a grace as long as the overlap, and at least as long as a change takes to be known.
[[nodiscard]] Terms terms_of(const Schedule& schedule);

/// Why nothing can be done about something that should be. Of several the last one counts.
enum class Obstacle {
  kNone,
  kUnknownKeys,     ///< keys at IAM have names of this installation, and its state knows nothing of
                    ///< them
  kKeyLocked,       ///< a key of ours that should go is locked
  kKeyNotAccepted,  ///< a key that was made is refused for longer than propagation takes
  kTooManyKeys,     ///< the state was lost and more of our keys are there than can be told apart
  kKeyLimitReached,
};

namespace step {

/// Nothing before `until`, or before something else changes.
struct Wait {
  Time until;
  Obstacle obstacle = Obstacle::kNone;
  std::string key{};  ///< the id of the one that it is about; or several
  friend bool operator==(const Wait&, const Wait&) = default;
};
/// Ask IAM for the keys and the limit.
struct Look {
  friend bool operator==(const Look&, const Look&) = default;
};
/// Write down a state that differs by bookkeeping only.
struct Note {
  enum class What {
    kMoved,      ///< the configuration names another identity
    kAdopt,      ///< there was no state: our keys at IAM are retiring
    kMendTimes,  ///< the clock jumped
    kGiveUp,     ///< the candidate was not made
    kRolledOut,  ///< the old keys may go after the overlap
    kFoundDisabled,
  };
  What what;
  State next;
  friend bool operator==(const Note&, const Note&) = default;
};
/// Write down the intent to make a key, under a new rotation id.
struct PrepareCreate {
  bool leaked = false;  ///< because the current one was disabled or deleted by somebody else
  friend bool operator==(const PrepareCreate&, const PrepareCreate&) = default;
};
struct CreateKey {
  friend bool operator==(const CreateKey&, const CreateKey&) = default;
};
/// Write down the value of the key that was made.
struct StoreKey {
  State next;
  friend bool operator==(const StoreKey&, const StoreKey&) = default;
};
/// Log in with the candidate or the current key.
struct Prove {
  std::string id;
  friend bool operator==(const Prove&, const Prove&) = default;
};
/// Write down that the candidate is the current key, and put it in force. `next` lacks its
/// revision.
struct Publish {
  State next;
  friend bool operator==(const Publish&, const Publish&) = default;
};
/// Disable a retiring key at IAM, then write down `next`.
struct DisableKey {
  std::string id;
  State next;
  friend bool operator==(const DisableKey&, const DisableKey&) = default;
};
/// Delete a key at IAM, then write down `next`.
struct DeleteKey {
  std::string id;
  State next;
  friend bool operator==(const DeleteKey&, const DeleteKey&) = default;
};
/// Delete a key of ours that nobody knows the value of, then write down `next`.
struct DeleteOrphan {
  std::string id;
  State next;
  friend bool operator==(const DeleteOrphan&, const DeleteOrphan&) = default;
};

}  // namespace step

using Step = std::variant<step::Wait, step::Look, step::Note, step::PrepareCreate, step::CreateKey,
                          step::StoreKey, step::Prove, step::Publish, step::DisableKey,
                          step::DeleteKey, step::DeleteOrphan>;

[[nodiscard]] Step next_step(const State& state, const Observed& observed, const Terms& terms);

/// For PrepareCreate: the state with the intent in it.
[[nodiscard]] State with_intent(State state, const Observed& observed,
                                const std::string& credential, const std::string& rotation);

}  // namespace icrps::credentials::rotation
