#include "config/fields.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

#include "config/duration.hpp"
#include "icr/regions.hpp"
#include "icr/text.hpp"

namespace icrps::config {
namespace {

using Kind = YamlValue::Kind;

std::string join_path(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& words) {
  const auto near = icr::nearest(word, words);
  return near ? fmt::format(" (did you mean {}?)", icr::quoted(*near)) : "";
}

void check_key(const YamlKey& key, const std::string& path,
               const std::vector<std::string>& accepted) {
  if (contains(accepted, key.text)) return;
  throw Failure{key.line, fmt::format("unknown key {}{}{}{}; accepted: {}", icr::quoted(key.text),
                                      path.empty() ? "" : " in ", path,
                                      did_you_mean(key.text, accepted), fmt::join(accepted, ", "))};
}

}  // namespace

void Located::fail(std::string_view problem, std::string_view accepted) const {
  throw Failure{value.line, fmt::format("{} {}; accepted: {}", path.empty() ? "the document" : path,
                                        problem, accepted)};
}

const std::string& text_of(const Located& at, std::string_view accepted) {
  const std::string_view kind = kind_of(at.value);
  if (kind == "text") return at.value.text;
  const bool quotes_help = at.value.kind == Kind::kScalar;
  at.fail(fmt::format("is {}{}", kind, quotes_help ? " (put it in quotes if it is meant)" : ""),
          accepted);
}

const std::string& choice_of(const Located& at, const std::vector<std::string>& choices) {
  const std::string accepted = fmt::format("{}", fmt::join(choices, ", "));
  const std::string& text = text_of(at, accepted);
  if (contains(choices, text)) return text;
  at.fail(fmt::format("is {}{}", icr::quoted(text), did_you_mean(text, choices)), accepted);
}

unsigned number_of(const Located& at, unsigned least, unsigned most) {
  const std::string accepted = fmt::format("a whole number from {} to {}", least, most);
  if (kind_of(at.value) != "a number") {
    at.fail(fmt::format("is {}", kind_of(at.value)), accepted);
  }
  const std::string& text = at.value.text;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    at.fail(fmt::format("is {}", icr::quoted(text)), accepted);
  }
  return number;
}

std::chrono::seconds duration_of(const Located& at, std::chrono::seconds least,
                                 std::chrono::seconds most) {
  const std::string accepted = fmt::format("a duration from {} to {}, such as 720h, 1h30m or 90s",
                                           format_duration(least), format_duration(most));
  if (kind_of(at.value) != "text") at.fail(fmt::format("is {}", kind_of(at.value)), accepted);
  const auto duration = parse_duration(at.value.text);
  if (!duration) at.fail("is not a duration", accepted);
  if (*duration < least || *duration > most) {
    at.fail(fmt::format("is {}", format_duration(*duration)), accepted);
  }
  return *duration;
}

bool bool_of(const Located& at) {
  constexpr std::string_view kAccepted = "true or false";
  if (kind_of(at.value) != kAccepted) at.fail(fmt::format("is {}", kind_of(at.value)), kAccepted);
  const std::string word = icr::lower(at.value.text);
  return word == "true" || word == "yes" || word == "on";
}

const std::string& path_of(const Located& at) {
  constexpr std::string_view kPath = "the absolute path of a file";
  constexpr std::size_t kLongestPath = 4095;
  const std::string& path = text_of(at, kPath);
  const bool control = std::any_of(path.begin(), path.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20U || c == '\x7f';
  });
  if (!path.starts_with('/') || path.ends_with('/') || control || path.size() > kLongestPath) {
    at.fail("is not an absolute path", kPath);
  }
  return path;
}

std::vector<Located> items_of(const Located& at, std::string_view accepted) {
  if (at.value.kind != Kind::kList) at.fail(fmt::format("is {}", kind_of(at.value)), accepted);
  std::vector<Located> items;
  for (const YamlValue& item : at.value.items) {
    items.push_back({item, fmt::format("{}[{}]", at.path, items.size())});
  }
  return items;
}

std::vector<Entry> entries_of(const Located& at, std::string_view accepted) {
  if (at.value.kind != Kind::kMap) at.fail(fmt::format("is {}", kind_of(at.value)), accepted);
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < at.value.keys.size(); ++i) {
    const YamlKey& key = at.value.keys[i];
    entries.push_back({key, {at.value.items[i], join_path(at.path, icr::quoted(key.text))}});
  }
  return entries;
}

Fields::Fields(Located at, std::vector<std::string> accepted) : self_(std::move(at)) {
  if (self_.value.kind != Kind::kMap) {
    self_.fail(fmt::format("is {}", kind_of(self_.value)),
               fmt::format("a map of {}", fmt::join(accepted, ", ")));
  }
  for (const YamlKey& key : self_.value.keys) check_key(key, self_.path, accepted);
}

std::optional<Located> Fields::find(std::string_view key) const {
  for (std::size_t i = 0; i < self_.value.keys.size(); ++i) {
    if (self_.value.keys[i].text == key) {
      return Located{self_.value.items[i], join_path(self_.path, key)};
    }
  }
  return std::nullopt;
}

Located Fields::need(std::string_view key, std::string_view accepted) const {
  if (const auto found = find(key)) return *found;
  Located{self_.value, join_path(self_.path, key)}.fail("is missing", accepted);
}

}  // namespace icrps::config
