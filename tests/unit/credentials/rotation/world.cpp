#include "unit/credentials/rotation/world.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "icr/base64.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::test {

using namespace credentials::rotation;
using namespace std::chrono_literals;
using Kind = iam::Refusal::Kind;

namespace {

const std::string kCredential = "rotating";
const std::string kNamespaceUid = "0a1b2c3d";

iam::Refusal iam_says(Kind kind, std::string code = {}) {
  iam::Refusal refusal;
  refusal.kind = kind;
  refusal.who = "iam.test";
  refusal.message = "iam.test: " + code;
  refusal.code = std::move(code);
  return refusal;
}

/// As REQUIRE, but without its price when all is well: this is asked millions of times.
void must(bool holds, const char* what) {
  if (!holds) FAIL(what);
}

}  // namespace

World::World(unsigned seed) : dice_(seed) {}

Rotation::Environment World::environment() {
  return {.keys = *this,
          .store = *this,
          .prove = [this](const icr::Login& login, const std::stop_token&) { return prove(login); },
          .publish = [this](const icr::Login& login,
                            const std::string& revision) { publish(login, revision); },
          .rolled_out = [this](const std::string& revision) { return rolled_out(revision); },
          .clock = clock,
          .random = [this] { return static_cast<double>(dice_.below(1U << 30U)) / (1U << 30U); },
          .log = log_.log,
          .metrics = metrics_,
          .report =
              [this](const std::string& secret, const std::string&, const plan::Problem& problem) {
                CHECK(secret == "icr-pull-secrets-state-rotating");
                reasons.push_back(problem.reason);
                messages_.push_back(problem.message);
              },
          .on_settled = [this] { ++settled; },
          .failure_point = [this](std::string_view name) { point(name); }};
}

void World::start() {
  process.reset();
  process = std::make_unique<Rotation>(
      Rotation::Settings{kCredential, kNamespaceUid, identity, terms}, environment());
  // A roll-out goes on only while somebody is at work.
  coming_.clear();
}

void World::tick(std::chrono::seconds at_most) {
  if (!process) start();
  try {
    const auto until = process->advance({});
    must(until > now(), "a wait for the past");
    pass(std::min<std::chrono::seconds>(until - now(), at_most));
  } catch (const Crash&) {
    ++crashes;
    start();
    pass(20s);  // the kubelet starts it again
  }
  check();
}

void World::run_for(std::chrono::seconds duration) {
  const auto end = true_now() + duration;
  while (true_now() < end) tick(end - true_now());
}

void World::settle() {
  trouble = {};
  const auto deadline = true_now() + 168h;
  auto quiet_since = true_now();
  const auto done = [&] {
    return text && phase_of(state()) == Phase::kSteady && in_force() != nullptr &&
           held_ == state().current->value.reveal() && ours().size() == 1;
  };
  // And it stays like that.
  while (true_now() < quiet_since + 45min) {
    tick(10min);
    if (!done()) quiet_since = true_now();
    must(true_now() < deadline, "it does not settle");
  }
  REQUIRE_FALSE(ours().front()->disabled);
  REQUIRE(ours().front() == in_force());
  check_silence();
}

void World::pass(std::chrono::seconds time) {
  // The roll-out's end is told, as the operator tells it.
  if (!coming_.empty() && arrives_ <= true_now() + time && arrives_ > true_now()) {
    time = arrives_ - true_now();
  }
  clock.advance(time);
  if (!coming_.empty() && arrives_ <= true_now()) {
    held_ = coming_;
    held_revision_ = coming_revision_;
    coming_.clear();
    process->poke();
  }
}

Time World::now() const {
  return std::chrono::floor<std::chrono::seconds>(clock.wall());
}

Time World::true_now() const {
  return std::chrono::floor<std::chrono::seconds>(clock.true_wall());
}

std::vector<const World::Key*> World::ours() const {
  std::vector<const Key*> found;
  const auto installation = installation_of(kNamespaceUid, kCredential);
  for (const auto& key : keys_) {
    if (!key.deleted && is_ours(key.name, installation)) found.push_back(&key);
  }
  return found;
}

const World::Key* World::by_value(const std::string& value) const {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const auto& key) { return key.value == value; });
  return found == keys_.end() ? nullptr : &*found;
}

const World::Key* World::in_force() const {
  return by_value(held_);
}

World::Key* World::find(const std::string& id) {
  const auto found =
      std::find_if(keys_.begin(), keys_.end(), [&](const auto& key) { return key.id == id; });
  return found == keys_.end() || found->deleted ? nullptr : &*found;
}

