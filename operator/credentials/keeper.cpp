#include "credentials/keeper.hpp"

#include <fmt/format.h>
#include <thread>

#include "credentials/attempt_schedule.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::credentials {
namespace {

using std::chrono::milliseconds;
using Kind = iam::Refusal::Kind;

/// What passes by itself within a few seconds is not worth an Event.
constexpr unsigned kTellUnknownAfter = 3;

using Due = std::optional<Clock::Instant>;

Due earlier(const Due& one, const Due& other) {
  if (!one || !other) return one ? one : other;
  return std::min(*one, *other);
}

}  // namespace

Keeper::Keeper(const config::Credential& credential, KeeperKind kind, SourceContext& context)
    : name_(credential.name),
      kind_(std::move(kind)),
      image_(iam::parse_image_reference(credential.probe_image)),
      context_(context),
      publisher_(name_, kind_.name, context_),
      host_proofs_({name_, subject()}, context_, publisher_, [this](const auto& problem) {
        context_.report(kind_.secret ? kind_.secret->name : std::string(), uid_, problem);
      }) {
  if (kind_.secret) {
    feed_.emplace(*kind_.secret, kind_.parse,
                  [this](SecretInput found) { offer(std::move(found)); });
  } else {
    input_ = SecretValue{};
    changed_ = true;
  }
}

void Keeper::run(std::stop_token stop) {
  std::jthread feeding;
  if (feed_) {
    feeding = std::jthread([this, stop] { context_.watch(kind_.secret->name, *feed_, stop); });
  }
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    wait_for_work(lock, stop);
    if (stop.stop_requested()) break;
    const auto is_due = [this](const Due& due) { return due && *due <= context_.clock.now(); };
    const bool try_now = woken_to_try() || is_due(try_at_);
    if (std::exchange(changed_, false)) failures_ = 0;
    new_hosts_ = false;
    lock.unlock();
    if (try_now) try_at_ = in(attempt(stop));
    // A try that comes at once asks all hosts itself.
    if (!is_due(try_at_)) check_at_ = in(check_hosts(stop));
    lock.lock();
  }
}

void Keeper::wait_for_work(std::unique_lock<std::mutex>& lock, const std::stop_token& stop) {
  const auto woken = [this] { return woken_to_try() || new_hosts_; };
  if (const auto due = earlier(try_at_, check_at_)) {
    wake_.wait_for(lock, stop, *due - context_.clock.now(), woken);
  } else {
    wake_.wait(lock, stop, woken);
  }
}

Due Keeper::in(const Delay& delay) const {
  return delay ? Due(context_.clock.now() + *delay) : std::nullopt;
}

void Keeper::asked_for(const icr::Hosts& hosts) {
  if (!host_proofs_.asked_for(hosts)) return;
  {
    const std::lock_guard lock(mutex_);
    new_hosts_ = true;
  }
  wake_.notify_all();
}

/// Before a first proof there is nothing to add to: it will ask all hosts.
Keeper::Delay Keeper::check_hosts(const std::stop_token& stop) {
  return proved_ ? host_proofs_.check(stop) : std::nullopt;
}

void Keeper::poke() {
  {
    const std::lock_guard lock(mutex_);
    poked_ = true;
  }
  wake_.notify_all();
}

void Keeper::offer(SecretInput found) {
  {
    const std::lock_guard lock(mutex_);
    input_ = std::move(found);
    changed_ = true;
  }
  wake_.notify_all();
}

Keeper::Delay Keeper::attempt(const std::stop_token& stop) {
  std::optional<SecretInput> found;
  {
    const std::lock_guard lock(mutex_);
    found = input_;
  }
  if (!found) return std::nullopt;
  if (!*found) return bad_input(found->error());
  uid_ = (*found)->uid;
  if ((*found)->trimmed) tell_trimmed();
  if (recall(**found)) return milliseconds(0);  // handed out; now to the proof
  const bool ask = context_.proof != config::Proof::kOff;
  const auto hosts = ask ? hosts_to_prove() : icr::Hosts{};
  if (!hosts) return std::nullopt;  // poke() will tell
  const bool as_is = !ask && kind_.static_user;
  const auto mint = as_is ? mint_as_is(*kind_.static_user) : kind_.mint;
  auto fresh = mint((*found)->value, stop);
  if (!fresh) return failed(fresh.error(), (*found)->value);
  if (!ask) return accept(*fresh, "unproved");
  return prove(*fresh, *hosts, stop);
}

/// A poke matters to who waits for the hosts, and to nobody else: each token that is fetched is
/// rolled out, and the end of a roll-out is a poke too.
std::optional<icr::Hosts> Keeper::hosts_to_prove() {
  {
    const std::lock_guard lock(mutex_);
    waits_for_hosts_ = true;
    poked_ = false;
  }
  auto hosts = host_proofs_.hosts();
  if (hosts) {
    const std::lock_guard lock(mutex_);
    waits_for_hosts_ = false;
  }
  return hosts;
}

