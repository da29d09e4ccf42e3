// What IAM's API for policies (v2) and roles answers, and what it is asked. Pure.
//
// Source: IBM's platform-services-go-sdk (iampolicymanagementv1); that the details of a conflict
// hold a whole policy is from answers that people showed, the SDK has the id there.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace icrps::iam {

/// What a policy is about: attributes that must all be equal. "serviceName" → "container-registry".
using Attributes = std::map<std::string, std::string>;

/// An access policy.
struct Policy {
  std::string id;
  std::string etag;  ///< of an answer about this one alone; a change needs it
  std::string description;
  std::string iam_id;           ///< whose it is; empty: not one identity's
  std::string access_group_id;  ///< or this group's
  Attributes resource;
  std::set<std::string> roles;  ///< CRNs
  /// It has conditions that are not in `resource`: a time, a tag, a pattern, another comparison.
  bool conditional = false;
};

struct PolicyPage {
  std::vector<Policy> policies;
  std::string next;  ///< the `start` of the next page, encoded; empty: this is the last
};

/// Nothing: not such an answer at all, or a policy without an id.
[[nodiscard]] std::optional<PolicyPage> read_policy_page(std::string_view body);
[[nodiscard]] std::optional<Policy> read_policy(std::string_view body);
/// The id of the policy that a 409 says is there already.
[[nodiscard]] std::optional<std::string> read_conflicting_policy(std::string_view body);

/// The body of a policy for one identity.
[[nodiscard]] std::string policy_json(const Policy& policy);

struct Role {
  std::string crn;
  std::string name;  ///< in English: "Reader"
  std::set<std::string> actions;
};

/// The roles of a service and the platform's; nothing: not such an answer.
[[nodiscard]] std::optional<std::vector<Role>> read_roles(std::string_view body);

}  // namespace icrps::iam
