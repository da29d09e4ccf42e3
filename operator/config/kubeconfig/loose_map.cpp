#include "config/kubeconfig/loose_map.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <utility>

namespace icrps::config {

LooseMap::LooseMap(Located at) : at_(std::move(at)) {
  if (at_.value.kind != YamlValue::Kind::kMap && at_.value.kind != YamlValue::Kind::kNull) {
    at_.fail(fmt::format("is {}", kind_of(at_.value)), "a map");
  }
}

std::optional<Located> LooseMap::find(std::string_view key) const {
  for (std::size_t i = 0; i < at_.value.keys.size(); ++i) {
    if (at_.value.keys[i].text != key || at_.value.items[i].kind == YamlValue::Kind::kNull) {
      continue;
    }
    return Located{at_.value.items[i],
                   at_.path.empty() ? std::string(key) : fmt::format("{}.{}", at_.path, key)};
  }
  return std::nullopt;
}

std::string LooseMap::text(std::string_view key) const {
  const auto found = find(key);
  return found ? text_of(*found, "text") : "";
}

bool LooseMap::flag(std::string_view key) const {
  const auto found = find(key);
  return found && bool_of(*found);
}

bool LooseMap::says(std::string_view key) const {
  const auto found = find(key);
  if (!found) return false;
  const YamlValue& value = found->value;
  if (value.kind == YamlValue::Kind::kScalar) return !value.text.empty() && value.text != "false";
  return !value.items.empty();
}

void LooseMap::refuse(std::string_view key, std::string_view instead) const {
  if (says(key)) find(key)->fail("is not supported", instead);
}

std::string in_folder_of(const std::string& kubeconfig, const std::string& file) {
  const std::filesystem::path path(file);
  if (path.is_absolute()) return file;
  std::error_code error;
  const auto base = std::filesystem::absolute(kubeconfig, error).parent_path();
  return (base / path).lexically_normal().string();
}

}  // namespace icrps::config
