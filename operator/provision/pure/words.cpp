#include "provision/pure/words.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "provision/pure/place.hpp"

namespace icrps::provision {
namespace {

constexpr int kConflict = 409;

std::string name_of(const SecretPlace& secret) {
  return fmt::format("{}/{}", secret.ns, secret.name);
}

std::string describe_policy_step(const Step& step, const Holdings& held) {
  const auto found = std::find_if(held.policies.begin(), held.policies.end(),
                                  [&](const iam::Policy& policy) { return policy.id == step.id; });
  const auto now = found == held.policies.end() ? std::string("?") : describe(*found);
  if (step.kind == Step::Kind::kRevoke) return fmt::format("- policy {} ({})", now, step.id);
  return fmt::format("~ policy {} ({}): was {}", step.grant.text, step.id, now);
}

std::string_view verb_of(Doing doing) {
  switch (doing) {
    case Doing::kReadKey:
      return "looking up whose the key is";
    case Doing::kListIdentities:
      return "listing service IDs and trusted profiles";
    case Doing::kMakeIdentity:
      return "making the service ID or trusted profile";
    case Doing::kDeleteIdentity:
      return "deleting the service ID or trusted profile";
    case Doing::kLink:
      return "linking the trusted profile to the cluster";
    case Doing::kRoles:
      return "looking up roles";
    case Doing::kListPolicies:
      return "listing policies";
    case Doing::kPolicy:
      return "writing a policy";
    case Doing::kListKeys:
      return "listing API keys";
    case Doing::kMakeKey:
      return "making an API key";
    case Doing::kDeleteKey:
      return "deleting an API key";
  }
  return "asking IAM";
}

/// What the key that asked needs to be allowed to do this.
std::string_view missing_role(Doing doing) {
  switch (doing) {
    case Doing::kReadKey:
    case Doing::kListIdentities:
      return "Viewer on the IAM Identity service (iam-identity)";
    case Doing::kMakeIdentity:
      return "Service ID creator on the IAM Identity service (iam-identity), as this account "
             "restricts who makes service IDs; for a trusted profile: Administrator there";
    case Doing::kDeleteIdentity:
      return "Administrator on the service ID or trusted profile (service iam-identity)";
    case Doing::kLink:
      return "Administrator on the trusted profile (service iam-identity)";
    case Doing::kRoles:
    case Doing::kListPolicies:
      return "Viewer on Container Registry (container-registry)";
    case Doing::kPolicy:
      return "Administrator on Container Registry (container-registry), for that registry "
             "namespace and region at least";
    case Doing::kListKeys:
      return "Viewer on the service ID (service iam-identity)";
    case Doing::kMakeKey:
      return "Operator on the service ID (service iam-identity), and where the account restricts "
             "the creation of API keys User API key creator there";
    case Doing::kDeleteKey:
      return "Operator on the service ID (service iam-identity)";
  }
  return "";
}

bool writes(Doing doing) {
  return doing == Doing::kPolicy || doing == Doing::kMakeKey || doing == Doing::kDeleteKey ||
         doing == Doing::kDeleteIdentity;
}

}  // namespace

std::string describe(const Step& step, const Wish& wish, const Holdings& held) {
  switch (step.kind) {
    case Step::Kind::kClaimSecret:
      return fmt::format("{} Secret {}: a note that this began", held.secret.exists ? '~' : '+',
                         name_of(*wish.secret));
    case Step::Kind::kMakeIdentity:
      return fmt::format("+ {} {}", iam::to_string(wish.kind), wish.name);
    case Step::Kind::kLinkCluster:
      return fmt::format("+ link to service account {}/{} of {}", wish.link->ns, wish.link->account,
                         wish.link->cluster);
    case Step::Kind::kGrant:
      return fmt::format("+ policy {}", step.grant.text);
    case Step::Kind::kChangeRole:
    case Step::Kind::kRevoke:
      return describe_policy_step(step, held);
    case Step::Kind::kDropKey:
      return fmt::format("- API key {}: it is not in the Secret", step.id);
    case Step::Kind::kMakeKey:
      return fmt::format("+ API key of {}", wish.name);
    case Step::Kind::kStoreKey:
      return fmt::format("~ Secret {}: the new API key", name_of(*wish.secret));
  }
  return {};
}

std::string describe(const Removal& removal, const iam::Identity& identity) {
  switch (removal.kind) {
    case Removal::Kind::kSecret:
      return fmt::format("- Secret {}", name_of(removal.secret));
    case Removal::Kind::kPolicy:
      return fmt::format("- policy {}", removal.id);
    case Removal::Kind::kKey:
      return fmt::format("- API key {}", removal.id);
    case Removal::Kind::kIdentity:
      return fmt::format("- {} {} ({})", iam::to_string(identity.kind), identity.name, identity.id);
  }
  return {};
}

std::string explain(Doing doing, const iam::Refusal& refusal) {
  std::string text = fmt::format("{}: {}", verb_of(doing), refusal.message);
  if (refusal.kind == iam::Refusal::Kind::kPolicy) {
    text += fmt::format(". Whose key this is needs the role {}", missing_role(doing));
  } else if (refusal.status == kConflict && writes(doing)) {
    text += ". Is the service ID or the key locked? See ibmcloud iam service-ids";
  } else if (refusal.kind == iam::Refusal::Kind::kLimit) {
    text += ". Delete a key of it that nobody uses: ibmcloud iam service-api-keys NAME";
  }
  return text;
}

std::string role_name(const std::string& crn) {
  return crn.substr(crn.rfind(':') + 1);
}

std::string describe(const iam::Policy& policy) {
  std::string roles;
  for (const auto& crn : policy.roles) roles += (roles.empty() ? "" : ", ") + role_name(crn);
  const auto place = place_of(policy.resource);
  return fmt::format("{} on {}", roles, place ? to_string(*place) : "another service");
}

}  // namespace icrps::provision
