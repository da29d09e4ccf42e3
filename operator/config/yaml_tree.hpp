// A YAML document as a plain tree that remembers its lines. Private to operator/config.
//
// Stricter than YAML: one document; no anchors and aliases (so nothing can explode), no tags, no
// repeated or compound keys, no tabs in the indentation, no control characters, valid UTF-8. JSON
// is YAML and may be indented with tabs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace icrps::config {

struct YamlKey {
  std::string text;
  int line = 0;
};

struct YamlValue {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  int line = 0;                  ///< counted from 1
  bool plain = false;            ///< a scalar without quotes, which YAML may take for a number
  std::string text;              ///< of a scalar
  std::vector<YamlKey> keys;     ///< of a map, in the file's order
  std::vector<YamlValue> items;  ///< of a list, or the values that belong to `keys`
};

/// "nothing", "a list", "a map", "a number", "true or false" or "text".
[[nodiscard]] std::string_view kind_of(const YamlValue& value);

/// Throws Failure.
[[nodiscard]] YamlValue parse_yaml(std::string_view text);

}  // namespace icrps::config
