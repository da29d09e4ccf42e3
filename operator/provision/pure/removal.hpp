// What `deprovision` takes away of one identity, in order. Pure.
#pragma once

#include <string>
#include <vector>

#include "iam/pure/identities.hpp"
#include "iam/pure/keys.hpp"
#include "iam/pure/policies.hpp"
#include "provision/pure/marks.hpp"

namespace icrps::provision {

struct Removal {
  enum class Kind {
    kSecret,  ///< `secret`; before its key, so that nobody is left with a key that is gone
    kPolicy,  ///< of an identity that is gone it would stay for ever
    kKey,     ///< with the identity they would go as well; so a run that stops here has ended them
    kIdentity,  ///< last: by it the rest is found again
  };
  Kind kind = Kind::kIdentity;
  std::string id{};
  SecretPlace secret{};
};

/// Secrets are those that the identity's keys were made for.
[[nodiscard]] std::vector<Removal> removals_of(const iam::Identity& identity,
                                               const std::vector<iam::Policy>& policies,
                                               const std::vector<iam::KeyInfo>& keys);

}  // namespace icrps::provision
