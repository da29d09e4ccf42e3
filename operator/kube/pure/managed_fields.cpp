#include "kube/pure/managed_fields.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

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

/// An entry's field, if it is text.
std::string text_of(const nlohmann::json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Field names stand in a managedFields entry with "f:" before them.
bool owns(const nlohmann::json& entry, std::string_view key) {
  if (key.empty()) return true;
  const auto fields = entry.find("fieldsV1");
  return fields != entry.end() && fields->is_object() && fields->contains("f:" + std::string(key));
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

std::vector<std::string> field_managers(std::string_view text, std::string_view owned) {
  using nlohmann::json;
  // Of a Secret's data nothing is kept, not even for the moment.
  const json::parser_callback_t keep = [](int depth, json::parse_event_t event, json& parsed) {
    return depth != 1 || event != json::parse_event_t::key || parsed == "metadata";
  };
  const auto object = json::parse(text.begin(), text.end(), keep, false);
  if (!object.is_object()) return {};
  const auto entries = object.value(json::json_pointer("/metadata/managedFields"), json::array());
  std::multimap<std::string, std::string, std::greater<>> writers;  // by time, the last one first
  for (const auto& entry : entries) {
    if (!entry.is_object() || !owns(entry, owned)) continue;
    if (auto name = text_of(entry, "manager"); !name.empty()) {
      writers.emplace(text_of(entry, "time"), std::move(name));
    }
  }
  std::vector<std::string> names;
  for (auto& [time, name] : writers) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  }
  return names;
}

}  // namespace icrps::kube
