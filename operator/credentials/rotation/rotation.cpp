#include "credentials/rotation/rotation.hpp"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

#include "plan/content.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::credentials::rotation {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = iam::Refusal::Kind;

constexpr BackoffPolicy kRetry{.first = 1s, .factor = 2, .cap = 5min, .jitter = 0.5};
/// For a key that is not known everywhere yet: the sooner it is seen, the sooner it is used.
constexpr BackoffPolicy kPropagation{.first = 1s, .factor = 1.5, .cap = 15s, .jitter = 0.5};
/// For what a person must mend.
constexpr seconds kLongPause{15min};
constexpr seconds kLongestSleep{60};
/// More than any rotation has: a loop that does not end becomes one that is slow.
constexpr unsigned kMostSteps = 64;
constexpr double kRotationIds = 4294967296.0;  // eight hexadecimal digits

icr::Login login_with(const SecretString& value) {
  return {icr::kApiKeyUser, value};
}

/// IBM's default.
constexpr std::size_t kDefaultLimit = 20;

}  // namespace

Rotation::Rotation(Settings settings, Environment environment)
    : settings_(std::move(settings)),
      environment_(std::move(environment)),
      owner_{settings_.credential, installation_of(settings_.namespace_uid, settings_.credential)},
      reporter_(settings_.credential, {environment_.log, environment_.metrics, environment_.report,
                                       environment_.on_obstacle}) {}

// Waiting and being woken

void Rotation::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    auto until = advance(stop);
    if (const auto delay = environment_.aside(stop)) {
      until = std::min(until, now() + std::chrono::ceil<seconds>(*delay));
    }
    sleep_until(until, stop);
  }
}

void Rotation::sleep_until(Time until, const std::stop_token& stop) {
  // Not longer, because the clock may be set meanwhile.
  const auto nap = std::clamp(until - now(), seconds(0), kLongestSleep);
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, stop, nap, [this] { return poked_; });
}

void Rotation::poke() {
  {
    const std::lock_guard lock(mutex_);
    poked_ = true;
  }
  woken_.notify_all();
}

void Rotation::state_changed() {
  {
    const std::lock_guard lock(mutex_);
    state_changed_ = true;
  }
  poke();
}

void Rotation::manager_changed() {
  {
    const std::lock_guard lock(mutex_);
    manager_changed_ = true;
  }
  poke();
}

void Rotation::take_pokes() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(state_changed_, false)) {
    reload_ = true;
    store_pause_ = {};
  }
  if (std::exchange(manager_changed_, false)) {
    iam_pause_ = {};
    call_pauses_.clear();
  }
  poked_ = false;
}

Time Rotation::advance(const std::stop_token& stop) {
  take_pokes();
  std::optional<Time> until;
  for (unsigned steps = 0; !until; ++steps) {
    if (stop.stop_requested()) return now();
    until = steps < kMostSteps ? round(stop) : now() + kLongestSleep;
  }
  if (!settled_.exchange(true)) environment_.on_settled();
  return *until;
}

std::optional<Time> Rotation::round(const std::stop_token& stop) {
  if (store_pause_.covers(now())) return store_pause_.until;
  if (reload_ && !load(stop)) return std::nullopt;
  put_in_force();
  const auto step = next_step(state_, observe(), settings_.terms);
  return std::visit([&](const auto& chosen) { return perform(chosen, stop); }, step);
}

Observed Rotation::observe() const {
  Observed observed;
  observed.now = now();
  observed.identity = settings_.identity;
  observed.state_exists = exists_;
  observed.listing = listing_;
  observed.proofs = proofs_;
  observed.attempt = attempt_;
  observed.rotate_requested = rotate_requested_;
  observed.intent = intent_;
  if (iam_pause_.covers(observed.now)) observed.manager_held = iam_pause_.until;
  // One that is over stays on the list: the call has not been answered otherwise yet.
  for (const auto& [call, pause] : call_pauses_) {
    observed.held[call] = pause.covers(observed.now) ? pause.until : observed.now;
  }
  observed.rolled_out = !state_.retiring.empty() && state_.current &&
                        environment_.rolled_out(state_.current->revision);
  return observed;
}

