#include "authfile/auth_file.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <set>

#include "authfile/json_edit.hpp"
#include "icr/base64.hpp"
#include "icr/regions.hpp"
#include "icr/text.hpp"

namespace icrps::authfile {
namespace {

using Kind = JsonValue::Kind;

constexpr std::string_view kAuths = "auths";
constexpr std::string_view kHelpers = "credHelpers";
constexpr std::string_view kStore = "credsStore";

/// Thrown by the checks, caught by parse().
struct Unfit {
  std::size_t at;
  std::string what;
};

bool is_nothing_or(const JsonValue& value, Kind kind) {
  return value.kind == kind || value.kind == Kind::kNull;
}

void refuse_repeated_keys(const JsonValue& object) {
  std::set<std::string_view> seen;
  for (const auto& member : object.members) {
    if (seen.insert(member.key).second) continue;
    throw Unfit{member.begin, fmt::format("the key {} is there twice", icr::quoted(member.key))};
  }
}

/// Go takes a key of another case for the same: then there would be two.
void refuse_other_case(const JsonMember& member) {
  for (const auto name : {kAuths, kHelpers, kStore}) {
    if (member.key != name && icr::lower(member.key) == icr::lower(name)) {
      throw Unfit{member.begin, fmt::format("the key {} is read as {}; spell it so",
                                            icr::quoted(member.key), icr::quoted(name))};
    }
  }
}

void check_section(const JsonMember& section, Kind of_entries) {
  if (!is_nothing_or(section.value, Kind::kObject)) {
    throw Unfit{section.value.begin, icr::quoted(section.key) + " is no object"};
  }
  refuse_repeated_keys(section.value);
  for (const auto& entry : section.value.members) {
    if (!is_nothing_or(entry.value, of_entries)) {
      throw Unfit{
          entry.value.begin,
          fmt::format("the entry {} of {} is {}", icr::quoted(entry.key), icr::quoted(section.key),
                      of_entries == Kind::kObject ? "no object" : "no text")};
    }
    refuse_repeated_keys(entry.value);
  }
}

void check(const JsonValue& root) {
  if (!root.is_object()) throw Unfit{root.begin, "it is no object"};
  refuse_repeated_keys(root);
  for (const auto& member : root.members) {
    refuse_other_case(member);
    if (member.key == kAuths) check_section(member, Kind::kObject);
    if (member.key == kHelpers) check_section(member, Kind::kString);
    if (member.key == kStore && !is_nothing_or(member.value, Kind::kString)) {
      throw Unfit{member.value.begin, "\"credsStore\" is no text"};
    }
  }
}

std::string place_of(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  return fmt::format("line {}, column {}", 1 + std::count(before.begin(), before.end(), '\n'),
                     at - (before.rfind('\n') + 1) + 1);
}

JsonPiece string_piece(const std::string& text) {
  return {text, {}, false};
}

/// base64(user:password)
SecretString auth_of(const icr::Login& login) {
  std::string both;
  both.reserve(login.username.size() + 1 + login.password.size());
  both += login.username;
  both += ':';
  both += login.password.reveal();
  const SecretString wiped(std::move(both));
  return SecretString(icr::base64_encode(wiped.reveal()));
}

void read_auth(const SecretString& auth, Entry& entry) {
  if (auth.empty()) return;
  auto decoded = icr::base64_decode(auth.reveal());
  if (!decoded) {
    entry.fault = "its \"auth\" is not base64";
    return;
  }
  const SecretString both(std::move(*decoded));
  const auto& text = both.reveal();
  const auto colon = text.find(':');
  if (colon == std::string::npos || colon == 0) {
    entry.fault = "its \"auth\" is not base64(user:password)";
    return;
  }
  auto password = std::string_view(text).substr(colon + 1);
  // As docker does, which once padded passwords with zeros.
  while (password.ends_with('\0')) password.remove_suffix(1);
  while (password.starts_with('\0')) password.remove_prefix(1);
  entry.login = {text.substr(0, colon), SecretString(std::string(password))};
}

}  // namespace

std::string_view to_string(Change change) {
  switch (change) {
    case Change::kNew:
      return "new";
    case Change::kUpdated:
      return "updated";
    case Change::kUnchanged:
      break;
  }
  return "unchanged";
}

tl::expected<AuthFile, std::string> AuthFile::parse(SecretString text) {
  const auto& bytes = text.reveal();
  if (icr::trim(bytes).empty()) text = SecretString("{}\n");
  auto root = parse_json(text.reveal());
  if (!root) {
    const auto& fault = root.error();
    return tl::unexpected(
        fmt::format("line {}, column {}: {}", fault.line, fault.column, fault.what));
  }
  try {
    check(*root);
  } catch (const Unfit& unfit) {
    return tl::unexpected(place_of(text.reveal(), unfit.at) + ": " + unfit.what);
  }
  return AuthFile(std::move(text), std::move(*root));
}

const JsonValue* AuthFile::section(std::string_view name) const {
  const auto* const member = root_.find(name);
  return member != nullptr && member->value.is_object() ? &member->value : nullptr;
}

std::string AuthFile::string_field(const JsonValue& object, std::string_view name) const {
  const auto* const member = object.find(name);
  if (member == nullptr || member->value.kind != Kind::kString) return "";
  return string_in(text_.reveal(), member->value);
}

Entry AuthFile::entry(const JsonMember& member) const {
  Entry entry{member.key};
  read_auth(SecretString(string_field(member.value, "auth")), entry);
  entry.identity_token = !SecretString(string_field(member.value, "identitytoken")).empty();
  return entry;
}

std::vector<Entry> AuthFile::entries() const {
  std::vector<Entry> all;
  if (const auto* const auths = section(kAuths)) {
    for (const auto& member : auths->members) all.push_back(entry(member));
  }
  return all;
}

std::map<std::string, std::string> AuthFile::helpers() const {
  std::map<std::string, std::string> all;
  if (const auto* const helpers = section(kHelpers)) {
    for (const auto& member : helpers->members) {
      if (member.value.kind != Kind::kString) continue;
      all[member.key] = string_in(text_.reveal(), member.value);
    }
  }
  return all;
}

std::string AuthFile::store() const {
  return string_field(root_, kStore);
}

void AuthFile::become(std::string text) {
  text_ = SecretString(std::move(text));
  // What was changed in a valid text is one.
  root_ = parse_json(text_.reveal()).value();
}

Change AuthFile::add(std::string_view name, const std::string& key, const JsonPiece& piece) {
  const auto layout = layout_of(text_.reveal(), root_);
  const auto* const member = root_.find(name);
  const JsonPiece whole{"", {{key, piece}}, true};
  if (member == nullptr) {
    become(with_new_member(text_.reveal(), layout, root_, 0, name, whole));
  } else if (!member->value.is_object()) {
    become(with_value(text_.reveal(), layout, member->value, 1, whole));
  } else if (const auto* const old = member->value.find(key)) {
    become(with_value(text_.reveal(), layout, old->value, 2, piece));
    return Change::kUpdated;
  } else {
    become(with_new_member(text_.reveal(), layout, member->value, 1, key, piece));
  }
  return Change::kNew;
}

bool AuthFile::remove(std::string_view name, const std::string& key) {
  const auto* const object = section(name);
  const auto* const member = object == nullptr ? nullptr : object->find(key);
  if (member == nullptr) return false;
  become(without_member(text_.reveal(), *object, *member));
  return true;
}

void AuthFile::set_field(const std::string& key, std::string_view field, const std::string& value) {
  const auto layout = layout_of(text_.reveal(), root_);
  const auto& entry = section(kAuths)->find(key)->value;
  const auto* const old = entry.find(field);
  become(old == nullptr
             ? with_new_member(text_.reveal(), layout, entry, 2, field, string_piece(value))
             : with_value(text_.reveal(), layout, old->value, 3, string_piece(value)));
}

void AuthFile::drop_field(const std::string& key, std::string_view field) {
  const auto& entry = section(kAuths)->find(key)->value;
  if (const auto* const old = entry.find(field)) {
    become(without_member(text_.reveal(), entry, *old));
  }
}

Change AuthFile::put(const std::string& key, const icr::Login& login) {
  const auto auth = auth_of(login);
  const auto* const auths = section(kAuths);
  const auto* const old = auths == nullptr ? nullptr : auths->find(key);
  if (old == nullptr || !old->value.is_object()) {
    const JsonPiece piece{"", {{"auth", string_piece(auth.reveal())}}, true};
    return add(kAuths, key, piece);
  }
  const auto before = text_;
  const bool empty = old->value.members.empty();
  set_field(key, "auth", auth.reveal());
  for (const char* const token : {"identitytoken", "registrytoken"}) drop_field(key, token);
  // Some tools write them beside `auth`, and others read them first.
  const auto& entry = section(kAuths)->find(key)->value;
  const bool named = entry.find("username") != nullptr;
  const bool with_password = entry.find("password") != nullptr;
  if (named) set_field(key, "username", login.username);
  if (with_password) set_field(key, "password", login.password.reveal());
  if (before == text_) return Change::kUnchanged;
  return empty ? Change::kNew : Change::kUpdated;
}

bool AuthFile::remove(const std::string& key) {
  return remove(kAuths, key);
}

std::map<Place, JsonPiece> AuthFile::places() const {
  std::map<Place, JsonPiece> all;
  for (const auto name : {kAuths, kHelpers}) {
    const auto* const object = section(name);
    if (object == nullptr) continue;
    for (const auto& member : object->members) {
      all[{std::string(name), member.key}] = piece_of(text_.reveal(), member.value);
    }
  }
  return all;
}

void AuthFile::set(const Place& place, const JsonPiece& piece) {
  static_cast<void>(add(place.section, place.key, piece));
}

void AuthFile::remove(const Place& place) {
  static_cast<void>(remove(place.section, place.key));
}

Change AuthFile::set_helper(const std::string& host, const std::string& helper) {
  const auto all = helpers();
  const auto old = all.find(host);
  if (old != all.end() && old->second == helper) return Change::kUnchanged;
  return add(kHelpers, host, string_piece(helper));
}

bool AuthFile::remove_helper(const std::string& host) {
  return remove(kHelpers, host);
}

}  // namespace icrps::authfile
