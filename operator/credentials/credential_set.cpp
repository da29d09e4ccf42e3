#include "credentials/credential_set.hpp"

#include "credentials/pure/delays.hpp"

namespace icrps::credentials {

CredentialSet::CredentialSet(std::vector<std::string> names, const Clock* clock)
    : names_(std::move(names)), clock_(clock) {}

std::shared_ptr<const plan::Material> CredentialSet::material(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(name);
  if (found == held_.end()) return nullptr;
  const auto& [material, usable_until] = found->second;
  return usable_until && clock_->now() >= *usable_until ? nullptr : material;
}

void CredentialSet::set(const std::string& name, std::shared_ptr<const plan::Material> material) {
  {
    const std::lock_guard lock(mutex_);
    auto& held = held_[name];
    if (held.material && held.material->revision() == material->revision()) return;
    held = {std::move(material), {}};
    if (const auto& end = held.material->expires_at(); clock_ != nullptr && end) {
      const auto left = std::chrono::floor<std::chrono::milliseconds>(*end - clock_->wall());
      held.usable_until = clock_->now() + left - unusable_before_expiry(left);
    }
  }
  if (on_change_) on_change_(name);
}

}  // namespace icrps::credentials
