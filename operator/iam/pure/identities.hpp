// What IAM answers about service IDs, trusted profiles and their links. Pure.
//
// Source: IBM's platform-services-go-sdk (iamidentityv1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace icrps::iam {

enum class IdentityKind { kServiceId, kTrustedProfile };

/// "service ID", "trusted profile".
[[nodiscard]] std::string_view to_string(IdentityKind kind);

struct Identity {
  IdentityKind kind = IdentityKind::kServiceId;
  std::string id;      ///< "ServiceId-…", "Profile-…"
  std::string iam_id;  ///< "iam-ServiceId-…": what policies and keys name
  std::string name;    ///< not unique for service IDs
  std::string description;
  std::string account_id;
  bool locked = false;  ///< no policy and no key of it can be made or changed
};

struct IdentityPage {
  std::vector<Identity> identities;
  std::string next;  ///< the `pagetoken` of the next page, encoded; empty: this is the last
};

/// Nothing: not such an answer at all, or an identity without an id.
[[nodiscard]] std::optional<IdentityPage> read_identity_page(IdentityKind kind,
                                                             std::string_view body);
[[nodiscard]] std::optional<Identity> read_identity(IdentityKind kind, std::string_view body);

/// Which service account of which cluster gets tokens of a trusted profile.
struct ProfileLink {
  std::string id;
  std::string type;     ///< "IKS_SA", "ROKS_SA"
  std::string cluster;  ///< CRN
  std::string ns;
  std::string account;  ///< the service account's name
};
[[nodiscard]] std::optional<std::vector<ProfileLink>> read_profile_links(std::string_view body);
[[nodiscard]] std::string profile_link_json(const ProfileLink& link, std::string_view name);

/// What IAM says about the holder of an API key.
struct KeyDetails {
  std::string id;
  std::string iam_id;
  std::string account_id;
  bool disabled = false;
};
[[nodiscard]] std::optional<KeyDetails> read_key_details(std::string_view body);

}  // namespace icrps::iam