/// A credential that was proved before the operator was restarted is good until shown otherwise:
/// nobody's pull depends on IAM being there at that moment.
bool Keeper::recall(const SecretValue& found) {
  if (publisher_.in_force() || !kind_.static_user || context_.proof == config::Proof::kOff)
    return false;
  const icr::Login login{*kind_.static_user, found.value};
  if (publisher_.proved_before() != plan::revision_of(name_, login)) return false;
  publisher_.hand_out(login, {});
  settle();
  return true;
}

Keeper::Delay Keeper::prove(const Minted& fresh, const icr::Hosts& hosts,
                            const std::stop_token& stop) {
  const auto answers = context_.ask({fresh.login, host_proofs_.vital(hosts), image_}, stop);
  const auto proof = verdict_of(answers);
  if (!proof) return failed(proof.error(), fresh.login.password);
  if (!proof->silent.empty()) {
    context_.log.warn("some registries could not be asked",
                      {{"credential", name_},
                       {"asked", proof->hosts.size()},
                       {"silent", plan::join(proof->silent, ",")}});
  }
  host_proofs_.learn(answers);
  proved_ = true;
  return accept(fresh, "proved");
}

Keeper::Delay Keeper::accept(const Minted& fresh, const std::string& proof) {
  failures_ = 0;
  last_told_ = {};
  std::optional<WallTime> expires_at;
  if (fresh.lifetime) {
    expires_at = std::chrono::floor<std::chrono::seconds>(context_.clock.wall()) + *fresh.lifetime;
  }
  publisher_.hand_out(fresh.login, expires_at);
  publisher_.record(proof);
  if (!kind_.static_user) context_.metrics.credential_refreshed(name_, "done");
  settle();
  if (!fresh.lifetime && !fresh.refresh_within && proof != "proved") return std::nullopt;
  return after_success(fresh.refresh_within ? fresh.refresh_within : fresh.lifetime,
                       context_.random);
}

Keeper::Delay Keeper::bad_input(const SecretProblem& problem) {
  tell(problem.reason, fmt::format("Secret {}, the source of credential \"{}\", {}.",
                                   kind_.secret->name, name_, problem.what));
  uid_ = problem.uid;
  publisher_.record("invalid", problem.what);
  settle();
  return std::nullopt;
}

Keeper::Delay Keeper::failed(const iam::Refusal& refusal, const SecretString& input) {
  if (refusal.kind == Kind::kCanceled) return std::nullopt;
  ++failures_;
  const std::string outcome(iam::to_string(refusal.kind));
  if (!kind_.static_user) context_.metrics.credential_refreshed(name_, outcome);
  context_.log.warn("credential not proved", {{"credential", name_},
                                              {"source", kind_.name},
                                              {"outcome", outcome},
                                              {"failures", failures_},
                                              {"detail", refusal.message}});
  if (refusal.kind != Kind::kUnknown || failures_ >= kTellUnknownAfter) {
    tell(std::string(reason_of(refusal)),
         fmt::format("{} of credential \"{}\" is not good for use: {}.", subject(), name_,
                     refusal.message));
    publisher_.record(outcome, refusal.message);
  }
  const bool nobody_to_ask = refusal.kind == Kind::kUnknown && !publisher_.in_force();
  if (nobody_to_ask && kind_.static_user && context_.proof == config::Proof::kPreferred) {
    publisher_.hand_out({*kind_.static_user, input}, {});
    publisher_.record("unproved", refusal.message);
  }
  settle();
  return after_failure(refusal, failures_, context_.random);
}

/// Once for each message, until something has worked again.
void Keeper::tell(const std::string& reason, const std::string& message) {
  context_.metrics.source_refused(name_, reason);
  if (message == last_told_) return;
  last_told_ = message;
  plan::Problem problem;
  problem.reason = reason;
  problem.message =
      message + (publisher_.in_force()
                     ? " The last good value stays in force everywhere."
                     : " No namespace gets this credential until then; copies that exist "
                       "are kept.");
  context_.log.warn("source refused", {{"credential", name_},
                                       {"source", kind_.name},
                                       {"reason", reason},
                                       {"detail", problem.message}});
  context_.report(kind_.secret ? kind_.secret->name : std::string(), uid_, problem);
}

void Keeper::tell_trimmed() {
  if (std::exchange(told_trimmed_, true)) return;
  plan::Problem problem;
  problem.reason = std::string(plan::kSourceTrimmed);
  problem.message = fmt::format(
      "Secret {}, key \"{}\": white space around the credential (a line end, most likely) was "
      "removed before use. Nothing needs to be done.",
      kind_.secret->name, kind_.secret->key);
  problem.note = true;
  context_.log.info("white space around the credential removed",
                    {{"credential", name_}, {"secret", kind_.secret->name}});
  context_.report(kind_.secret->name, uid_, problem);
}

void Keeper::settle() {
  if (!settled_.exchange(true)) context_.on_settled();
}

/// How a message calls the source.
std::string Keeper::subject() const {
  return kind_.secret ? "Secret " + kind_.secret->name + ", the source" : "The " + kind_.name;
}

}  // namespace icrps::credentials
