#include "cf/pure/session.hpp"

#include <nlohmann/json.hpp>

#include "iam/pure/token.hpp"
#include "icr/text.hpp"

namespace icrps::cf {
namespace {

std::string text_in(const nlohmann::json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

nlohmann::json object_in(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : nlohmann::json::object();
}

/// "bearer eyJ…", whatever the case of its first word.
bool is_authorization(const std::string& text) {
  const auto blank = text.find(' ');
  return blank != std::string::npos && icr::lower(text.substr(0, blank)) == "bearer" &&
         iam::is_bearer_token(std::string_view(text).substr(blank + 1));
}

tl::unexpected<std::string> fail(std::string what) {
  return tl::unexpected<std::string>(std::move(what));
}

}  // namespace

tl::expected<Session, std::string> read_session(std::string_view text) {
  const auto tree = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!tree.is_object()) return fail("is no configuration of cf: log in with cf login");
  Session session;
  session.api = text_in(tree, "Target");
  if (!session.api.starts_with("https://")) {
    return fail("names no API with https://: choose one with cf api, then cf login");
  }
  while (session.api.ends_with('/')) session.api.pop_back();
  session.authorization = SecretString(text_in(tree, "AccessToken"));
  if (!is_authorization(session.authorization.reveal())) {
    return fail("holds no login: log in with cf login");
  }
  const auto space = object_in(tree, "SpaceFields");
  session.space_guid = text_in(space, "GUID");
  session.space = text_in(space, "Name");
  session.org = text_in(object_in(tree, "OrganizationFields"), "Name");
  if (session.space_guid.empty()) {
    return fail("names no space: choose one with cf target -o ORG -s SPACE");
  }
  return session;
}

}  // namespace icrps::cf
