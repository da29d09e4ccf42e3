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
      image_(iam::parse_image_reference(credential.probe_image)),
      context_(context),
      mint_(mint_api_key(icr::kApiKeyUser, iam)),
      publisher_(name_, "serviceId", context_),
      host_proofs_({name_, "The API key in force"}, context_, publisher_,
                   [this](const auto& problem) { context_.report(store_.secret(), {}, problem); }),
      manager_(manager_kind(source_, iam).mint, manager_input(source_), context_.clock),
      keys_(iam, {source_.iam_id, source_.account_id},
            {.get = [this](const std::stop_token& stop) { return manager_.get(stop); },
             .forget = [this] { manager_.forget(); }}),
      store_(context_.client, context_.own_namespace, name_),
      state_sink_(*this) {
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
            name_, *uid,
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

void RotatedSource::asked_for(const icr::Hosts& hosts) {
  if (!host_proofs_.asked_for(hosts)) return;
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
      [this](const icr::Login& login, const std::string& /*revision*/) {
        publisher_.hand_out(login, {});
        publisher_.record(context_.proof == config::Proof::kOff ? "unproved" : "proved");
      },
      [this](const std::string& revision) { return context_.rolled_out(name_, revision); },
      context_.clock,
      context_.random,
      context_.log,
      context_.metrics,
      context_.report,
      context_.on_settled,
      [this](const std::string& what) { publisher_.remark(what); },
      context_.failure_point,
      [this](const std::stop_token& stop) { return host_proofs_.check(stop); }};
}

tl::expected<void, iam::Refusal> RotatedSource::prove(const icr::Login& login,
                                                      const std::stop_token& stop) {
  if (context_.proof == config::Proof::kOff) return {};
  const auto minted = mint_(login.password, stop);
  if (!minted) return tl::unexpected(minted.error());
  const auto hosts = host_proofs_.vital(host_proofs_.hosts().value_or(icr::Hosts{}));
  const auto answers = context_.ask({login, hosts, image_}, stop);
  const auto proof = verdict_of(answers);
  if (!proof) return tl::unexpected(proof.error());
  host_proofs_.learn(answers);
  return {};
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