State World::state() const {
  must(text.has_value(), "there is no state");
  auto state = decode_state(*text, {kCredential, installation_of(kNamespaceUid, kCredential)});
  must(state.has_value(), "the state that was stored is not readable");
  return *state;
}

void World::ibm_disables_current() {
  auto* key = find(state().current->id);
  REQUIRE(key != nullptr);
  key->disabled = true;
  key->broken_by_ibm = true;
}

void World::ibm_deletes_current() {
  auto* key = find(state().current->id);
  REQUIRE(key != nullptr);
  key->deleted = true;
  key->broken_by_ibm = true;
  key->listed_until = true_now();
}

void World::lock_current() {
  auto* key = find(state().current->id);
  REQUIRE(key != nullptr);
  key->locked = true;
}

void World::unlock_all() {
  for (auto& key : keys_) key.locked = false;
}

void World::delete_state() {
  text.reset();
  annotation.reset();
  exists = false;
}

void World::restore(const SecretString& before) {
  text = before;
  annotation.reset();
  ++version_;
  start();
}

bool World::works(const std::string& id) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const auto& key) {
    return key.id == id && !key.deleted && !key.disabled;
  });
}

void World::request_rotation() {
  annotation = rfc3339(true_now());
  ++version_;
  if (process) process->state_changed();
}

std::string World::told() const {
  auto all = log_.text() + metrics_.text();
  for (const auto& message : messages_) all += message + "\n";
  return all;
}

void World::check_silence() const {
  const auto all = told();
  for (const auto& key : keys_) {
    for (const auto& form : {key.value, icr::base64_encode(key.value)}) {
      must(all.find(form.substr(0, 12)) == std::string::npos, "a key was told");
    }
  }
}

/// What must hold at every moment.
void World::check() const {
  must(ours().size() <= most_of_ours, "more keys of ours than there may be");
  if (text && !state_is_spoiled) static_cast<void>(state());
  for (const auto& value : {held_, coming_}) {
    if (value.empty()) continue;
    const auto* key = by_value(value);
    must(key != nullptr, "a key in force that was never made");
    const bool works = !key->disabled && !key->deleted;
    must(works || key->broken_by_ibm, "a key in force does not work");
  }
}

void World::point(std::string_view name) {
  must(std::find(kFailurePoints.begin(), kFailurePoints.end(), name) != kFailurePoints.end(),
       "a failure point that is not in the list");
  points.emplace_back(name);
  check();
  if (crash_at && (*crash_at)-- == 0) {
    crash_at.reset();
    throw Crash{};
  }
  if (crash_at_name == name) {
    crash_at_name.clear();
    throw Crash{};
  }
  if (happens(trouble.crash)) throw Crash{};
}

// The cluster

tl::expected<void, iam::Refusal> World::prove(const icr::Login& login) const {
  CHECK(login.username == "iamapikey");
  const auto* key = by_value(login.password.reveal());
  if (key == nullptr || key->deleted || true_now() < key->known_from) {
    return tl::unexpected(iam_says(Kind::kRefused, std::string(iam::kKeyNotFound)));
  }
  if (key->disabled) {
    return tl::unexpected(iam_says(Kind::kRefused, std::string(iam::kKeyDisabled)));
  }
  return {};
}

void World::publish(const icr::Login& login, const std::string& revision) {
  const auto& value = login.password.reveal();
  const auto* key = by_value(value);
  REQUIRE(key != nullptr);
  if (value == held_) return;
  // It was proved, and stored before anybody gets it.
  REQUIRE((key->broken_by_ibm || prove(login).has_value()));
  REQUIRE(state().current->id == key->id);
  coming_ = value;
  coming_revision_ = revision;
  arrives_ = true_now() + roll_out_takes;
}

bool World::rolled_out(const std::string& revision) const {
  return coming_.empty() && held_revision_ == revision;
}

// IAM

KeyService::Result<std::vector<KeyAtIam>> World::list(const std::stop_token& /*stop*/) {
  calls.emplace_back("list");
  if (manager_refusal) return tl::unexpected(*manager_refusal);
  if (happens(trouble.lost_answer)) return tl::unexpected(iam_says(Kind::kUnknown));
  std::vector<KeyAtIam> listed;
  for (std::size_t i = 0; i < foreign_keys; ++i) {
    listed.push_back({fmt::format("ApiKey-foreign-{}", i), "somebody else's", false});
  }
  for (const auto& key : keys_) {
    if (key.iam_id == identity.iam_id && key.listed_from <= true_now() &&
        true_now() < key.listed_until) {
      listed.push_back({key.id, key.name, key.disabled, key.locked});
    }
  }
  return listed;
}

