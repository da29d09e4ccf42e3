#include "credentials/rotation/pure/step.hpp"

#include <algorithm>

namespace icrps::credentials::rotation {
namespace {

using std::chrono::seconds;

/// How many of our keys may exist when one more is made.
constexpr std::size_t kMostBeforeCreate = 1;
constexpr std::size_t kMostBeforeFirst = 2;

/// A key of the state that IAM says is gone or disabled.
enum class Health {
  kGood,
  kDead,
  kAsk,     ///< IAM does not list it: a login with it must tell
  kUnsure,  ///< that gave no answer yet
};

class Decision {
 public:
  Decision(const State& state, const Observed& observed, const Terms& terms)
      : state_(state), seen_(observed), terms_(terms) {}

  Step take();

 private:
  using Found = std::optional<Step>;

  [[nodiscard]] Found move() const;
  [[nodiscard]] Found mend_times() const;
  [[nodiscard]] Found keep_made_key() const;
  [[nodiscard]] Found look();
  [[nodiscard]] bool listing_is_fresh() const;
  [[nodiscard]] Found by_listing();
  [[nodiscard]] Found if_free(const Call& call, Step step);
  [[nodiscard]] Found if_possible(const Call& call, Step step);
  void wait_for_key(Obstacle obstacle, const std::string& key);
  [[nodiscard]] bool stuck(const KeyAtIam& key) const;
  [[nodiscard]] Found adopt() const;
  [[nodiscard]] Found delete_orphan();
  [[nodiscard]] Found make_candidate();
  [[nodiscard]] Found prove_candidate();
  [[nodiscard]] Found refused_candidate(const Proof& proof);
  [[nodiscard]] Found examine_current();
  [[nodiscard]] Found retire(const RetiringKey& key);
  [[nodiscard]] Found retire_all();
  [[nodiscard]] Found rotate();
  [[nodiscard]] Found make_room();

  [[nodiscard]] Step publish() const;
  [[nodiscard]] std::optional<Time> answered_request() const;
  [[nodiscard]] bool due();
  [[nodiscard]] Health health_of_current() const;
  [[nodiscard]] const Attempt* attempt_of_candidate() const;
  [[nodiscard]] bool tried() const;
  [[nodiscard]] const Proof* proof_of(const std::string& id) const;
  [[nodiscard]] const KeyAtIam* listed(const std::string& id) const;
  [[nodiscard]] bool known(const KeyAtIam& key) const;
  [[nodiscard]] bool made_by_us(const KeyAtIam& key) const;
  [[nodiscard]] std::size_t count_of_ours() const;
  [[nodiscard]] State without_candidate() const;
  [[nodiscard]] State without_retiring(const std::string& id) const;
  [[nodiscard]] State with_disabled(const std::string& id) const;

  /// Not before `until`, as far as one matter is concerned.
  Found wait(Time until, Obstacle obstacle = Obstacle::kNone) {
    wait_.until = std::min(wait_.until, until);
    wait_.obstacle = std::max(wait_.obstacle, obstacle);
    return std::nullopt;
  }