Time Rotation::now() const {
  return std::chrono::floor<seconds>(environment_.clock.wall());
}

// The steps

std::optional<Time> Rotation::perform(const step::Wait& step, const std::stop_token& /*stop*/) {
  switch (step.obstacle) {
    case Obstacle::kNone:
      if (!state_.candidate && call_pauses_.empty() && !iam_pause_.covers(now())) {
        reporter_.all_is_well();
      }
      break;
    case Obstacle::kUnknownKeys:
      reporter_.problem(kUnknownKeys,
                        fmt::format("there are API keys at IBM Cloud with names of this "
                                    "installation that its state knows nothing of: {}. The state "
                                    "is older than they are, restored from a backup, or another "
                                    "cluster is a copy of this one. They are left alone; delete "
                                    "those that nobody uses.",
                                    step.key));
      break;
    case Obstacle::kKeyLocked:
      reporter_.problem(kKeyLocked,
                        fmt::format("API key {} is locked at IBM Cloud and can't be disabled or "
                                    "deleted, although its time is over. Unlock it; nothing else "
                                    "waits for it.",
                                    step.key));
      break;
    case Obstacle::kKeyLimitReached:
      reporter_.problem(kKeyLimitReached,
                        fmt::format("the service ID has {} of {} API keys, there is no room for "
                                    "a new one. The key in force stays; delete keys that nobody "
                                    "needs, or have the limit raised.",
                                    listing_->keys.size(), listing_->limit));
      break;
    case Obstacle::kTooManyKeys:
      reporter_.problem(kTooManyKeys,
                        "the state of the rotation was lost, and there are more keys of this "
                        "installation at IAM than can be told apart. Delete those that no "
                        "registry login was seen of for a while.");
      break;
    case Obstacle::kKeyNotAccepted:
      reporter_.problem(kKeyNotAccepted,
                        "a new key is still refused: " + proofs_[state_.candidate->id].message +
                            ". The key in force stays.");
      break;
  }
  return step.until;
}

std::optional<Time> Rotation::perform(const step::Look& /*step*/, const std::stop_token& stop) {
  const auto at = now();
  auto keys = environment_.keys.list(stop);
  if (!keys) {
    iam_failed({Call::Kind::kList}, "listing the API keys", keys.error());
    return std::nullopt;
  }
  iam_answered({Call::Kind::kList});
  // The keys themselves can be managed without it; IAM refuses the one too many.
  if (const auto limit = environment_.keys.limit(stop)) last_limit_ = *limit;
  std::erase_if(*keys, [&](const auto& key) { return deleted_.contains(key.id); });
  listing_ = Listing{at, std::move(*keys), last_limit_.value_or(kDefaultLimit)};
  // Judged by a state that is not older: another process may have made what is listed.
  reload_ = true;
  return std::nullopt;
}

std::optional<Time> Rotation::perform(const step::Note& step, const std::stop_token& stop) {
  const auto before = state_;
  if (!save(step.next, "save-note", stop)) return std::nullopt;
  if (step.what == step::Note::What::kMoved) tell_moved(before);
  if (step.what == step::Note::What::kRolledOut) {
    environment_.log.info("every namespace has the new key",
                          {{"credential", settings_.credential}});
  }
  return std::nullopt;
}

void Rotation::tell_moved(const State& before) {
  std::vector<std::string> ids;
  if (before.current) ids.push_back(before.current->id);
  if (before.candidate && !before.candidate->id.empty()) ids.push_back(before.candidate->id);
  for (const auto& key : before.retiring) ids.push_back(key.id);
  listing_.reset();
  proofs_.clear();
  attempt_.reset();
  reporter_.note(
      kIdentityMoved,
      fmt::format("keys are made for {} in account {} from now on, not for {} in account "
                  "{}. The one in force stays until the new one is. Keys of the "
                  "identity before are left to whoever manages it, and can be deleted "
                  "when the roll-out is complete: {}.",
                  settings_.identity.iam_id, settings_.identity.account_id, before.identity->iam_id,
                  before.identity->account_id,
                  ids.empty() ? "none" : fmt::format("{}", fmt::join(ids, ", "))));
}