KeyService::Result<std::size_t> World::limit(const std::stop_token& /*stop*/) {
  if (manager_refusal) return tl::unexpected(*manager_refusal);
  if (limit_refusal) return tl::unexpected(*limit_refusal);
  return key_limit;
}

World::Key World::make(const std::string& name) {
  Key key;
  key.id = fmt::format("ApiKey-{}", keys_.size() + 1);
  key.name = name;
  key.iam_id = identity.iam_id;
  // Digits that tell it apart first: silence is checked by the beginning.
  key.value = fmt::format("{:04}hunter2hunter2_{:020}", keys_.size() + 1, dice_.below(1U << 30U));
  key.listed_from = true_now() + listed_after;
  key.known_from = true_now() + known_after;
  return key;
}

KeyService::Result<MadeKey> World::create(const std::string& name,
                                          const std::stop_token& /*stop*/) {
  calls.emplace_back("create");
  if (manager_refusal) return tl::unexpected(*manager_refusal);
  // Nothing is made that is not written down.
  REQUIRE(state().candidate);
  REQUIRE(state().candidate->name == name);
  const bool lost = happens(trouble.lost_answer);
  if (lost && dice_.once_in(2)) return tl::unexpected(iam_says(Kind::kUnknown));
  const auto existing =
      std::count_if(keys_.begin(), keys_.end(), [](const auto& key) { return !key.deleted; });
  if (static_cast<std::size_t>(existing) + foreign_keys >= key_limit) {
    return tl::unexpected(iam_says(Kind::kLimit, "BXNIM0151E"));
  }
  keys_.push_back(make(name));
  if (happens(trouble.twice)) keys_.push_back(make(name));
  check();
  if (lost) return tl::unexpected(iam_says(Kind::kUnknown));
  return MadeKey{keys_.back().id, SecretString(keys_.back().value)};
}

KeyService::Result<void> World::disable(const std::string& id, const std::stop_token& /*stop*/) {
  calls.push_back("disable " + id);
  if (manager_refusal) return tl::unexpected(*manager_refusal);
  if (change_refusal) return tl::unexpected(*change_refusal);
  const bool lost = happens(trouble.lost_answer);
  if (lost && dice_.once_in(2)) return tl::unexpected(iam_says(Kind::kUnknown));
  auto* key = find(id);
  if (key == nullptr) return tl::unexpected(iam_says(Kind::kNotFound));
  key->disabled = true;
  check();
  if (lost) return tl::unexpected(iam_says(Kind::kUnknown));
  return {};
}

KeyService::Result<void> World::remove(const std::string& id, const std::stop_token& /*stop*/) {
  calls.push_back("delete " + id);
  if (manager_refusal) return tl::unexpected(*manager_refusal);
  if (change_refusal) return tl::unexpected(*change_refusal);
  const bool lost = happens(trouble.lost_answer);
  if (lost && dice_.once_in(2)) return tl::unexpected(iam_says(Kind::kUnknown));
  if (auto* key = find(id); key != nullptr) {
    key->deleted = true;
    key->listed_until = true_now() + 10s;
  }
  check();
  if (lost) return tl::unexpected(iam_says(Kind::kUnknown));
  return {};
}

// The state Secret

tl::expected<std::optional<StoredState>, StoreFault> World::load(const std::stop_token& /*stop*/) {
  if (store_fault) return tl::unexpected(*store_fault);
  if (!exists) return std::nullopt;
  return StoredState{{"uid", std::to_string(version_)}, text, annotation};
}

tl::expected<StateVersion, StoreFault> World::save(const SecretString& new_text,
                                                   const std::optional<StateVersion>& previous,
                                                   const std::stop_token& /*stop*/) {
  ++saves;
  if (store_fault) return tl::unexpected(*store_fault);
  if (happens(trouble.other_writer)) ++version_;
  const bool matches =
      previous ? exists && previous->resource_version == std::to_string(version_) : !exists;
  if (!matches) return tl::unexpected(StoreFault{StoreFault::Kind::kConflict, "changed"});
  const bool lost = happens(trouble.lost_save);
  const StoreFault unavailable{StoreFault::Kind::kUnavailable, "no answer"};
  if (lost && dice_.once_in(2)) return tl::unexpected(unavailable);
  text = new_text;
  exists = true;
  ++version_;
  if (lost) return tl::unexpected(unavailable);
  return StateVersion{"uid", std::to_string(version_)};
}

}  // namespace icrps::test
