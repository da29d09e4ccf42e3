#include "provision/pure/removal.hpp"

#include <set>

namespace icrps::provision {

std::vector<Removal> removals_of(const iam::Identity& identity,
                                 const std::vector<iam::Policy>& policies,
                                 const std::vector<iam::KeyInfo>& keys) {
  std::vector<Removal> removals;
  std::set<SecretPlace> secrets;
  for (const auto& key : keys) {
    if (const auto secret = marked_secret(key.description)) secrets.insert(*secret);
  }
  for (const auto& secret : secrets) removals.push_back({Removal::Kind::kSecret, {}, secret});
  for (const auto& policy : policies) removals.push_back({Removal::Kind::kPolicy, policy.id, {}});
  for (const auto& key : keys) removals.push_back({Removal::Kind::kKey, key.id, {}});
  removals.push_back({Removal::Kind::kIdentity, identity.id, {}});
  return removals;
}

}  // namespace icrps::provision
