#include "provision/pure/access_table.hpp"

#include <algorithm>
#include <tuple>

#include "provision/pure/marks.hpp"
#include "provision/pure/place.hpp"
#include "provision/pure/words.hpp"

namespace icrps::provision {
namespace {

/// What the roles of a policy are good for at the registry; empty: nothing.
std::string may_do(const iam::Policy& policy) {
  bool pulls = false;
  bool pushes = false;
  for (const auto& crn : policy.roles) {
    // Platform roles (":role:Administrator") manage access and open no image.
    if (crn.find(":serviceRole:") == std::string::npos) continue;
    const auto role = role_name(crn);
    pulls = pulls || role == "Reader" || role == "Writer" || role == "Manager";
    pushes = pushes || role == "Writer" || role == "Manager";
  }
  if (pushes) return "pull, push";
  return pulls ? "pull" : "";
}

void name_subject(AccessRow& row, const iam::Policy& policy,
                  const std::vector<iam::Identity>& identities) {
  if (policy.iam_id.empty()) {
    row.kind = "access group";
    row.who = policy.access_group_id.empty() ? "?" : policy.access_group_id;
    return;
  }
  row.who = policy.iam_id;
  row.kind = "user";
  if (policy.iam_id.starts_with("iam-ServiceId-")) row.kind = "service ID";
  if (policy.iam_id.starts_with("iam-Profile-")) row.kind = "trusted profile";
  const auto found =
      std::find_if(identities.begin(), identities.end(),
                   [&](const iam::Identity& one) { return one.iam_id == policy.iam_id; });
  if (found == identities.end()) return;
  row.who = found->name;
  row.kind = iam::to_string(found->kind);
  row.made_for = marked_name(found->description).value_or("");
}

std::string or_all(const std::string& text) {
  return text.empty() ? "*" : text;
}

}  // namespace

std::vector<AccessRow> access_rows(const std::vector<iam::Policy>& policies,
                                   const std::vector<iam::Identity>& identities) {
  std::vector<AccessRow> rows;
  for (const auto& policy : policies) {
    const auto place = place_of(policy.resource);
    AccessRow row;
    row.may = may_do(policy);
    if (!place || row.may.empty()) continue;
    name_subject(row, policy, identities);
    row.ns = or_all(place->ns);
    row.region = or_all(place->region);
    if (policy.conditional || policy.resource.contains("resourceGroupId")) {
      row.condition = "conditional";
    }
    row.policy = policy.id;
    rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(), [](const AccessRow& a, const AccessRow& b) {
    return std::tie(a.who, a.ns, a.region, a.policy) < std::tie(b.who, b.ns, b.region, b.policy);
  });
  return rows;
}

}  // namespace icrps::provision
