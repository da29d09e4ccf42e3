// Who may pull and push what: policies as rows. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "iam/pure/identities.hpp"
#include "iam/pure/policies.hpp"

namespace icrps::provision {

struct AccessRow {
  std::string who;        ///< a name, or an IAM id that has none here
  std::string kind;       ///< "service ID", "trusted profile", "user", "access group"
  std::string may;        ///< "pull", "pull, push"
  std::string ns;         ///< of the registry; "*": all
  std::string region;     ///< "us-south", "global"; "*": all
  std::string made_for;   ///< NAME of `provision`; or empty
  std::string condition;  ///< "conditional" when there is more to it; or empty
  std::string policy;     ///< id
};

/// Those that open the registry, sorted. Roles that let nobody pull or push are left out.
[[nodiscard]] std::vector<AccessRow> access_rows(const std::vector<iam::Policy>& policies,
                                                 const std::vector<iam::Identity>& identities);

}  // namespace icrps::provision
