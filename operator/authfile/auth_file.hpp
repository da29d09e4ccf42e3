// The file that docker, podman and others keep logins in: {"auths": {"us.icr.io": {"auth": …}},
// "credHelpers": {…}, "credsStore": …}. What is not changed stays byte for byte: keys that nobody
// here knows, their order, white space. Pure.
//
// Sources: docker/cli, cli/config; containers/image, pkg/docker/config.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "authfile/json_edit.hpp"
#include "authfile/json_text.hpp"
#include "icr/docker_config.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::authfile {

enum class Change { kNew, kUpdated, kUnchanged };

/// "new", "updated", "unchanged".
[[nodiscard]] std::string_view to_string(Change change);

/// A key of `auths`.
struct Entry {
  std::string key;
  icr::Login login{};           ///< empty: the entry has none
  bool identity_token = false;  ///< it has one, which docker takes instead of the login
  std::string fault{};          ///< why `auth` can't be read; or empty
};

/// Where an entry stands.
struct Place {
  std::string section;  ///< "auths", "credHelpers"
  std::string key;
  friend auto operator<=>(const Place&, const Place&) = default;
};

class AuthFile {
 public:
  /// White space alone is an empty file. The error says where and what, and no value: "line 3,
  /// column 7: …". Refused is also what readers don't agree about: a key that is there twice.
  [[nodiscard]] static tl::expected<AuthFile, std::string> parse(SecretString text);

  [[nodiscard]] const SecretString& text() const { return text_; }

  [[nodiscard]] std::vector<Entry> entries() const;
  /// `credHelpers`: host → helper.
  [[nodiscard]] std::map<std::string, std::string> helpers() const;
  [[nodiscard]] std::string store() const;  ///< `credsStore`; or empty

  /// Other fields of the entry stay, but for tokens that would be taken instead.
  Change put(const std::string& key, const icr::Login& login);
  /// False: there was none.
  bool remove(const std::string& key);
  Change set_helper(const std::string& host, const std::string& helper);
  bool remove_helper(const std::string& host);

  /// All entries of the two sections as they are.
  [[nodiscard]] std::map<Place, JsonPiece> places() const;
  void set(const Place& place, const JsonPiece& piece);
  void remove(const Place& place);

 private:
  AuthFile(SecretString text, JsonValue root) : text_(std::move(text)), root_(std::move(root)) {}

  [[nodiscard]] const JsonValue* section(std::string_view name) const;
  [[nodiscard]] Entry entry(const JsonMember& member) const;
  [[nodiscard]] std::string string_field(const JsonValue& object, std::string_view name) const;
  Change add(std::string_view section, const std::string& key, const JsonPiece& piece);
  bool remove(std::string_view section, const std::string& key);
  void drop_field(const std::string& key, std::string_view field);
  void set_field(const std::string& key, std::string_view field, const std::string& value);
  void become(std::string text);

  SecretString text_;
  JsonValue root_;
};

}  // namespace icrps::authfile
