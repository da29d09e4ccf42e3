#include "credentials/publisher.hpp"

namespace icrps::credentials {

Publisher::Publisher(std::string credential, std::string source, SourceContext& context)
    : credential_(std::move(credential)), source_(std::move(source)), context_(context) {
  context_.metrics.set_credential_available(credential_, false);
}

bool Publisher::in_force() const {
  return context_.credentials.material(credential_) != nullptr;
}

std::string Publisher::proved_before() const {
  return context_.status.get(credential_).proved_revision;
}

void Publisher::hand_out(const icr::Login& login, std::optional<WallTime> expires_at) {
  auto revision = plan::revision_of(credential_, login);
  const auto before = context_.credentials.material(credential_);
  if (before && before->revision() == revision) return;
  context_.log.info("credential ready",
                    {{"credential", credential_}, {"source", source_}, {"revision", revision}});
  context_.metrics.set_credential_available(credential_, true);
  context_.metrics.set_credential_expiry(credential_, expires_at);
  context_.credentials.set(
      credential_, std::make_shared<const plan::Material>(login, std::move(revision), expires_at));
}

void Publisher::record(const std::string& outcome, const std::string& message) {
  outcome_ = outcome;
  message_ = message;
  write();
  context_.metrics.credential_proof(credential_, outcome, context_.clock.wall());
}

void Publisher::doubt(const std::optional<Doubt>& doubt) {
  if (doubt_ == doubt) return;
  doubt_ = doubt;
  if (outcome_ == "proved") write();
}

void Publisher::write() {
  auto status = context_.status.get(credential_);
  const auto now = context_.clock.wall();
  status.source = source_;
  if (const auto material = context_.credentials.material(credential_)) {
    if (status.revision != material->revision()) status.since = now;
    status.revision = material->revision();
    status.expires_at = material->expires_at();
  }
  const bool proved = outcome_ == "proved";
  if (proved) status.proved_revision = status.revision;
  const bool doubted = proved && doubt_;
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
