// Typed, strict access to the maps and lists of a YamlValue. Everything throws Failure with a
// message of the form "PATH is WHAT; accepted: …". Private to operator/config.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/failure.hpp"
#include "config/yaml_tree.hpp"

namespace icrps::config {

/// A value and its name in messages: "credentials[0].apiKey", or "" for the document.
struct Located {
  const YamlValue& value;
  std::string path;

  /// "PATH PROBLEM; accepted: ACCEPTED"
  [[noreturn]] void fail(std::string_view problem, std::string_view accepted) const;
};

/// Text that YAML does not take for a number, a boolean or nothing unless it stands in quotes.
/// A credential may stand where it doesn't belong: no message repeats the text.
[[nodiscard]] const std::string& text_of(const Located& at, std::string_view accepted);

/// One of `choices`, spelt exactly so.
[[nodiscard]] const std::string& choice_of(const Located& at,
                                           const std::vector<std::string>& choices);

[[nodiscard]] unsigned number_of(const Located& at, unsigned least, unsigned most);

[[nodiscard]] std::chrono::seconds duration_of(const Located& at, std::chrono::seconds least,
                                               std::chrono::seconds most);

/// As YAML has it; also yes, no, on and off.
[[nodiscard]] bool bool_of(const Located& at);

/// The absolute path of a file. The message doesn't repeat it.
[[nodiscard]] const std::string& path_of(const Located& at);

[[nodiscard]] std::vector<Located> items_of(const Located& at, std::string_view accepted);

/// A map whose keys are known beforehand. Unknown keys are refused first, so that a slip in a
/// key's name is not reported as something missing.
class Fields {
 public:
  Fields(Located at, std::vector<std::string> accepted);

  [[nodiscard]] std::optional<Located> find(std::string_view key) const;
  /// Refused when missing; `accepted` says what belongs there.
  [[nodiscard]] Located need(std::string_view key, std::string_view accepted) const;

 private:
  Located self_;
};

/// Any map, as pairs.
struct Entry {
  YamlKey key;
  Located value;
};
[[nodiscard]] std::vector<Entry> entries_of(const Located& at, std::string_view accepted);

}  // namespace icrps::config
