#include "authfile/json_edit.hpp"

namespace icrps::authfile {
namespace {

/// A line end and the indentation of `depth`; nothing, where everything stands in one line.
std::string new_line(const JsonLayout& layout, std::size_t depth) {
  if (layout.line_end.empty()) return "";
  std::string text = layout.line_end;
  for (std::size_t i = 0; i < depth; ++i) text += layout.indent;
  return text;
}

std::string rendered(const JsonPiece& piece, const JsonLayout& layout, std::size_t depth) {
  if (!piece.verbatim.empty()) return piece.verbatim;
  if (!piece.is_object) return json_quoted(piece.string);
  std::string text = "{";
  for (const auto& [key, value] : piece.members) {
    if (text.size() > 1) text += ',';
    text += new_line(layout, depth + 1) + json_quoted(key) +
            (layout.line_end.empty() ? ":" : ": ") + rendered(value, layout, depth + 1);
  }
  if (!piece.members.empty()) text += new_line(layout, depth);
  return text + '}';
}

std::string spliced(std::string_view text, std::size_t begin, std::size_t end,
                    std::string_view replacement) {
  std::string result;
  result.reserve(text.size() + replacement.size());
  result += text.substr(0, begin);
  result += replacement;
  result += text.substr(end);
  return result;
}

/// The white space before a key.
std::string_view gap_before(std::string_view text, const JsonMember& member) {
  const auto before = text.substr(0, member.begin);
  return before.substr(before.find_last_not_of(" \t\r\n") + 1);
}

}  // namespace

JsonPiece piece_of(std::string_view text, const JsonValue& value) {
  JsonPiece piece;
  if (value.kind == JsonValue::Kind::kString) {
    piece.string = string_in(text, value);
  } else if (value.is_object()) {
    piece.is_object = true;
    for (const auto& member : value.members) {
      piece.members.emplace_back(member.key, piece_of(text, member.value));
    }
  } else {
    piece.verbatim = text.substr(value.begin, value.end - value.begin);
  }
  return piece;
}

JsonLayout layout_of(std::string_view text, const JsonValue& root) {
  if (root.members.empty()) return {};
  const auto gap = gap_before(text, root.members.front());
  const auto line = gap.rfind('\n');
  if (line == std::string_view::npos) return {"", ""};
  const bool carriage = line > 0 && gap[line - 1] == '\r';
  return {carriage ? "\r\n" : "\n", std::string(gap.substr(line + 1))};
}

std::string with_value(std::string_view text, const JsonLayout& layout, const JsonValue& value,
                       std::size_t depth, const JsonPiece& piece) {
  return spliced(text, value.begin, value.end, rendered(piece, layout, depth));
}

std::string with_new_member(std::string_view text, const JsonLayout& layout,
                            const JsonValue& object, std::size_t depth, std::string_view key,
                            const JsonPiece& piece) {
  if (object.members.empty()) {
    return with_value(text, layout, object, depth, {"", {{std::string(key), piece}}, true});
  }
  // As its neighbour stands there.
  const auto& last = object.members.back();
  const auto colon = text.substr(last.key_end, last.value.begin - last.key_end);
  std::string member = ",";
  member += gap_before(text, last);
  member += json_quoted(key);
  member += colon;
  member += rendered(piece, layout, depth + 1);
  return spliced(text, last.value.end, last.value.end, member);
}

std::string without_member(std::string_view text, const JsonValue& object,
                           const JsonMember& member) {
  const auto& all = object.members;
  if (all.size() == 1) return spliced(text, object.begin, object.end, "{}");
  const auto place = static_cast<std::size_t>(&member - all.data());
  if (place == 0) return spliced(text, member.begin, all[1].begin, "");
  return spliced(text, all[place - 1].value.end, member.value.end, "");
}

}  // namespace icrps::authfile
