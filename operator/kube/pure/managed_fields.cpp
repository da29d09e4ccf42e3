#include "kube/pure/managed_fields.hpp"

#include <cstddef>

namespace icrps::kube {
namespace {

constexpr std::string_view kKey = R"("managedFields":[)";

/// The position after the string whose opening quote is before `at`; npos if it doesn't end.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

/// The position of the bracket that closes the list whose opening one is before `at`, or npos.
std::size_t end_of_list(std::string_view text, std::size_t at) {
  std::size_t depth = 1;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at + 1);
      continue;
    }
    if (c == '[') ++depth;
    if (c == ']' && --depth == 0) return at;
    ++at;
  }
  return std::string_view::npos;
}

/// In valid JSON a quote after '{' or ',' opens or closes a string and isn't part of one, and as
/// letters follow it, it opens one: a text within a value that looks the same has a backslash
/// there.
bool is_key(std::string_view text, std::size_t at) {
  return at > 0 && (text[at - 1] == '{' || text[at - 1] == ',');
}

}  // namespace

std::string_view without_managed_fields(std::string_view text, std::string& buffer) {
  buffer.clear();
  std::size_t copied = 0;
  std::size_t at = text.find(kKey);
  for (; at != std::string_view::npos; at = text.find(kKey, at)) {
    at += kKey.size();
    if (!is_key(text, at - kKey.size())) continue;
    const std::size_t end = end_of_list(text, at);
    if (end == std::string_view::npos) break;  // nor does any later one end
    if (buffer.capacity() < text.size()) buffer.reserve(text.size());
    buffer.append(text, copied, at - copied);
    copied = at = end;
  }
  if (copied == 0) return text;
  buffer.append(text, copied);
  return buffer;
}

}  // namespace icrps::kube
