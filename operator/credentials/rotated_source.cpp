#include "credentials/rotated_source.hpp"

#include <thread>

#include "credentials/source_factory.hpp"

namespace icrps::credentials {
namespace {

/// A trusted profile needs no input.
std::optional<SecretInput> manager_input(const config::ServiceIdSource& source) {
  if (std::holds_alternative<config::TrustedProfileSource>(source.manager)) return SecretValue{};
  return std::nullopt;
}

}  // namespace

RotatedSource::RotatedSource(const config::Credential& credential, iam::Client& iam,
                             SourceContext& context)
    : name_(credential.name),
      source_(std::get<config::ServiceIdSource>(credential.source)),
      context_(context),
      mint_(mint_api_key(icr::kApiKeyUser, iam)),
      publisher_(name_, "serviceId", context_),
      manager_(manager_kind(source_, iam).mint, manager_input(source_), context_.clock),
      keys_(iam, {source_.iam_id, source_.account_id},
            {.get = [this](const std::stop_token& stop) { return manager_.get(stop); },
             .forget = [this] { manager_.forget(); }}),
      store_(context_.client, context_.own_namespace, name_),
      state_sink_(*this),
      host_proofs_(
          {name_, "The API key in force", iam::parse_image_reference(credential.probe_image)},
          context_, publisher_,
          {.tell = [this](const auto& problem) { context_.report(store_.secret(), {}, problem); },
           .news = [this] { wake(); }}) {
  if (const auto* key = std::get_if<config::ApiKeySource>(&source_.manager)) {
    manager_feed_.emplace(key->secret_ref, icr::parse_api_key,
                          [this](SecretInput input) { manager_changed(std::move(input)); });
  }
}

void RotatedSource::run(std::stop_token stop) {
  std::jthread manager_watch;
  if (manager_feed_) {
    manager_watch = std::jthread(
        [this, stop] { context_.watch(manager_feed_->reference().name, *manager_feed_, stop); });
  }
  const auto uid = wait_for_uid(stop);
  if (!uid) return;
  rotation::Rotation* running = nullptr;
  {
    const std::lock_guard lock(mutex_);
    rotation_ = std::make_unique<rotation::Rotation>(
        rotation::Rotation::Settings{
            name_,
            *uid,
            {source_.iam_id, source_.account_id},
            rotation::terms_of({source_.rotate_every, source_.overlap, source_.propagation})},
        environment());
    running = rotation_.get();
  }
  const std::jthread state_watch(
      [this, stop] { context_.watch(store_.secret(), state_sink_, stop); });
  running->run(stop);
}

bool RotatedSource::settled() const {
  const std::lock_guard lock(mutex_);
  return rotation_ && rotation_->settled();
}

void RotatedSource::poke() {
  {
    const std::lock_guard lock(mutex_);
    poked_ = true;
    if (rotation_) rotation_->poke();
  }
  wake_.notify_all();
}

void RotatedSource::wake() {
  const std::lock_guard lock(mutex_);
  if (rotation_) rotation_->poke();
}

std::optional<std::string> RotatedSource::wait_for_uid(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    lock.unlock();
    auto uid = context_.own_namespace_uid();
    lock.lock();
    if (uid) return uid;
    wake_.wait(lock, stop, [this] { return poked_; });
    poked_ = false;
  }
  return std::nullopt;
}

rotation::Rotation::Environment RotatedSource::environment() {
  return {
      keys_,
      store_,
      [this](const icr::Login& login, const std::stop_token& stop) { return prove(login, stop); },
      [this](const icr::Login& login, const std::string& /*revision*/) { publish(login); },
      [this](const std::string& revision) { return context_.rolled_out(name_, revision); },
      context_.clock,
      context_.random,
      context_.log,
      context_.metrics,
      context_.report,
      context_.on_settled,
      [this](const std::string& what) { publisher_.remark(what); },
      context_.failure_point,
      [this](const std::stop_token& /*stop*/) { return tend_hosts(); }};
}

tl::expected<void, iam::Refusal> RotatedSource::prove(const icr::Login& login,
                                                      const std::stop_token& stop) {
  // In every mode: without IAM there are no keys to look after.
  const auto minted = mint_(login.password, stop);
  if (!minted) return tl::unexpected(minted.error());
  if (context_.proof == config::Proof::kOff) return {};
  host_proofs_.try_login(std::make_shared<const icr::Login>(login),
                         host_proofs_.places().value_or(icr::Hosts{}), against(login));
  auto verdict = host_proofs_.await(stop);
  if (verdict.kind == Verdict::Kind::kHandOut) {
    host_proofs_.take_over();
    return {};
  }
  host_proofs_.drop_trial();
  return tl::unexpected(std::move(*verdict.why));
}

Against RotatedSource::against(const icr::Login& login) const {
  const bool other = host_proofs_.knows_one_in_force() && !host_proofs_.is_in_force(login);
  return other ? Against::kLasting : Against::kNothing;
}

void RotatedSource::publish(const icr::Login& login) {
  publisher_.hand_out(login);
  publisher_.record(context_.proof == config::Proof::kOff ? "unproved" : "proved");
  // One that an earlier process proved: there may be hosts that have never been asked.
  if (!host_proofs_.is_in_force(login)) {
    host_proofs_.in_force(std::make_shared<const icr::Login>(login), true);
  }
}

std::optional<std::chrono::milliseconds> RotatedSource::tend_hosts() {
  host_proofs_.hear();
  const auto next = host_proofs_.tend();
  if (!next) return std::nullopt;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - context_.clock.now());
  return std::max(left, std::chrono::milliseconds(0));
}

void RotatedSource::state_changed() {
  const std::lock_guard lock(mutex_);
  if (rotation_) rotation_->state_changed();
}

void RotatedSource::manager_changed(SecretInput input) {
  manager_.offer(std::move(input));
  const std::lock_guard lock(mutex_);
  if (rotation_) rotation_->manager_changed();
}

}  // namespace icrps::credentials
