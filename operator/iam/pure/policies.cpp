#include "iam/pure/policies.hpp"

#include <nlohmann/json.hpp>

#include "http/percent.hpp"
#include "iam/pure/page_token.hpp"

namespace icrps::iam {
namespace {

using Tree = nlohmann::json;

constexpr std::string_view kEquals = "stringEquals";

Tree parse_tree(std::string_view body) {
  return Tree::parse(body, nullptr, /*allow_exceptions=*/false);
}

/// The text of a member, or "".
std::string text_at(const Tree& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// A member, or null.
const Tree& member(const Tree& object, const char* name) {
  static const Tree nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found != object.end() ? *found : nothing;
}

/// Adds the attributes that are compared as they are. False: there are others.
bool add_attributes(Attributes& attributes, const Tree& list) {
  bool plain = true;
  for (const auto& entry : list) {
    const auto key = text_at(entry, "key");
    const auto& value = member(entry, "value");
    const bool equals = text_at(entry, "operator") == kEquals && value.is_string();
    if (equals && !key.empty()) attributes[key] = value.get<std::string>();
    plain = plain && equals;
  }
  return plain;
}

std::optional<Policy> policy_of(const Tree& tree) {
  Policy policy;
  policy.id = text_at(tree, "id");
  if (policy.id.empty()) return std::nullopt;
  policy.description = text_at(tree, "description");
  Attributes subject;
  const bool plain_subject = add_attributes(subject, member(member(tree, "subject"), "attributes"));
  policy.iam_id = subject["iam_id"];
  policy.access_group_id = subject["access_group_id"];
  const auto& resource = member(tree, "resource");
  const bool plain = add_attributes(policy.resource, member(resource, "attributes"));
  policy.conditional = !plain || !plain_subject || !member(resource, "tags").empty() ||
                       !member(tree, "rule").empty() || !member(tree, "pattern").empty();
  for (const auto& role : member(member(member(tree, "control"), "grant"), "roles")) {
    policy.roles.insert(text_at(role, "role_id"));
  }
  return policy;
}

Tree attribute(std::string_view key, std::string_view value) {
  return {{"key", key}, {"operator", kEquals}, {"value", value}};
}

void add_roles(std::vector<Role>& roles, const Tree& list) {
  for (const auto& entry : list) {
    Role role{text_at(entry, "crn"), text_at(entry, "display_name"), {}};
    for (const auto& action : member(entry, "actions")) {
      if (action.is_string()) role.actions.insert(action.get<std::string>());
    }
    if (!role.crn.empty()) roles.push_back(std::move(role));
  }
}

}  // namespace

std::optional<PolicyPage> read_policy_page(std::string_view body) {
  const auto tree = parse_tree(body);
  const auto& list = member(tree, "policies");
  if (!list.is_array()) return std::nullopt;
  PolicyPage page;
  for (const auto& entry : list) {
    auto policy = policy_of(entry);
    if (!policy) return std::nullopt;
    page.policies.push_back(std::move(*policy));
  }
  const auto& next = member(tree, "next");
  page.next = http::percent_encode(text_at(next, "start"));
  if (const auto link = text_at(next, "href"); page.next.empty() && !link.empty()) {
    const auto token = page_token_of(link, "start");
    if (!token) return std::nullopt;
    page.next = *token;
  }
  return page;
}

std::optional<Policy> read_policy(std::string_view body) {
  return policy_of(parse_tree(body));
}

std::optional<std::string> read_conflicting_policy(std::string_view body) {
  const auto tree = parse_tree(body);
  for (const auto& error : member(tree, "errors")) {
    const auto& policy = member(member(member(error, "details"), "conflicts_with"), "policy");
    auto id = policy.is_string() ? policy.get<std::string>() : text_at(policy, "id");
    if (!id.empty()) return id;
  }
  return std::nullopt;
}

std::string policy_json(const Policy& policy) {
  Tree roles = Tree::array();
  for (const auto& crn : policy.roles) roles.push_back({{"role_id", crn}});
  Tree resource = Tree::array();
  for (const auto& [key, value] : policy.resource) resource.push_back(attribute(key, value));
  const Tree body{{"type", "access"},
                  {"description", policy.description},
                  {"control", {{"grant", {{"roles", std::move(roles)}}}}},
                  {"subject", {{"attributes", Tree::array({attribute("iam_id", policy.iam_id)})}}},
                  {"resource", {{"attributes", std::move(resource)}}}};
  return body.dump(-1, ' ', false, Tree::error_handler_t::replace);
}

std::optional<std::vector<Role>> read_roles(std::string_view body) {
  const auto tree = parse_tree(body);
  if (!member(tree, "service_roles").is_array() && !member(tree, "system_roles").is_array()) {
    return std::nullopt;
  }
  std::vector<Role> roles;
  add_roles(roles, member(tree, "service_roles"));
  add_roles(roles, member(tree, "system_roles"));
  return roles;
}

}  // namespace icrps::iam
