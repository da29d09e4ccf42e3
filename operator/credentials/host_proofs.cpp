#include "credentials/host_proofs.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "credentials/attempt_schedule.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::credentials {
namespace {

using std::chrono::milliseconds;
using Kind = iam::Refusal::Kind;

/// A host that nobody can reach from here (a private one, most likely) is left alone after that
/// until the whole credential is proved again.
constexpr unsigned kMostTriesOfSilent = 3;

bool says_yes(const HostAnswer& one) {
  return one.answer.has_value();
}

bool is_silent(const HostAnswer& one) {
  return !one.answer && one.answer.error().kind == Kind::kUnknown;
}

std::vector<std::string> those(const HostAnswers& answers, bool (*which)(const HostAnswer&)) {
  std::vector<std::string> hosts;
  for (const auto& one : answers) {
    if (which(one)) hosts.push_back(one.host);
  }
  return hosts;
}

}  // namespace

std::string_view reason_of(const iam::Refusal& refusal) {
  switch (refusal.kind) {
    case Kind::kRefused:
    case Kind::kNotFound:
      return plan::kSourceRefused;
    case Kind::kPolicy:
    case Kind::kLimit:
      return plan::kPolicyRefused;
    default:
      return plan::kSourceUnproved;
  }
}

HostProofs::HostProofs(Subject subject, SourceContext& context, Publisher& publisher, Tell tell)
    : subject_(std::move(subject)),
      context_(context),
      publisher_(publisher),
      tell_(std::move(tell)) {}

bool HostProofs::asked_for(const icr::Hosts& hosts) {
  if (context_.proof == config::Proof::kOff) return false;
  const std::lock_guard lock(mutex_);
  const auto before = asked_.size();
  asked_.insert(hosts.begin(), hosts.end());
  return asked_.size() > before;
}

/// What comes while the namespaces are gone through counts as new, so that nothing is overlooked.
std::optional<icr::Hosts> HostProofs::hosts() {
  {
    const std::lock_guard lock(mutex_);
    asked_.clear();
  }
  auto hosts = context_.hosts_to_prove(subject_.credential);
  if (hosts) {
    const std::lock_guard lock(mutex_);
    asked_.insert(hosts->begin(), hosts->end());
  }
  return hosts;
}

icr::Hosts HostProofs::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

icr::Hosts HostProofs::vital(const icr::Hosts& hosts) const {
  if (!publisher_.in_force()) return hosts;
  icr::Hosts undoubted = hosts;
  std::erase_if(undoubted, [&](const auto& host) { return doubts_.contains(host); });
  return undoubted.empty() ? hosts : undoubted;
}

void HostProofs::learn(const HostAnswers& answers) {
  drop_what_nobody_asks_for();
  for (auto& [host, doubt] : doubts_) doubt.due = context_.clock.now();
  take(answers);
  show_doubt();
}

void HostProofs::drop_what_nobody_asks_for() {
  const auto still = asked();
  std::erase_if(good_, [&](const auto& host) { return !still.contains(host); });
  std::erase_if(doubts_, [&](const auto& entry) { return !still.contains(entry.first); });
}

/// What was good once stays so while it is silent.
void HostProofs::take(const HostAnswers& answers) {
  for (const auto& [host, answer] : answers) {
    if (answer) {
      good_.insert(host);
      doubts_.erase(host);
    } else if (answer.error().kind != Kind::kCanceled && !good_.contains(host)) {
      doubt(host, answer.error());
    }
  }
}

HostProofs::Delay HostProofs::check(const std::stop_token& stop) {
  const auto material = context_.credentials.material(subject_.credential);
  if (!material) return std::nullopt;  // the next value is asked about everywhere
  auto due = due_hosts();
  if (std::any_of(due.begin(), due.end(),
                  [&](const auto& host) { return doubts_.contains(host); })) {
    hosts();  // nobody may ask for it any more
    drop_what_nobody_asks_for();
    due = due_hosts();
  }
  if (!due.empty()) note(context_.ask({material->login(), due, {}, true}, stop));
  show_doubt();
  return until_next();
}

