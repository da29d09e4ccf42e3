#include "iam/pure/identities.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "iam/pure/json_scalars.hpp"
#include "iam/pure/listed.hpp"
#include "iam/pure/page_token.hpp"

namespace icrps::iam {
namespace {

void take_identity(Identity& identity, std::string_view field, Scalar& value) {
  if (field == "id") take(identity.id, value);
  if (field == "iam_id") take(identity.iam_id, value);
  if (field == "name") take(identity.name, value);
  if (field == "description") take(identity.description, value);
  if (field == "account_id") take(identity.account_id, value);
  if (field == "locked") take(identity.locked, value);
}

void take_link(ProfileLink& link, std::string_view field, Scalar& value) {
  if (field == "id") take(link.id, value);
  if (field == "cr_type") take(link.type, value);
  if (field == "link/crn") take(link.cluster, value);
  if (field == "link/namespace") take(link.ns, value);
  if (field == "link/name") take(link.account, value);
}

}  // namespace

std::string_view to_string(IdentityKind kind) {
  return kind == IdentityKind::kServiceId ? "service ID" : "trusted profile";
}

std::optional<IdentityPage> read_identity_page(IdentityKind kind, std::string_view body) {
  auto listed = read_list<Identity>(
      body, kind == IdentityKind::kServiceId ? "serviceids" : "profiles", take_identity);
  if (!listed) return std::nullopt;
  for (auto& identity : listed->entries) {
    if (identity.id.empty() || identity.iam_id.empty()) return std::nullopt;
    identity.kind = kind;
  }
  auto next = next_page(listed->link);
  if (!next) return std::nullopt;
  return IdentityPage{std::move(listed->entries), std::move(*next)};
}

std::optional<Identity> read_identity(IdentityKind kind, std::string_view body) {
  Identity identity;
  identity.kind = kind;
  const bool json = read_scalars(body, {.leaf = [&](std::string_view path, Scalar&& value) {
                                   take_identity(identity, path, value);
                                 }});
  if (!json || identity.id.empty() || identity.iam_id.empty()) return std::nullopt;
  return identity;
}

std::optional<std::vector<ProfileLink>> read_profile_links(std::string_view body) {
  auto listed = read_list<ProfileLink>(body, "links", take_link);
  if (!listed) return std::nullopt;
  return std::move(listed->entries);
}

std::string profile_link_json(const ProfileLink& link, std::string_view name) {
  const nlohmann::json body{
      {"name", name},
      {"cr_type", link.type},
      {"link", {{"crn", link.cluster}, {"namespace", link.ns}, {"name", link.account}}}};
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<KeyDetails> read_key_details(std::string_view body) {
  KeyDetails details;
  const bool json = read_scalars(body, {.leaf = [&](std::string_view path, Scalar&& value) {
                                   if (path == "id") take(details.id, value);
                                   if (path == "iam_id") take(details.iam_id, value);
                                   if (path == "account_id") take(details.account_id, value);
                                   if (path == "disabled") take(details.disabled, value);
                                 }});
  if (!json || details.id.empty() || details.iam_id.empty()) return std::nullopt;
  return details;
}

}  // namespace icrps::iam
