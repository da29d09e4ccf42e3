#include "credentials/host_proofs.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::credentials {
namespace {

/// A host of which nothing is known may take this long before the others go on without it.
constexpr std::chrono::milliseconds kHostPatience{500};

}  // namespace

HostProofs::HostProofs(Subject subject, SourceContext& context, Publisher& publisher,
                       Channels channels)
    : subject_(std::move(subject)),
      context_(context),
      publisher_(publisher),
      channels_(std::move(channels)),
      asker_([this](const auto& host, const auto& login, const auto& image,
                    const auto& stop) { return context_.ask_host(host, login, image, stop); },
             context_.ask_side_by_side) {}

HostProofs::~HostProofs() {
  trial_round_.stop.request_stop();
  force_.stop.request_stop();
}

// Which places there are

void HostProofs::asked_for(const icr::Hosts& hosts) {
  if (context_.proof == config::Proof::kOff) return;
  {
    const std::lock_guard lock(mutex_);
    bool news = false;
    for (const auto& host : hosts) {
      if (asked_.insert(host).second) news = new_hosts_.insert(host).second || news;
    }
    if (!news) return;
  }
  woken_.notify_all();
  channels_.news();
}

/// What comes while the namespaces are gone through counts as new, so that nothing is overlooked.
std::optional<icr::Hosts> HostProofs::places() {
  {
    const std::lock_guard lock(mutex_);
    asked_.clear();
  }
  auto hosts = context_.hosts_to_prove(subject_.credential);
  if (!hosts) return std::nullopt;
  const std::lock_guard lock(mutex_);
  asked_.insert(hosts->begin(), hosts->end());
  return with_image(std::move(*hosts));
}

icr::Hosts HostProofs::with_image(icr::Hosts hosts) const {
  if (subject_.image) hosts.insert(image_place());
  return hosts;
}

/// A place of its own: what is said of an image says nothing of the host's other images.
std::string HostProofs::image_place() const {
  const auto& [host, image] = *subject_.image;
  return fmt::format("{}/{}@{}", host, image.repository, image.reference);
}

// Asking and hearing

Asker::Question HostProofs::question(const std::string& place, SharedLogin login) const {
  if (subject_.image && place == image_place()) {
    return {subject_.image->host, std::move(login), subject_.image->image};
  }
  return {place, std::move(login)};
}

void HostProofs::ask(const Round& round, About about, const icr::Hosts& places,
                     const SharedLogin& login) {
  for (const auto& place : places) {
    const auto heard = [this, id = round.id, about, place](const Answer& answer) {
      {
        const std::lock_guard lock(mutex_);
        mail_.push_back({id, about, place, answer});
      }
      woken_.notify_all();
      channels_.news();
    };
    asker_.ask(question(place, login), heard, round.stop.get_token());
  }
}

/// False: there was none.
bool HostProofs::take_mail() {
  std::vector<Heard> mail;
  icr::Hosts hosts;
  {
    const std::lock_guard lock(mutex_);
    mail.swap(mail_);
    hosts.swap(new_hosts_);
  }
  for (const auto& heard : mail) take(heard);
  if (!hosts.empty()) new_hosts(hosts);
  return !mail.empty() || !hosts.empty();
}

/// What was asked in a round that is over is heard by nobody.
void HostProofs::take(const Heard& heard) {
  if (trial_ && heard.round == trial_round_.id) {
    auto& place = trial_->places[heard.place];
    if (heard.about == About::kLogin) {
      place.answer = heard.answer;
    } else {
      place.in_force = heard.answer;
      note(heard.place, heard.answer, true);
    }
  } else if (heard.round == force_.id && heard.about == About::kLogin) {
    note(heard.place, heard.answer, false);
  }
}

/// With nothing in force yet, one of them may be the first to say yes.
void HostProofs::new_hosts(const icr::Hosts& hosts) {
  if (force_.login) book_.add(hosts, context_.clock.now());
  if (!trial_ || force_.login) return;
  icr::Hosts unasked;
  for (const auto& host : hosts) {
    if (trial_->places.try_emplace(host).second) unasked.insert(host);
  }
  if (unasked.empty()) return;
  judged_ = false;
  ask(trial_round_, About::kLogin, unasked, trial_round_.login);
}

/// `in_trial`: it was one of many who were asked about a new login, whose yes and silence are
/// counted and told as a whole.
void HostProofs::note(const std::string& place, const Answer& answer, bool in_trial) {
  const auto heard = book_.heard(place, answer, context_.clock.now(), context_.random);
  const auto wall = context_.clock.wall();
  const auto& name = subject_.credential;
  switch (heard.word) {
    case Word::kYes:
      if (in_trial || !heard.news) return;
      context_.metrics.credential_proof(name, "proved", wall);
      context_.log.info("credential proved at more hosts",
                        {{"credential", name}, {"hosts", place}});
      return;
    case Word::kNo:
      context_.metrics.source_refused(name, reason_of(answer.error()));
      context_.metrics.credential_proof(name, iam::to_string(answer.error().kind), wall);
      if (heard.news) tell(answer.error());
      return;
    case Word::kSilent:
      if (in_trial) return;
      context_.log.warn("some registries could not be asked",
                        {{"credential", name}, {"silent", place}});
  }
}

