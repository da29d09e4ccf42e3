#include "credentials/keeper.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "credentials/inherited_login.hpp"
#include "credentials/pure/source_words.hpp"

namespace icrps::credentials {
namespace {

using std::chrono::milliseconds;
using RefusalKind = iam::Refusal::Kind;

/// What passes by itself within a few seconds is not worth an Event.
constexpr unsigned kTellUnknownAfter = 3;

/// A wait does not notice that the machine slept, or that its clock was set: so soon a token that
/// died meanwhile is renewed.
constexpr std::chrono::seconds kTokenNap{5};

bool same_input(const SecretInput& one, const SecretInput& other) {
  if (one.has_value() != other.has_value()) return false;
  if (one) return one->value == other->value;
  return one.error().reason == other.error().reason && one.error().what == other.error().what;
}

std::string uid_of_input(const SecretInput& input) {
  return input ? input->uid : input.error().uid;
}

}  // namespace

Keeper::Keeper(const config::Credential& credential, KeeperKind kind, SourceContext& context)
    : name_(credential.name),
      kind_(std::move(kind)),
      context_(context),
      publisher_(name_, kind_.name, context_),
      host_proofs_({name_, subject(), iam::parse_image_reference(credential.probe_image)}, context_,
                   publisher_,
                   {.tell =
                        [this](const auto& problem) {
                          context_.report(kind_.secret ? kind_.secret->name : std::string(), uid_,
                                          problem);
                        },
                    .news = [this] { wake(); }}) {
  if (kind_.secret) {
    feed_.emplace(*kind_.secret, kind_.parse,
                  [this](SecretInput found) { offer(std::move(found)); });
  } else {
    offer(SecretValue{});
  }
}

void Keeper::run(std::stop_token stop) {
  std::jthread feeding;
  if (feed_) {
    feeding = std::jthread([this, stop] { context_.watch(kind_.secret->name, *feed_, stop); });
  }
  while (!stop.stop_requested()) {
    const auto next = step(stop);
    std::unique_lock lock(mutex_);
    const auto news = [this] { return news_; };
    if (next) {
      wake_.wait_for(lock, stop, std::min<milliseconds>(*next, kTokenNap), news);
    } else {
      wake_.wait(lock, stop, news);
    }
  }
}

// News

void Keeper::wake() {
  {
    const std::lock_guard lock(mutex_);
    news_ = true;
  }
  wake_.notify_all();
}

void Keeper::poke() {
  {
    const std::lock_guard lock(mutex_);
    poked_ = true;
  }
  wake();
}

void Keeper::offer(SecretInput found) {
  {
    const std::lock_guard lock(mutex_);
    const bool same = offered_ && same_input(*offered_, found);
    offered_ = std::move(found);
    if (same) return;
    offered_news_ = true;
    break_.request_stop();
  }
  wake();
}

void Keeper::take_news(const std::stop_token& stop) {
  std::optional<SecretInput> found;
  {
    const std::lock_guard lock(mutex_);
    news_ = false;
    // Known now, perhaps: which hosts are asked for, which copies there are.
    if (std::exchange(poked_, false)) schedule_.hold(false);
    if (offered_) uid_ = uid_of_input(*offered_);
    if (std::exchange(offered_news_, false)) found = offered_;
    break_ = std::stop_source();
  }
  const bool news = found.has_value();
  if (news) newest_ = std::move(found);
  if (!newest_ || (!news && inherited_)) return;
  inherited_ = inherit(stop);
  take_input(*newest_);
}

void Keeper::take_input(const SecretInput& found) {
  if (const auto begun = std::exchange(attempt_, {})) {
    host_proofs_.drop_trial();
    if (begun->from == From::kProved) schedule_.broken_off(begun->from, context_.clock.now());
  }
  if (!inherited_) return;
  if (!found) return bad_input(found.error());
  tell_what_was_taken(*found);
  last_told_[0].clear();
  if (newest_is_proved()) {
    schedule_.source_unusable();  // there is nothing to try: it is what is in force
    if (publisher_.outcome() != proof_) publisher_.record(proof_);
    return;
  }
  schedule_.source_changed(context_.clock.now());
}

bool Keeper::newest_is_proved() const {
  return proved_ && newest_ && *newest_ && (*newest_)->value == *proved_;
}

// What a process before this one left

/// False: it is not known yet what there is; poke() tells.
bool Keeper::inherit(const std::stop_token& stop) {
  if (publisher_.in_force() || (expires() && inherited_)) return true;
  const auto recorded = publisher_.recorded();
  if (expires()) return inherit_token(recorded, stop);
  inherit_static(recorded);
  return true;
}

/// A credential that was proved before the operator was restarted is good until shown otherwise:
/// nobody's pull depends on IAM being there at that moment.
void Keeper::inherit_static(const Status& recorded) {
  if (!*newest_ || context_.proof == config::Proof::kOff) return;
  const icr::Login login{*kind_.static_user, (*newest_)->value};
  if (recorded.proved_revision != plan::revision_of(name_, login)) return;
  publisher_.hand_out(login);
  // It is proved again right after.
  host_proofs_.in_force(std::make_shared<const icr::Login>(login), false);
  settle();
}

/// A token that is in the copies goes on; that saves a login at IAM and a write per namespace.
bool Keeper::inherit_token(const Status& recorded, const std::stop_token& stop) {
  const bool over = recorded.expires_at && *recorded.expires_at <= context_.clock.wall();
  if (recorded.digest.empty() || recorded.source != kind_.name || over) return true;
  const auto places = context_.copies_with(name_, recorded.revision);
  if (!places) return false;
  if (const auto login = find_login(context_.client, *places, name_, recorded, stop)) {
    go_on_with(*login, recorded);
  }
  return true;
}

void Keeper::go_on_with(const icr::Login& login, const Status& recorded) {
  publisher_.inherit(login, {.expires_at = recorded.expires_at,
                             .renew_at = recorded.renew_at,
                             .made_from = recorded.made_from});
  host_proofs_.in_force(std::make_shared<const icr::Login>(login), true);
  if (!*newest_ || fingerprint((*newest_)->value) != recorded.made_from) return;
  proved_ = (*newest_)->value;
  proof_ = "proved";
  const auto now = context_.clock.wall();
  const auto left = std::chrono::ceil<milliseconds>(recorded.renew_at.value_or(now) - now);
  schedule_.handed_out(From::kProved, std::max(left, milliseconds(0)), context_.clock.now(),
                       recorded.renew_at);
  settle();
}

/// As plan::revision_of(): the same input has the same name, and is not given away by it.
std::string Keeper::fingerprint(const SecretString& input) const {
  return plan::revision_of(name_, {kind_.name + " " + kind_.identity, input});
}

// Doing what is due

Keeper::Delay Keeper::step(const std::stop_token& stop) {
  take_news(stop);
  schedule_.wall_is(context_.clock.wall(), context_.clock.now());
  while (!stop.stop_requested()) {
    if (const auto verdict = host_proofs_.hear()) {
      conclude(*verdict);
    } else if (!begin(stop)) {
      break;
    }
  }
  auto next = host_proofs_.tend();
  if (const auto due = schedule_.next(); due && !host_proofs_.trying()) {
    next = next ? std::min(*next, *due) : due;
  }
  if (!next) return std::nullopt;
  return std::max(std::chrono::ceil<milliseconds>(*next - context_.clock.now()), milliseconds(0));
}

/// False: nothing is due.
bool Keeper::begin(const std::stop_token& stop) {
  const auto now = context_.clock.now();
  if (host_proofs_.trying() || !schedule_.due(now)) return false;
  const bool ask = context_.proof != config::Proof::kOff;
  const auto places = ask ? host_proofs_.places() : icr::Hosts{};
  if (!places) {
    schedule_.hold(true);  // poke() will tell
    return false;
  }
  const auto from = *schedule_.take_due(now);
  Attempt attempt{from, from == From::kNewest ? (*newest_)->value : *proved_, {}, now};
  auto fresh = make_login(attempt.input, stop);
  if (!fresh && fresh.error().kind == RefusalKind::kCanceled) {
    schedule_.broken_off(from, now);
    return false;
  }
  host_proofs_.drop_trial();
  attempt_.reset();
  if (!fresh) {
    failed(attempt, fresh.error());
    return true;
  }
  attempt.minted = std::move(*fresh);
  if (!ask) {
    accept(attempt, "unproved");
    return true;
  }
  const auto login = std::make_shared<const icr::Login>(attempt.minted.login);
  attempt_ = std::move(attempt);
  host_proofs_.try_login(login, *places, against(*login));
  return true;
}

/// Broken off when the input changes meanwhile.
tl::expected<Minted, iam::Refusal> Keeper::make_login(const SecretString& input,
                                                      const std::stop_token& stop) {
  std::stop_source either;
  {
    const std::lock_guard lock(mutex_);
    if (offered_news_) {
      either.request_stop();
    } else {
      either = break_;
    }
  }
  const std::stop_callback on_stop(stop, [&either] { either.request_stop(); });
  const bool as_is = context_.proof == config::Proof::kOff && kind_.static_user;
  const auto mint = as_is ? mint_as_is(*kind_.static_user) : kind_.mint;
  return mint(input, either.get_token());
}

Against Keeper::against(const icr::Login& login) const {
  if (!expires()) {
    const bool other = publisher_.in_force() && !publisher_.in_force(login);
    return other && host_proofs_.knows_one_in_force() ? Against::kLasting : Against::kNothing;
  }
  const auto from = ends_soon_from();
  if (!from) return publisher_.in_force() ? Against::kExpiring : Against::kNothing;
  return context_.clock.wall() >= *from ? Against::kEnding : Against::kExpiring;
}

/// From when on it is better to hand a token out on IAM's word alone than to wait for hosts.
std::optional<WallTime> Keeper::ends_soon_from() const {
  const auto recorded = publisher_.recorded();
  if (!recorded.expires_at || !recorded.since) return std::nullopt;
  const auto life = std::chrono::floor<milliseconds>(*recorded.expires_at - *recorded.since);
  return *recorded.expires_at - end_of_life(life);
}

void Keeper::conclude(const Verdict& verdict) {
  if (!attempt_) return host_proofs_.drop_trial();
  if (verdict.kind == Verdict::Kind::kHandOut) {
    const auto attempt = *std::exchange(attempt_, {});
    if (outlived(attempt)) {
      host_proofs_.drop_trial();
      return schedule_.try_now(attempt.from, context_.clock.now());
    }
    // First, so that what the record says of doubts is about this one.
    accept(attempt, "proved");
    host_proofs_.take_over();
    return;
  }
  const auto attempt = *attempt_;
  // With nothing in force a host that is asked for later may still say yes.
  if (publisher_.in_force()) {
    host_proofs_.drop_trial();
    attempt_.reset();
  }
  failed(attempt, *verdict.why);
}

/// Nobody said yes to it for as long as it lives.
bool Keeper::outlived(const Attempt& attempt) const {
  const auto& lifetime = attempt.minted.lifetime;
  return lifetime && context_.clock.now() - attempt.made_at >= *lifetime;
}

void Keeper::accept(const Attempt& attempt, const std::string& proof) {
  const auto& [from, input, fresh, made_at] = attempt;
  proved_ = input;
  last_told_[1].clear();
  if (newest_is_proved()) last_told_[0].clear();
  proof_ = proof;
  const auto life = fresh.refresh_within ? fresh.refresh_within : fresh.lifetime;
  const auto age = std::chrono::floor<milliseconds>(context_.clock.now() - made_at);
  std::optional<milliseconds> renew_in;
  if (life || proof == "proved") {
    renew_in = std::max(after_success(life, context_.random) - age, milliseconds(0));
  }
  const auto wall = std::chrono::floor<std::chrono::seconds>(context_.clock.wall() - age);
  Publisher::Life of;
  if (fresh.lifetime) of.expires_at = wall + *fresh.lifetime;
  if (life) {
    of.renew_at = wall + age + *renew_in;
    of.made_from = fingerprint(input);
  }
  publisher_.hand_out(fresh.login, of);
  std::optional<WallTime> renew_at;
  if (life) renew_at = context_.clock.wall() + *renew_in;
  schedule_.handed_out(from, renew_in, context_.clock.now(), renew_at);
  if (newest_is_proved()) {
    publisher_.record(proof);
  } else {
    publisher_.record_renewal();
  }
  if (expires()) context_.metrics.credential_refreshed(name_, "done");
  settle();
}

void Keeper::bad_input(const SecretProblem& problem) {
  schedule_.source_unusable();
  tell(From::kNewest, problem.reason, unusable(kind_.secret->name, name_, problem.what));
  publisher_.record("invalid", problem.what);
  settle();
}

void Keeper::failed(const Attempt& attempt, const iam::Refusal& refusal) {
  const auto from = attempt.from;
  std::optional<milliseconds> at_the_latest;
  const bool silence = refusal.kind == RefusalKind::kUnknown;
  const auto soon = silence && expires() ? ends_soon_from() : std::nullopt;
  if (const auto wall = context_.clock.wall(); soon && *soon > wall) {
    at_the_latest = std::chrono::ceil<milliseconds>(*soon - wall);
  }
  const auto now = context_.clock.now();
  schedule_.failed(from, refusal, now, context_.random, at_the_latest);
  const auto failures = schedule_.failures(from);
  const std::string outcome(iam::to_string(refusal.kind));
  if (expires()) context_.metrics.credential_refreshed(name_, outcome);
  context_.log.warn("credential not proved", {{"credential", name_},
                                              {"source", kind_.name},
                                              {"outcome", outcome},
                                              {"failures", failures},
                                              {"detail", refusal.message}});
  if (!silence || failures >= kTellUnknownAfter) {
    tell(from, std::string(reason_of(refusal)), not_good(subject(), name_, refusal.message));
    publisher_.record(outcome, refusal.message);
  }
  // What the record calls proved is in force, although only the copies have it.
  const bool nothing = !publisher_.in_force() && publisher_.recorded().proved_revision.empty();
  if (silence && nothing && kind_.static_user && context_.proof == config::Proof::kPreferred) {
    publisher_.hand_out({*kind_.static_user, attempt.input});
    publisher_.record("unproved", refusal.message);
  }
  settle();
}

// For people

/// Once for each message, until something has worked again.
void Keeper::tell(From from, const std::string& reason, const std::string& message) {
  context_.metrics.source_refused(name_, reason);
  auto& last = last_told_.at(from == From::kNewest ? 0 : 1);
  if (message == last) return;
  last = message;
  plan::Problem problem;
  problem.reason = reason;
  problem.message = message + " " + what_stays_with(from);
  context_.log.warn("source refused", {{"credential", name_},
                                       {"source", kind_.name},
                                       {"reason", reason},
                                       {"detail", problem.message}});
  context_.report(kind_.secret ? kind_.secret->name : std::string(), uid_, problem);
}

std::string Keeper::what_stays_with(From from) const {
  const bool renewed = from == From::kNewest && proved_.has_value();
  return what_stays({publisher_.in_force(), expires(), publisher_.ends_at(), renewed});
}

/// Once, when the credential is a part of what stands in the Secret.
void Keeper::tell_what_was_taken(const SecretValue& found) {
  if (!found.trimmed && !found.from_file) return;
  if (std::exchange(told_trimmed_, true)) return;
  context_.log.info(found.from_file ? "the field apikey of a file taken"
                                    : "white space around the credential removed",
                    {{"credential", name_}, {"secret", kind_.secret->name}});
  context_.report(kind_.secret->name, uid_,
                  taken_note(kind_.secret->name, kind_.secret->key, found.from_file));
}

void Keeper::settle() {
  if (!settled_.exchange(true)) context_.on_settled();
}

std::string Keeper::subject() const {
  return subject_of(kind_.secret ? std::optional(kind_.secret->name) : std::nullopt, kind_.name);
}

}  // namespace icrps::credentials
