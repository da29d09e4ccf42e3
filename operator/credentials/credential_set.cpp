#include "credentials/credential_set.hpp"

#include "credentials/attempt_schedule.hpp"

namespace icrps::credentials {

CredentialSet::CredentialSet(std::vector<std::string> names, const Clock* clock)
    : names_(std::move(names)), clock_(clock) {}

std::shared_ptr<const plan::Material> CredentialSet::material(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = materials_.find(name);
  if (found == materials_.end()) return nullptr;
  const auto& expires_at = found->second->expires_at();
  if (clock_ != nullptr && expires_at && clock_->wall() + kUnusableBeforeExpiry >= *expires_at) {
    return nullptr;
  }
  return found->second;
}

void CredentialSet::set(const std::string& name, std::shared_ptr<const plan::Material> material) {
  {
    const std::lock_guard lock(mutex_);
    auto& current = materials_[name];
    if (current && current->revision() == material->revision()) return;
    current = std::move(material);
  }
  if (on_change_) on_change_(name);
}

}  // namespace icrps::credentials