// A login that is to be handed out

void HostProofs::try_login(SharedLogin login, const icr::Hosts& places, Against against) {
  drop_trial();
  trial_.emplace();
  trial_->against = against;
  for (const auto& place : places) trial_->places[place].worked = book_.says_yes(place);
  trial_round_ = {.id = ++rounds_, .login = std::move(login), .stop = std::stop_source()};
  trial_since_ = context_.clock.now();
  judged_ = false;
  ask(trial_round_, About::kLogin, places, trial_round_.login);
}

void HostProofs::drop_trial() {
  if (!trial_) return;
  trial_round_.stop.request_stop();
  trial_.reset();
  compared_.clear();
}

std::optional<Verdict> HostProofs::hear() {
  while (true) {
    const bool more = take_mail();
    if (!trying()) {
      if (more) continue;
      return std::nullopt;
    }
    trial_->patience_over = context_.clock.now() >= trial_since_ + kHostPatience;
    auto verdict = verdict_of(*trial_);
    if (verdict.kind != Verdict::Kind::kWait) {
      judged_ = true;
      return verdict;
    }
    compare(verdict.compare);
    if (!more) return std::nullopt;
  }
}

/// At this moment, with the login in force.
void HostProofs::compare(const icr::Hosts& places) {
  icr::Hosts unasked;
  for (const auto& place : places) {
    if (compared_.insert(place).second) unasked.insert(place);
  }
  ask(trial_round_, About::kComparison, unasked, force_.login);
}

std::optional<HostProofs::Instant> HostProofs::patience_ends() const {
  if (!trying() || trial_->patience_over) return std::nullopt;
  return trial_since_ + kHostPatience;
}

Verdict HostProofs::await(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (auto verdict = hear()) return std::move(*verdict);
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, stop, kHostPatience,
                    [this] { return !mail_.empty() || !new_hosts_.empty(); });
  }
  iam::Refusal canceled;
  canceled.kind = iam::Refusal::Kind::kCanceled;
  return {Verdict::Kind::kUnknown, std::move(canceled)};
}

void HostProofs::take_over() {
  const auto trial = std::move(*trial_);
  trial_.reset();
  compared_.clear();
  force_.stop.request_stop();
  force_ = std::exchange(trial_round_, {});
  untracked_ = false;
  icr::Hosts pending;
  std::vector<std::string> silent;
  for (const auto& [place, said] : trial.places) {
    if (!said.answer) pending.insert(place);
    if (said.answer && word_of(*said.answer) == Word::kSilent) silent.push_back(place);
  }
  const auto now = context_.clock.now();
  {
    const std::lock_guard lock(mutex_);
    book_.track(with_image(asked_), now);
  }
  book_.another_login(pending, now);
  for (const auto& [place, said] : trial.places) {
    if (said.answer) note(place, *said.answer, true);
  }
  if (!silent.empty()) {
    context_.log.warn("some registries could not be asked",
                      {{"credential", subject_.credential},
                       {"asked", trial.places.size() - silent.size() - pending.size()},
                       {"silent", plan::join(silent, ",")}});
  }
  show_doubt();
}

// The login in force

void HostProofs::in_force(SharedLogin login, bool look) {
  force_.stop.request_stop();
  force_ = {.id = ++rounds_, .login = std::move(login), .stop = std::stop_source()};
  untracked_ = look;
}

std::optional<HostProofs::Instant> HostProofs::tend() {
  if (!force_.login || context_.proof == config::Proof::kOff) return patience_ends();
  const auto now = context_.clock.now();
  // Nobody may ask for it any more.
  if (untracked_ || book_.doubts_due(now)) {
    if (const auto all = places()) {
      book_.track(*all, now);
      untracked_ = false;
    }
  }
  ask(force_, About::kLogin, book_.take_due(now), force_.login);
  take_mail();
  show_doubt();
  const auto next = book_.next();
  const auto patience = patience_ends();
  if (!next || !patience) return next ? next : patience;
  return std::min(*next, *patience);
}

void HostProofs::tell(const iam::Refusal& refusal) const {
  plan::Problem problem;
  problem.reason = std::string(reason_of(refusal));
  problem.message = fmt::format(
      "{} of credential \"{}\" is not good for use at a host that namespaces ask for: {}. It stays "
      "in force, and nothing changes at the other hosts.",
      subject_.source, subject_.credential, refusal.message);
  context_.log.warn("credential refused at a host", {{"credential", subject_.credential},
                                                     {"reason", problem.reason},
                                                     {"detail", refusal.message}});
  channels_.tell(problem);
}

void HostProofs::show_doubt() {
  const auto* refusal = book_.first_no();
  if (refusal == nullptr) return publisher_.doubt(std::nullopt);
  publisher_.doubt(Publisher::Doubt{std::string(iam::to_string(refusal->kind)), refusal->message});
}

}  // namespace icrps::credentials