  const State& state_;
  const Observed& seen_;
  const Terms& terms_;
  Health health_ = Health::kGood;  // of the current key
  step::Wait wait_{Time::max(), Obstacle::kNone, {}};
};

Step Decision::take() {
  if (auto step = move()) return *step;
  if (auto step = mend_times()) return *step;
  if (auto step = keep_made_key()) return *step;
  if (auto step = look()) return *step;
  if (seen_.listing) {
    if (auto step = by_listing()) return *step;
  }
  wait_.until = std::max(wait_.until, seen_.now + seconds(1));
  return wait_;
}

/// What is urgent first.
Decision::Found Decision::by_listing() {
  if (auto step = adopt()) return step;
  if (listing_is_fresh()) wait(seen_.listing->at + terms_.check_every);
  if (auto step = examine_current()) return step;
  if (auto step = delete_orphan()) return step;
  if (auto step = make_candidate()) return step;
  if (auto step = prove_candidate()) return step;
  if (health_ == Health::kDead) {
    if (auto step = rotate()) return step;
    return retire_all();
  }
  if (auto step = retire_all()) return step;
  return rotate();
}

/// The step, unless its call is held: then that is waited for, and nothing else.
Decision::Found Decision::if_free(const Call& call, Step step) {
  Time free = seen_.manager_held.value_or(seen_.now);
  const auto held = seen_.held.find(call);
  if (held != seen_.held.end()) free = std::max(free, held->second);
  if (free > seen_.now) return wait(free);
  return step;
}

/// The same for a call that changes a key.
Decision::Found Decision::if_possible(const Call& call, Step step) {
  const auto* key = listed(call.key);
  if (key != nullptr && key->locked) {
    wait_for_key(Obstacle::kKeyLocked, call.key);
    return std::nullopt;
  }
  return if_free(call, std::move(step));
}

void Decision::wait_for_key(Obstacle obstacle, const std::string& key) {
  if (wait_.obstacle < obstacle) {
    wait_.key = key;
  } else if (wait_.obstacle == obstacle && obstacle == Obstacle::kUnknownKeys) {
    wait_.key += ", " + key;
  }
  wait(seen_.now + terms_.check_every, obstacle);
}

/// It should go, and can't.
bool Decision::stuck(const KeyAtIam& key) const {
  if (state_.current && state_.current->id == key.id) return false;
  if (state_.candidate && state_.candidate->id == key.id) return false;
  return key.locked || seen_.held.contains({Call::Kind::kDelete, key.id}) ||
         seen_.held.contains({Call::Kind::kDisable, key.id});
}

/// Another service ID, or another account: its keys are made there from now on, at once. Those of
/// the identity before are nobody's here any more, but for the one in force.
Decision::Found Decision::move() const {
  if (!state_.identity || state_.identity == seen_.identity) return std::nullopt;
  State next;
  next.installation = state_.installation;
  next.identity = seen_.identity;
  next.current = state_.current;
  next.handled_request = state_.handled_request;
  if (next.current) next.current->left = true;
  return step::Note{step::Note::What::kMoved, std::move(next)};
}

/// A clock that was wrong when a time was written must not hold things up for years.
Decision::Found Decision::mend_times() const {
  State next = state_;
  const auto limit = [](auto& time, Time latest) {
    if (time && *time > latest) time = latest;
  };
  if (next.candidate) next.candidate->since = std::min(next.candidate->since, seen_.now);
  if (next.current) next.current->created_at = std::min(next.current->created_at, seen_.now);
  for (auto& key : next.retiring) {
    limit(key.retire_at, seen_.now + terms_.overlap);
    limit(key.disabled_at, seen_.now);
  }
  if (next == state_) return std::nullopt;
  return step::Note{step::Note::What::kMendTimes, std::move(next)};
}

Decision::Found Decision::keep_made_key() const {
  const auto* attempt = attempt_of_candidate();
  if (attempt == nullptr || attempt->outcome != Attempt::Outcome::kMade) return std::nullopt;
  if (!state_.candidate->id.empty()) return std::nullopt;
  State next = state_;
  next.candidate->id = attempt->id;
  next.candidate->value = attempt->value;
  return step::StoreKey{std::move(next)};
}

Decision::Found Decision::look() {
  if (listing_is_fresh()) return std::nullopt;
  return if_free({Call::Kind::kList}, step::Look{});
}

bool Decision::listing_is_fresh() const {
  if (!seen_.listing) return false;
  const auto at = seen_.listing->at;
  return at <= seen_.now && seen_.now < at + terms_.check_every;
}

/// Without a state nobody knows which of our keys the namespaces have: all of them stay until
/// there is a successor, and none can be it.
Decision::Found Decision::adopt() const {
  if (seen_.state_exists) return std::nullopt;
  State next = state_;
  for (const auto& key : seen_.listing->keys) {
    if (!is_ours(key.name, state_.installation)) continue;
    next.retiring.push_back(
        {key.id, key.name, std::nullopt, key.disabled ? std::optional(seen_.now) : std::nullopt});
  }
  return step::Note{step::Note::What::kAdopt, std::move(next)};
}

Decision::Found Decision::delete_orphan() {
  for (const auto& key : seen_.listing->keys) {
    if (!is_ours(key.name, state_.installation) || known(key)) continue;
    if (!made_by_us(key)) {
      wait_for_key(Obstacle::kUnknownKeys, key.id);
      continue;
    }
    const Call call{Call::Kind::kDelete, key.id};
    if (!state_.candidate || state_.candidate->name != key.name || !state_.candidate->id.empty()) {
      if (auto step = if_possible(call, step::DeleteOrphan{key.id, state_})) return step;
      continue;
    }
    // This was the candidate's key, and its value is lost, unless another process (an old pod that
    // is on its way out) is about to write it down.
    if (tried() || seen_.now >= state_.candidate->since + terms_.propagation) {
      if (auto step = if_possible(call, step::DeleteOrphan{key.id, without_candidate()})) {
        return step;
      }
    }
  }
  return std::nullopt;
}

Decision::Found Decision::examine_current() {
  health_ = health_of_current();
  if (health_ == Health::kAsk) return step::Prove{state_.current->id};
  if (health_ == Health::kUnsure) wait(seen_.proofs.at(state_.current->id).again_at);
  if (state_.current && !state_.current->left && listed(state_.current->id) == nullptr) {
    const auto known_by = state_.current->created_at + terms_.propagation;
    if (seen_.now < known_by) wait(known_by);
  }
  return std::nullopt;
}

Health Decision::health_of_current() const {
  // Of another identity's key nobody here can tell.
  if (!state_.current || state_.current->left) return Health::kGood;
  const auto& current = *state_.current;
  if (const auto* key = listed(current.id)) {
    return key->disabled ? Health::kDead : Health::kGood;
  }
  if (seen_.now < current.created_at + terms_.propagation) return Health::kGood;
  const auto* proof = proof_of(current.id);
  if (proof == nullptr || proof->at < seen_.listing->at) return Health::kAsk;
  switch (proof->verdict) {
    case Proof::Verdict::kGood:
      return Health::kGood;
    case Proof::Verdict::kRefused:
      return Health::kDead;
    case Proof::Verdict::kUnknown:
      break;
  }
  return proof->again_at <= seen_.now ? Health::kAsk : Health::kUnsure;
}

/// A candidate that has no value yet.
Decision::Found Decision::make_candidate() {
  if (!state_.candidate || !state_.candidate->id.empty()) return std::nullopt;
  const auto& candidate = *state_.candidate;
  const auto* attempt = attempt_of_candidate();
  if (attempt != nullptr && attempt->outcome == Attempt::Outcome::kUntried) {
    return if_free({Call::Kind::kCreate}, step::CreateKey{});
  }
  if (attempt != nullptr && attempt->outcome == Attempt::Outcome::kNotMade) {
    return step::Note{step::Note::What::kGiveUp, without_candidate()};
  }
  // It may exist without being listed yet; deleting it is delete_orphan()'s work.
  const auto listed_by = candidate.since + terms_.propagation;
  if (seen_.now < listed_by) return wait(listed_by);
  if (seen_.listing->at < listed_by) return if_free({Call::Kind::kList}, step::Look{});
  return step::Note{step::Note::What::kGiveUp, without_candidate()};
}

Decision::Found Decision::prove_candidate() {
  if (!state_.candidate || state_.candidate->id.empty()) return std::nullopt;
  const auto* proof = proof_of(state_.candidate->id);
  if (proof == nullptr) return step::Prove{state_.candidate->id};
  if (proof->verdict == Proof::Verdict::kGood) return publish();
  if (proof->verdict == Proof::Verdict::kRefused) {
    if (auto step = refused_candidate(*proof)) return step;
  }
  if (proof->again_at <= seen_.now) return step::Prove{state_.candidate->id};
  return wait(proof->again_at);
}

/// "Not found" just after it was made means "not everywhere yet".
Decision::Found Decision::refused_candidate(const Proof& proof) {
  const auto& candidate = *state_.candidate;
  if (seen_.now < candidate.since + terms_.propagation) return std::nullopt;
  if (seen_.listing->at < proof.at) return if_free({Call::Kind::kList}, step::Look{});
  const auto* key = listed(candidate.id);
  if (key == nullptr || key->disabled) {
    return if_possible({Call::Kind::kDelete, candidate.id},
                       step::DeleteKey{candidate.id, without_candidate()});
  }
  return wait(proof.again_at, Obstacle::kKeyNotAccepted);
}

Step Decision::publish() const {
  const auto& candidate = *state_.candidate;
  State next = state_;
  next.candidate.reset();
  if (state_.current && !state_.current->left) {
    // One that works no longer holds nobody up.
    const auto since = health_ == Health::kDead ? std::optional(seen_.now) : std::nullopt;
    next.retiring.push_back({state_.current->id, state_.current->name, std::nullopt, since});
  }
  next.current = CurrentKey{candidate.id, candidate.name, candidate.value, {}, candidate.since};
  if (const auto request = answered_request()) next.handled_request = request;
  return step::Publish{std::move(next)};
}

/// A request that came while the candidate was on its way is about the next one.
std::optional<Time> Decision::answered_request() const {
  const auto& request = seen_.rotate_requested;
  if (!request) return std::nullopt;
  if (seen_.intent && seen_.intent->rotation == state_.candidate->rotation) {
    return seen_.intent->request;
  }
  // The intent of a process that is gone.
  return *request <= state_.candidate->since ? request : std::nullopt;
}

Decision::Found Decision::retire_all() {
  for (const auto& key : state_.retiring) {
    if (auto step = retire(key)) return step;
  }
  return std::nullopt;
}

Decision::Found Decision::retire(const RetiringKey& key) {
  if (key.disabled_at) {
    const auto delete_at = *key.disabled_at + terms_.grace;
    if (seen_.now < delete_at) return wait(delete_at);
    return if_possible({Call::Kind::kDelete, key.id},
                       step::DeleteKey{key.id, without_retiring(key.id)});
  }
  if (const auto* at_iam = listed(key.id); at_iam != nullptr && at_iam->disabled) {
    return step::Note{step::Note::What::kFoundDisabled, with_disabled(key.id)};
  }
  // It may be all that the namespaces have.
  if (!state_.current || health_ != Health::kGood || !seen_.rolled_out) return std::nullopt;
  if (!key.retire_at) {
    State next = state_;
    for (auto& other : next.retiring) {
      if (!other.disabled_at) other.retire_at = seen_.now + terms_.overlap;
    }
    return step::Note{step::Note::What::kRolledOut, std::move(next)};
  }
  if (seen_.now < *key.retire_at) return wait(*key.retire_at);
  return if_possible({Call::Kind::kDisable, key.id},
                     step::DisableKey{key.id, with_disabled(key.id)});
}

bool Decision::due() {
  if (!state_.current || state_.current->left || health_ == Health::kDead) return true;
  if (seen_.rotate_requested && seen_.rotate_requested != state_.handled_request) return true;
  // By what the configuration says now.
  const auto planned = state_.current->created_at + terms_.rotate_every;
  if (planned <= seen_.now) return true;
  wait(planned);
  return false;
}

Decision::Found Decision::rotate() {
  if (state_.candidate || !due()) return std::nullopt;
  const auto most = state_.current ? kMostBeforeCreate : kMostBeforeFirst;
  const bool too_many = count_of_ours() > most;
  const bool full = seen_.listing->keys.size() >= seen_.listing->limit;
  if (!too_many && !full) {
    if (seen_.listing->at + terms_.listing_good_for < seen_.now) {
      return if_free({Call::Kind::kList}, step::Look{});
    }
    return if_free({Call::Kind::kCreate}, step::PrepareCreate{health_ == Health::kDead});
  }
  if (auto step = make_room()) return step;
  const auto again_at = seen_.now + terms_.check_every;
  if (full) return wait(again_at, Obstacle::kKeyLimitReached);
  // Otherwise the retiring ones go first, in their own time.
  return wait(again_at, state_.current ? Obstacle::kNone : Obstacle::kTooManyKeys);
}

/// Only keys that do not work are deleted before their time.
Decision::Found Decision::make_room() {
  for (const auto& key : state_.retiring) {
    if (!key.disabled_at) continue;
    if (auto step = if_possible({Call::Kind::kDelete, key.id},
                                step::DeleteKey{key.id, without_retiring(key.id)})) {
      return step;
    }
  }
  if (!state_.current || health_ != Health::kDead) return std::nullopt;
  State next = state_;
  next.current.reset();
  return if_possible({Call::Kind::kDelete, state_.current->id},
                     step::DeleteKey{state_.current->id, std::move(next)});
}

/// Null when another process wrote down the intent.
const Attempt* Decision::attempt_of_candidate() const {
  if (!state_.candidate || !seen_.attempt) return nullptr;
  return seen_.attempt->rotation == state_.candidate->rotation ? &*seen_.attempt : nullptr;
}

bool Decision::tried() const {
  const auto* attempt = attempt_of_candidate();
  return attempt != nullptr && attempt->outcome != Attempt::Outcome::kUntried;
}

/// Null as well when the clock has been set back since.
const Proof* Decision::proof_of(const std::string& id) const {
  const auto found = seen_.proofs.find(id);
  return found == seen_.proofs.end() || found->second.at > seen_.now ? nullptr : &found->second;
}

const KeyAtIam* Decision::listed(const std::string& id) const {
  const auto& keys = seen_.listing->keys;
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.id == id; });
  return found == keys.end() ? nullptr : &*found;
}

