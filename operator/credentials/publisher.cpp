#include "credentials/publisher.hpp"

#include "runtime/digest.hpp"

namespace icrps::credentials {

namespace {

constexpr std::size_t kWholeDigest = 64;

}  // namespace

std::string login_digest(const std::string& credential, const icr::Login& login) {
  return digest({"login", credential, login.username, login.password.reveal()}, kWholeDigest);
}

Publisher::Publisher(std::string credential, std::string source, SourceContext& context)
    : credential_(std::move(credential)), source_(std::move(source)), context_(context) {
  context_.metrics.set_credential_available(credential_, false);
}

bool Publisher::in_force() const {
  return context_.credentials.material(credential_) != nullptr;
}

bool Publisher::in_force(const icr::Login& login) const {
  const auto material = context_.credentials.material(credential_);
  return material && material->login() == login;
}

Status Publisher::recorded() const {
  return context_.status.get(credential_);
}

void Publisher::hand_out(const icr::Login& login, const std::optional<Life>& life) {
  auto revision = plan::revision_of(credential_, login);
  if (handed_out_ && handed_out_->revision() == revision) return;
  life_ = life.value_or(Life());
  context_.log.info("credential ready",
                    {{"credential", credential_}, {"source", source_}, {"revision", revision}});
  context_.metrics.set_credential_available(credential_, true);
  context_.metrics.set_credential_expiry(credential_, life_.expires_at);
  handed_out_ =
      std::make_shared<const plan::Material>(login, std::move(revision), life_.expires_at);
  context_.credentials.set(credential_, handed_out_);
}

void Publisher::inherit(const icr::Login& login, const Life& life) {
  hand_out(login, life);
  outcome_ = "proved";
  write(true);
}

void Publisher::record(const std::string& outcome, const std::string& message) {
  outcome_ = outcome;
  message_ = message;
  write(outcome == "proved");
  context_.metrics.credential_proof(credential_, outcome, context_.clock.wall());
}

void Publisher::record_renewal() {
  write(true);
  context_.metrics.credential_proof(credential_, "proved", context_.clock.wall());
}

void Publisher::doubt(const std::optional<Doubt>& doubt) {
  if (doubt_ == doubt) return;
  doubt_ = doubt;
  if (outcome_ == "proved") write(true);
}

void Publisher::write(bool proved) {
  auto status = context_.status.get(credential_);
  const auto now = context_.clock.wall();
  status.source = source_;
  if (handed_out_) {
    status.replaced_revision = before(status, handed_out_->revision());
    if (status.revision != handed_out_->revision()) status.since = now;
    status.revision = handed_out_->revision();
    status.expires_at = life_.expires_at;
    status.renew_at = life_.renew_at;
    status.made_from = life_.made_from;
    status.digest =
        life_.made_from.empty() ? std::string() : login_digest(credential_, handed_out_->login());
  }
  if (proved) status.proved_revision = status.revision;
  const bool doubted = outcome_ == "proved" && doubt_;
  status.proof = doubted ? doubt_->outcome : outcome_;
  status.proof_at = now;
  status.message = doubted ? doubt_->message : message_;
  context_.status.set(credential_, std::move(status));
}

void Publisher::remark(const std::string& message) {
  auto status = context_.status.get(credential_);
  status.source = source_;
  status.message = message.empty() && doubt_ ? doubt_->message : message;
  context_.status.set(credential_, std::move(status));
}

}  // namespace icrps::credentials
