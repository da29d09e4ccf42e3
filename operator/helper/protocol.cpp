#include "helper/protocol.hpp"

#include <algorithm>

#include "authfile/json_text.hpp"
#include "icr/regions.hpp"
#include "icr/text.hpp"

namespace icrps::helper {
namespace {

using authfile::json_quoted;
using authfile::JsonValue;

/// Go takes the names of fields without regard to case.
std::string field_of(std::string_view text, const JsonValue& object, std::string_view name) {
  std::string found;
  for (const auto& member : object.members) {
    if (icr::lower(member.key) != icr::lower(name)) continue;
    if (member.value.kind == JsonValue::Kind::kString) {
      found = authfile::string_in(text, member.value);
    }
  }
  return found;
}

}  // namespace

std::string joined_input(std::string_view input) {
  std::string text;
  text.reserve(input.size());
  for (const char c : input) {
    if (c != '\n' && c != '\r') text += c;
  }
  return std::string(icr::trim(text));
}

std::string host_of_server(std::string_view server) {
  if (const auto scheme = server.find("://"); scheme != std::string_view::npos) {
    server.remove_prefix(scheme + 3);
  }
  server = server.substr(0, server.find('/'));
  constexpr std::string_view kHttps = ":443";
  if (server.ends_with(kHttps)) server.remove_suffix(kHttps.size());
  return icr::lower(server);
}

bool is_registry_host(const std::string& host) {
  return icr::RegionTable::builtin().known_hosts().contains(host);
}

tl::expected<StoreRequest, std::string> parse_store(std::string_view input) {
  using Wrong = tl::unexpected<std::string>;
  const auto root = authfile::parse_json(input);
  if (!root) return Wrong("the credentials are not JSON: " + root.error().what);
  if (!root->is_object()) return Wrong("the credentials are no JSON object");
  StoreRequest request{
      field_of(input, *root, "ServerURL"),
      {field_of(input, *root, "Username"), SecretString(field_of(input, *root, "Secret"))}};
  if (icr::trim(request.server).empty()) return Wrong(std::string(kNoServer));
  if (icr::trim(request.login.username).empty()) return Wrong(std::string(kNoUser));
  return request;
}

SecretString get_answer(std::string_view server, const icr::Login& login) {
  const SecretString secret(json_quoted(login.password.reveal()));
  std::string text;
  text.reserve(secret.size() + server.size() + login.username.size() + 64);
  text += "{\"ServerURL\":" + json_quoted(server) + ",\"Username\":" + json_quoted(login.username) +
          ",\"Secret\":";
  text += secret.reveal();
  text += '}';
  return SecretString(std::move(text));
}

std::string list_answer(const std::map<std::string, std::string>& users) {
  std::string text = "{";
  for (const auto& [host, user] : users) {
    if (text.size() > 1) text += ',';
    text += json_quoted(host) + ':' + json_quoted(user);
  }
  return text + '}';
}

}  // namespace icrps::helper