std::optional<Time> Rotation::perform(const step::PrepareCreate& step,
                                      const std::stop_token& stop) {
  if (step.leaked) {
    reporter_.problem(kKeyDisabled,
                      fmt::format("the API key in force, {}, was disabled or deleted at IBM Cloud, "
                                  "which is what happens to a key that leaked. A new one is being "
                                  "made.",
                                  state_.current->id));
  }
  Attempt attempt;
  attempt.rotation = new_rotation_id();
  attempt_ = attempt;
  intent_ = Intent{attempt.rotation, rotate_requested_};
  save(with_intent(state_, observe(), settings_.credential, attempt.rotation), "save-intent", stop);
  return std::nullopt;
}

std::optional<Time> Rotation::perform(const step::CreateKey& /*step*/,
                                      const std::stop_token& stop) {
  attempt_->outcome = Attempt::Outcome::kUnknown;
  point("create-key", "before");
  auto key = environment_.keys.create(state_.candidate->name, stop);
  point("create-key", "after");
  if (!key) {
    const auto kind = key.error().kind;
    const bool unknown = kind == Kind::kUnknown || kind == Kind::kCanceled;
    if (!unknown) attempt_->outcome = Attempt::Outcome::kNotMade;
    if (unknown) listing_.reset();
    iam_failed({Call::Kind::kCreate}, "creating an API key", key.error());
    return std::nullopt;
  }
  iam_answered({Call::Kind::kCreate});
  listing_.reset();
  proof_failures_ = 0;
  attempt_->outcome = Attempt::Outcome::kMade;
  attempt_->id = std::move(key->id);
  attempt_->value = std::move(key->value);
  environment_.log.info("API key created",
                        {{"credential", settings_.credential}, {"key", attempt_->id}});
  return std::nullopt;
}

std::optional<Time> Rotation::perform(const step::StoreKey& step, const std::stop_token& stop) {
  if (save(step.next, "save-key", stop)) attempt_.reset();
  return std::nullopt;
}

std::optional<Time> Rotation::perform(const step::Prove& step, const std::stop_token& stop) {
  const bool candidate = state_.candidate && state_.candidate->id == step.id;
  const auto& value = candidate ? state_.candidate->value : state_.current->value;
  const auto outcome = environment_.prove(login_with(value), stop);
  if (!outcome && outcome.error().kind == Kind::kCanceled) return now();
  record_proof(step.id, outcome);
  return std::nullopt;
}

void Rotation::record_proof(const std::string& id,
                            const tl::expected<void, iam::Refusal>& outcome) {
  Proof proof;
  proof.at = now();
  proof.again_at = proof.at;
  if (outcome) {
    proof_failures_ = 0;
    proof.verdict = Proof::Verdict::kGood;
    proofs_[id] = std::move(proof);
    return;
  }
  const auto& refusal = outcome.error();
  const bool refused = refusal.kind == Kind::kRefused;
  const bool early = refused && within_propagation(id);
  proof.verdict = refused ? Proof::Verdict::kRefused : Proof::Verdict::kUnknown;
  proof.message = refusal.message;
  const auto delay =
      std::max(backoff_delay(early ? kPropagation : kRetry, ++proof_failures_, environment_.random),
               refusal.retry_after.value_or(0ms));
  proof.again_at += std::chrono::ceil<seconds>(std::min<milliseconds>(delay, kLongPause));
  proofs_[id] = std::move(proof);
  if (!refused) {
    const bool policy = refusal.kind == Kind::kPolicy;
    reporter_.problem(
        policy ? kKeyNotAccepted : kIamUnavailable,
        fmt::format("a key could not be proved: {}. It is tried again.", refusal.message), !policy);
  }
}

bool Rotation::within_propagation(const std::string& id) const {
  return state_.candidate && state_.candidate->id == id &&
         now() < state_.candidate->since + settings_.terms.propagation;
}

