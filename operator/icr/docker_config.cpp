#include "icr/docker_config.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "icr/base64.hpp"
#include "icr/text.hpp"
#include "runtime/utf8.hpp"

namespace icrps::icr {
namespace {

constexpr std::size_t kLongestApiKey = 4096;
constexpr std::size_t kLongestEscape = 6;  // \u001f

/// `text` as a JSON string. Valid UTF-8 is kept; a byte that is none becomes U+FFFD, which is also
/// what Go's decoder would make of it. The caller has reserved room: `out` must not move, or a
/// copy of a password would stay in memory.
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text.front();
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20U) {
      constexpr std::string_view kHex = "0123456789abcdef";
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4U];
      out += kHex[static_cast<unsigned char>(c) & 15U];
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  out += '"';
}

bool valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::size_t room_for(std::string_view text) {
  return kLongestEscape * text.size() + 2;
}

/// user:password in base64.
SecretString auth_of(const Login& login) {
  std::string pair;
  pair.reserve(login.username.size() + 1 + login.password.size());
  pair += login.username;
  pair += ':';
  pair += login.password.reveal();
  const SecretString joined(std::move(pair));
  return SecretString(base64_encode(joined.reveal()));
}

/// The value that every host gets.
SecretString entry_of(const Login& login) {
  const SecretString auth = auth_of(login);
  std::string entry;
  entry.reserve(64 + auth.size() + room_for(login.password.reveal()) + room_for(login.username));
  entry += R"({"auth":")";
  entry += auth.reveal();
  entry += R"(","password":)";
  append_json_string(entry, login.password.reveal());
  entry += R"(,"username":)";
  append_json_string(entry, login.username);
  entry += '}';
  return SecretString(std::move(entry));
}

tl::unexpected<Mistake> refused(std::string_view what) {
  return tl::make_unexpected(Mistake{
      fmt::format("the API key {}; accepted: 1 to {} printable ASCII characters without blanks, "
                  "double quotes and backslashes",
                  what, kLongestApiKey)});
}

/// What is wrong with the key as a whole and how that usually happens, or nothing.
std::string_view wrong_shape(std::string_view key) {
  if (key.empty()) return "is empty";
  if (key.starts_with("\xff\xfe") || key.starts_with("\xfe\xff")) {
    return "is UTF-16 text, which some shells write into files (store it as plain ASCII)";
  }
  if (key.starts_with("\xef\xbb\xbf")) {
    return "starts with a byte order mark (store it as plain ASCII)";
  }
  if (key.front() == '{') {
    return "is a JSON object, probably the whole file that `ibmcloud iam api-key-create` writes "
           "(store only the value of its field \"apikey\", without the quotes)";
  }
  if (key.size() > 1 && key.front() == '"' && key.back() == '"') {
    return "stands in double quotes, probably copied out of JSON (store it without them)";
  }
  if (key.size() > kLongestApiKey) return "is too long";
  return {};
}

/// What is wrong with one character of the key, or nothing.
std::string_view wrong_character(char c) {
  if (c == '\0') return "holds a NUL byte";
  if (c == '\n' || c == '\r') return "holds a line end (store nothing but one key)";
  if (is_blank(c)) return "holds a blank";
  if (c == '"') return "holds a double quote";
  if (c == '\\') return "holds a backslash, perhaps an escape such as \\n kept as text";
  const auto code = static_cast<unsigned char>(c);
  if (code < 0x20U || code == 0x7fU) return "holds a control character";
  if (code > 0x7fU) return "holds a character that is not ASCII";
  return {};
}

}  // namespace

SecretString docker_config_json(const std::set<std::string>& keys, const Login& login) {
  const SecretString entry = entry_of(login);
  std::size_t size = 32;
  for (const std::string& key : keys) size += room_for(key) + entry.size() + 2;
  std::string json;
  json.reserve(size);
  json += R"({"auths":{)";
  for (const std::string& key : keys) {
    if (json.back() != '{') json += ',';
    append_json_string(json, key);
    json += ':';
    json += entry.reveal();
  }
  json += "}}";
  return SecretString(std::move(json));
}

tl::expected<ApiKey, Mistake> parse_api_key(std::string_view bytes) {
  const std::string_view key = trim(bytes);
  if (key.empty() && !bytes.empty()) return refused("is nothing but white space");
  if (const std::string_view what = wrong_shape(key); !what.empty()) return refused(what);
  for (const char c : key) {
    if (const std::string_view what = wrong_character(c); !what.empty()) return refused(what);
  }
  return ApiKey{SecretString(std::string(key)), key.size() != bytes.size(), false};
}

tl::expected<ApiKey, Mistake> parse_password(std::string_view bytes) {
  std::string_view password = bytes;
  while (password.ends_with('\n') || password.ends_with('\r')) password.remove_suffix(1);
  const bool json = password.starts_with('{') && password.ends_with('}');
  const bool control = std::any_of(password.begin(), password.end(), [json](char c) {
    const auto code = static_cast<unsigned char>(c);
    if (json && (c == '\n' || c == '\r' || c == '\t')) return false;
    return code < 0x20U || code == 0x7fU;
  });
  if (password.empty() || password.size() > kLongestApiKey || control || !valid_utf8(password)) {
    return tl::make_unexpected(
        Mistake{fmt::format("the password is {}; accepted: 1 to {} bytes of UTF-8 without control "
                            "characters, or a JSON key file",
                            password.empty() ? "empty" : "not usable", kLongestApiKey)});
  }
  return ApiKey{SecretString(std::string(password)), password.size() != bytes.size(), false};
}

}  // namespace icrps::icr