bool Decision::known(const KeyAtIam& key) const {
  if (state_.current && state_.current->id == key.id) return true;
  if (state_.candidate && state_.candidate->id == key.id) return true;
  return std::any_of(state_.retiring.begin(), state_.retiring.end(),
                     [&](const auto& retiring) { return retiring.id == key.id; });
}

/// The state names it: by its id, or as one that was asked for, perhaps twice.
bool Decision::made_by_us(const KeyAtIam& key) const {
  if (known(key)) return true;
  if (!is_ours(key.name, state_.installation)) return false;
  const auto has_name = [&](const auto& one) { return one.name == key.name; };
  const auto& given_up = state_.given_up;
  return (state_.current && has_name(*state_.current)) ||
         (state_.candidate && has_name(*state_.candidate)) ||
         std::any_of(state_.retiring.begin(), state_.retiring.end(), has_name) ||
         std::find(given_up.begin(), given_up.end(), key.name) != given_up.end();
}

std::size_t Decision::count_of_ours() const {
  const auto& keys = seen_.listing->keys;
  return static_cast<std::size_t>(std::count_if(
      keys.begin(), keys.end(), [&](const auto& key) { return made_by_us(key) && !stuck(key); }));
}

/// Its key may show at IAM later, or once more.
State Decision::without_candidate() const {
  State next = state_;
  next.given_up.push_back(next.candidate->name);
  if (next.given_up.size() > kMostGivenUp) next.given_up.erase(next.given_up.begin());
  next.candidate.reset();
  return next;
}

State Decision::without_retiring(const std::string& id) const {
  State next = state_;
  std::erase_if(next.retiring, [&](const auto& key) { return key.id == id; });
  return next;
}

State Decision::with_disabled(const std::string& id) const {
  State next = state_;
  for (auto& key : next.retiring) {
    if (key.id == id) key.disabled_at = seen_.now;
  }
  return next;
}

}  // namespace

Terms terms_of(const Schedule& schedule) {
  Terms terms;
  terms.rotate_every = schedule.rotate_every;
  terms.overlap = schedule.overlap;
  terms.propagation = schedule.propagation;
  terms.grace = std::max(schedule.overlap, schedule.propagation);
  return terms;
}

Step next_step(const State& state, const Observed& observed, const Terms& terms) {
  return Decision(state, observed, terms).take();
}

State with_intent(State state, const Observed& observed, const std::string& credential,
                  const std::string& rotation) {
  Candidate candidate;
  candidate.rotation = rotation;
  candidate.name = key_name(state.installation, credential, rotation);
  candidate.since = observed.now;
  state.candidate = std::move(candidate);
  return state;
}

}  // namespace icrps::credentials::rotation
