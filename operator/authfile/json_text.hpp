// JSON as it stands in a file: a tree that knows where each part stands, so that one part can be
// changed while every other byte stays. Values are not copied out: they may be credentials. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace icrps::authfile {

struct JsonMember;

struct JsonValue {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  std::size_t begin = 0;            ///< of its first byte
  std::size_t end = 0;              ///< after its last byte
  std::vector<JsonMember> members;  ///< of an object, in the text's order, repeated keys too

  [[nodiscard]] bool is_object() const { return kind == Kind::kObject; }
  /// The last of that name, which is the one that readers take; null: none.
  [[nodiscard]] const JsonMember* find(std::string_view key) const;
};

struct JsonMember {
  std::string key;        ///< without its escapes
  std::size_t begin = 0;  ///< of the quote that opens the key
  std::size_t key_end = 0;
  JsonValue value;
};

/// Why a text is not JSON; lines and columns are counted from 1, columns in bytes.
struct JsonFault {
  std::size_t line;
  std::size_t column;
  std::string what;
};

/// One value and white space around it (RFC 8259), nested at most 100 deep. As Go's encoding/json,
/// which docker, podman and the kubelet read by: bytes that are no UTF-8 are taken inside of
/// strings, a byte order mark is refused.
[[nodiscard]] tl::expected<JsonValue, JsonFault> parse_json(std::string_view text);

/// What a string says. What is no UTF-8, and half of a surrogate pair, becomes U+FFFD, as with Go.
[[nodiscard]] std::string string_in(std::string_view text, const JsonValue& string);

/// `text` in quotes, with the escapes that JSON needs.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace icrps::authfile
