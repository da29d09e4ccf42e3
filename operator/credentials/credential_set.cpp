#include "credentials/credential_set.hpp"

namespace icrps::credentials {

CredentialSet::CredentialSet(std::vector<std::string> names) : names_(std::move(names)) {}

std::shared_ptr<const plan::Material> CredentialSet::material(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = materials_.find(name);
  return found == materials_.end() ? nullptr : found->second;
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