HostProofs::Delay HostProofs::until_next() const {
  std::optional<Clock::Instant> first;
  for (const auto& [host, doubt] : doubts_) {
    if (doubt.due && (!first || *doubt.due < *first)) first = doubt.due;
  }
  if (!first) return std::nullopt;
  const auto left = std::chrono::ceil<milliseconds>(*first - context_.clock.now());
  return std::max(left, milliseconds(0));
}

icr::Hosts HostProofs::due_hosts() const {
  icr::Hosts due;
  for (const auto& host : asked()) {
    if (good_.contains(host)) continue;
    const auto doubt = doubts_.find(host);
    const bool is_new = doubt == doubts_.end();
    if (is_new || (doubt->second.due && *doubt->second.due <= context_.clock.now())) {
      due.insert(host);
    }
  }
  return due;
}

void HostProofs::note(const HostAnswers& answers) {
  take(answers);
  const auto good = those(answers, says_yes);
  if (!good.empty()) {
    context_.log.info("credential proved at more hosts",
                      {{"credential", subject_.credential}, {"hosts", plan::join(good, ",")}});
  }
  if (const auto silent = those(answers, is_silent); !silent.empty()) {
    context_.log.warn("some registries could not be asked",
                      {{"credential", subject_.credential},
                       {"asked", answers.size() - silent.size()},
                       {"silent", plan::join(silent, ",")}});
  }
  count(answers);
}

void HostProofs::doubt(const std::string& host, const iam::Refusal& refusal) {
  auto& doubt = doubts_[host];
  ++doubt.failures;
  const bool silent = refusal.kind == Kind::kUnknown;
  doubt.due.reset();
  if (!silent || doubt.failures < kMostTriesOfSilent) {
    doubt.due = context_.clock.now() + after_failure(refusal, doubt.failures, context_.random);
  }
  if (silent) return;
  const bool told = doubt.no && doubt.no->message == refusal.message;
  doubt.no = refusal;
  context_.metrics.source_refused(subject_.credential, reason_of(refusal));
  if (!told) tell(refusal);
}

void HostProofs::tell(const iam::Refusal& refusal) const {
  plan::Problem problem;
  problem.reason = std::string(reason_of(refusal));
  problem.message = fmt::format(
      "{} of credential \"{}\" is not good for use at a host that namespaces ask for: {}. It stays "
      "in force, and nothing changes at the other hosts.",
      subject_.source, subject_.credential, refusal.message);
  context_.log.warn("credential refused at a host that was asked for later",
                    {{"credential", subject_.credential},
                     {"reason", problem.reason},
                     {"detail", refusal.message}});
  tell_(problem);
}

/// Silence is no answer.
void HostProofs::count(const HostAnswers& answers) const {
  const auto no = std::find_if(answers.begin(), answers.end(), is_no);
  const bool yes = std::any_of(answers.begin(), answers.end(), says_yes);
  const auto now = context_.clock.wall();
  auto& metrics = context_.metrics;
  if (no != answers.end()) {
    metrics.credential_proof(subject_.credential, iam::to_string(no->answer.error().kind), now);
  } else if (yes) {
    metrics.credential_proof(subject_.credential, "proved", now);
  }
}

void HostProofs::show_doubt() {
  const auto refused = std::find_if(doubts_.begin(), doubts_.end(),
                                    [](const auto& entry) { return entry.second.no.has_value(); });
  if (refused == doubts_.end()) return publisher_.doubt(std::nullopt);
  const auto& refusal = *refused->second.no;
  publisher_.doubt(Publisher::Doubt{std::string(iam::to_string(refusal.kind)), refusal.message});
}

}  // namespace icrps::credentials