std::optional<Time> Rotation::perform(const step::Publish& step, const std::stop_token& stop) {
  State next = step.next;
  next.current->revision = plan::revision_of(settings_.credential, login_with(next.current->value));
  if (!save(next, "save-promotion", stop)) return std::nullopt;
  proofs_.clear();
  reporter_.all_is_well();
  environment_.metrics.rotation_ended(settings_.credential, "done");
  reporter_.note(kKeyRotated,
                 next.retiring.empty()
                     ? fmt::format("API key {} is in force.", next.current->id)
                     : fmt::format("API key {} is in force and is being rolled out. The old one "
                                   "is disabled when every namespace has it and the overlap is "
                                   "over.",
                                   next.current->id));
  return std::nullopt;
}

void Rotation::put_in_force() {
  if (!state_.current || state_.current->revision == published_) return;
  const auto& current = *state_.current;
  point("publish", "before");
  environment_.publish(login_with(current.value), current.revision);
  point("publish", "after");
  published_ = current.revision;
}

std::optional<Time> Rotation::perform(const step::DisableKey& step, const std::stop_token& stop) {
  point("disable-key", "before");
  const auto disabled = environment_.keys.disable(step.id, stop);
  point("disable-key", "after");
  // One that is gone does not work either.
  if (!disabled && disabled.error().kind != Kind::kNotFound) {
    iam_failed({Call::Kind::kDisable, step.id},
               fmt::format("disabling the old API key {}", step.id), disabled.error());
    return std::nullopt;
  }
  iam_answered({Call::Kind::kDisable, step.id});
  listing_.reset();
  if (save(step.next, "save-disabled", stop)) {
    reporter_.note(kOldKeyDisabled,
                   fmt::format("API key {} is disabled; it will be deleted later.", step.id));
  }
  return std::nullopt;
}

std::optional<Time> Rotation::perform(const step::DeleteKey& step, const std::stop_token& stop) {
  remove_key(step.id, step.next, stop);
  return std::nullopt;
}

std::optional<Time> Rotation::perform(const step::DeleteOrphan& step, const std::stop_token& stop) {
  environment_.log.info("deleting an API key of ours whose value is lost",
                        {{"credential", settings_.credential}, {"key", step.id}});
  remove_key(step.id, step.next, stop);
  return std::nullopt;
}

void Rotation::remove_key(const std::string& id, const State& next, const std::stop_token& stop) {
  point("delete-key", "before");
  const auto removed = environment_.keys.remove(id, stop);
  point("delete-key", "after");
  if (!removed) {
    iam_failed({Call::Kind::kDelete, id}, fmt::format("deleting the API key {}", id),
               removed.error());
    return;
  }
  iam_answered({Call::Kind::kDelete, id});
  deleted_.insert(id);
  listing_.reset();
  environment_.log.info("API key deleted", {{"credential", settings_.credential}, {"key", id}});
  if (next != state_) save(next, "save-deleted", stop);
}

// The state

bool Rotation::load(const std::stop_token& stop) {
  point("load", "before");
  const auto loaded = environment_.store.load(stop);
  point("load", "after");
  if (!loaded) {
    store_failed(loaded.error());
    return false;
  }
  store_pause_ = {};
  reload_ = false;
  version_.reset();
  if (*loaded) {
    version_ = (*loaded)->version;
    reporter_.subject(version_->uid);
    read_request(**loaded);
    if ((*loaded)->text) return take_over(**loaded);
  }
  return start_without_state(stop);
}

bool Rotation::take_over(const StoredState& stored) {
  auto state = decode_state(*stored.text, owner_);
  if (state) {
    state_ = std::move(*state);
    // A state from before it said so: of whom else?
    if (!state_.identity) state_.identity = settings_.identity;
    exists_ = true;
    return true;
  }
  reporter_.problem(kStateInvalid,
                    fmt::format("the state in Secret {} is not used and not overwritten: {}. "
                                "Nothing is rotated until it is mended; what is in force stays. "
                                "To start anew, stop the operator and delete the Secret.",
                                state_secret_name(settings_.credential), state.error().message));
  reload_ = true;
  pause(store_pause_, kLongPause);
  return false;
}

