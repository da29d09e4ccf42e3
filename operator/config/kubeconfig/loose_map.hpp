// A map of a kubeconfig: keys that nobody asks for are ignored, a null is the same as no key.
// Throws Failure. Private to operator/config.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/fields.hpp"

namespace icrps::config {

class LooseMap {
 public:
  explicit LooseMap(Located at);

  [[nodiscard]] std::optional<Located> find(std::string_view key) const;
  /// Empty when there is no such key.
  [[nodiscard]] std::string text(std::string_view key) const;
  /// False when there is no such key.
  [[nodiscard]] bool flag(std::string_view key) const;
  /// Whether a key is there and says something: not "", [], {} or false.
  [[nodiscard]] bool says(std::string_view key) const;
  void refuse(std::string_view key, std::string_view instead) const;

  [[nodiscard]] const Located& self() const { return at_; }

 private:
  Located at_;
};

/// `file`, against the folder that the kubeconfig is in unless it is absolute.
[[nodiscard]] std::string in_folder_of(const std::string& kubeconfig, const std::string& file);

}  // namespace icrps::config
