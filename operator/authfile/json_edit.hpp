// Changes one member of a JSON object in a text, and leaves every other byte as it is. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "authfile/json_text.hpp"

namespace icrps::authfile {

/// What is to be written: a string, or an object of such things.
struct JsonPiece {
  std::string string{};
  std::vector<std::pair<std::string, JsonPiece>> members{};
  bool is_object = false;
  std::string verbatim{};  ///< of anything else: its text; not empty: it counts alone
  friend bool operator==(const JsonPiece&, const JsonPiece&) = default;
};
/// A value of the text, as something to write.
[[nodiscard]] JsonPiece piece_of(std::string_view text, const JsonValue& value);

/// How the text is laid out: as docker and podman do it (a tab a level), unless it does otherwise.
struct JsonLayout {
  std::string line_end = "\n";  ///< empty: everything stands in one line
  std::string indent = "\t";
};
[[nodiscard]] JsonLayout layout_of(std::string_view text, const JsonValue& root);

/// The text with `piece` in place of `value`, which is at `depth`: 0 is the document itself.
[[nodiscard]] std::string with_value(std::string_view text, const JsonLayout& layout,
                                     const JsonValue& value, std::size_t depth,
                                     const JsonPiece& piece);

/// The text with one more member at the end of `object`, which is at `depth` and has no such key.
[[nodiscard]] std::string with_new_member(std::string_view text, const JsonLayout& layout,
                                          const JsonValue& object, std::size_t depth,
                                          std::string_view key, const JsonPiece& piece);

/// The text without the member, which is one of `object`'s.
[[nodiscard]] std::string without_member(std::string_view text, const JsonValue& object,
                                         const JsonMember& member);

}  // namespace icrps::authfile