/// Deleted while this process runs, nothing is lost; before it ran, IAM tells which keys are ours.
bool Rotation::start_without_state(const std::stop_token& stop) {
  if (exists_) {
    environment_.log.warn("the state of the rotation was deleted, and is written again",
                          {{"credential", settings_.credential}});
    return save(state_, "save-note", stop);
  }
  state_ = {};
  state_.installation = owner_.installation;
  state_.identity = settings_.identity;
  return true;
}

void Rotation::read_request(const StoredState& stored) {
  const auto before = std::exchange(rotate_requested_, std::nullopt);
  if (!stored.rotate_requested) return;
  if (const auto time = parse_rfc3339(*stored.rotate_requested)) {
    rotate_requested_ = std::chrono::floor<std::chrono::seconds>(*time);
  }
  if (rotate_requested_ && rotate_requested_ != before) {
    // Whoever asks may have made room, or granted the manager what it lacked.
    listing_.reset();
    iam_pause_ = {};
    call_pauses_.clear();
  }
  if (rotate_requested_ || bad_request_ == *stored.rotate_requested) return;
  bad_request_ = *stored.rotate_requested;
  reporter_.problem(kRequestInvalid,
                    "the annotation icr-pull-secrets/rotate-requested is not a time; accepted: "
                    "RFC 3339, such as 2026-11-23T06:20:44Z");
}

bool Rotation::save(const State& next, std::string_view what, const std::stop_token& stop) {
  point(what, "before");
  const auto saved = environment_.store.save(encode_state(next), version_, stop);
  point(what, "after");
  if (!saved) {
    store_failed(saved.error());
    return false;
  }
  version_ = *saved;
  reporter_.subject(version_->uid);
  store_pause_ = {};
  state_ = next;
  exists_ = true;
  environment_.metrics.set_rotation_step(settings_.credential, to_string(phase_of(state_)));
  return true;
}

void Rotation::store_failed(const StoreFault& fault) {
  reload_ = true;
  switch (fault.kind) {
    case StoreFault::Kind::kConflict:
    case StoreFault::Kind::kCanceled:
      return;
    case StoreFault::Kind::kForbidden:
    case StoreFault::Kind::kUnavailable:
      break;
  }
  const bool forbidden = fault.kind == StoreFault::Kind::kForbidden;
  reporter_.problem(kStateUnavailable,
                    fmt::format("the state in Secret {} can't be read or written: {}. Nothing is "
                                "rotated until then; what is in force stays.",
                                state_secret_name(settings_.credential), fault.message),
                    !forbidden);
  ++store_pause_.failures;
  pause(store_pause_,
        forbidden ? kLongPause : backoff_delay(kRetry, store_pause_.failures, environment_.random));
}

/// IAM that is silent, or refuses the manager itself, is asked for nothing; what it refuses about
/// one key, or of one kind, holds up only that.
void Rotation::iam_failed(const Call& call, std::string_view what, const iam::Refusal& refusal) {
  if (refusal.kind == Kind::kCanceled) return;
  reporter_.refused(what, refusal);
  if (refusal.kind == Kind::kUnknown) {
    ++iam_pause_.failures;
    pause(iam_pause_, std::max(backoff_delay(kRetry, iam_pause_.failures, environment_.random),
                               refusal.retry_after.value_or(0ms)));
    return;
  }
  pause(refusal.kind == Kind::kRefused ? iam_pause_ : call_pauses_[call], kLongPause);
}

void Rotation::iam_answered(const Call& call) {
  iam_pause_ = {};
  call_pauses_.erase(call);
}

void Rotation::pause(Pause& pause, milliseconds delay) const {
  pause.since = now();
  pause.until = pause.since + std::chrono::ceil<seconds>(std::min<milliseconds>(delay, kLongPause));
}

std::string Rotation::new_rotation_id() const {
  return fmt::format("{:08x}", static_cast<std::uint32_t>(environment_.random() * kRotationIds));
}

void Rotation::point(std::string_view what, std::string_view when) const {
  environment_.failure_point(fmt::format("{}:{}", what, when));
}

}  // namespace icrps::credentials::rotation
