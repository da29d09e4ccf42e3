#include "config/kubeconfig/plugin.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include <nlohmann/json.hpp>

#include "config/read_file.hpp"
#include "icr/regions.hpp"

namespace icrps::config {
namespace {

using nlohmann::json;

// From there on argv, envp and the words of a message have an end.
constexpr std::size_t kMostWords = 1000;

/// Text for argv or the environment, where a byte 0 would be the end.
std::string word_of(const Located& at) {
  std::string word = text_of(at, "text");
  if (word.find('\0') != std::string::npos) at.fail("holds a byte 0", "text");
  return word;
}

std::vector<Located> few_items_of(const Located& at) {
  auto items = items_of(at, "a list");
  if (items.size() > kMostWords) at.fail("is too long", fmt::format("at most {}", kMostWords));
  return items;
}

PluginInput read_input(const LooseMap& map, const std::string& api_version) {
  const auto at = map.find("interactiveMode");
  if (!at) {
    if (api_version.ends_with("/v1beta1")) return PluginInput::kIfAvailable;
    map.self().fail("says no interactiveMode", "Never, IfAvailable or Always");
  }
  const auto& mode = choice_of(*at, {"Never", "IfAvailable", "Always"});
  if (mode == "Never") return PluginInput::kNever;
  return mode == "Always" ? PluginInput::kAlways : PluginInput::kIfAvailable;
}

std::vector<std::pair<std::string, std::string>> read_environment(const LooseMap& map) {
  std::vector<std::pair<std::string, std::string>> result;
  const auto list = map.find("env");
  if (!list) return result;
  for (const Located& item : few_items_of(*list)) {
    const LooseMap entry(item);
    const auto name = entry.find("name");
    std::string text = name ? word_of(*name) : "";
    if (text.empty() || text.find('=') != std::string::npos) {
      item.fail("has no name that a variable can have", "name: NAME, value: TEXT");
    }
    const auto value = entry.find("value");
    result.emplace_back(std::move(text), value ? word_of(*value) : "");
  }
  return result;
}

json scalar_json(const YamlValue& value) {
  const auto kind = kind_of(value);
  if (kind == "true or false") {
    return value.text == "true" || value.text == "True" || value.text == "TRUE";
  }
  if (kind == "a number" && json::accept(value.text)) return json::parse(value.text);
  return value.text;
}

json to_json(const YamlValue& value) {
  switch (value.kind) {
    case YamlValue::Kind::kNull:
      return nullptr;
    case YamlValue::Kind::kScalar:
      return scalar_json(value);
    case YamlValue::Kind::kList: {
      auto list = json::array();
      for (const auto& item : value.items) list.push_back(to_json(item));
      return list;
    }
    case YamlValue::Kind::kMap:
      break;
  }
  auto map = json::object();
  for (std::size_t i = 0; i < value.keys.size(); ++i) {
    map[value.keys[i].text] = to_json(value.items[i]);
  }
  return map;
}

}  // namespace

ExecPlugin read_plugin(const LooseMap& map, const std::string& kubeconfig) {
  ExecPlugin plugin;
  plugin.where = error_at(kubeconfig, map.self().value.line, map.self().path).message;
  const std::vector<std::string> versions{"client.authentication.k8s.io/v1",
                                          "client.authentication.k8s.io/v1beta1"};
  plugin.api_version = map.text("apiVersion");
  if (std::find(versions.begin(), versions.end(), plugin.api_version) == versions.end()) {
    map.find("apiVersion")
        .value_or(map.self())
        .fail(fmt::format("names the version {}", icr::quoted(plugin.api_version)),
              versions.front() + " or …/v1beta1");
  }
  const auto command = map.find("command");
  plugin.command = command ? word_of(*command) : "";
  if (plugin.command.empty()) map.self().fail("names no command", "command: PROGRAM");
  if (plugin.command.find('/') != std::string::npos) {
    plugin.command = in_folder_of(kubeconfig, plugin.command);
  }
  if (const auto list = map.find("args")) {
    for (const Located& item : few_items_of(*list)) plugin.arguments.push_back(word_of(item));
  }
  plugin.environment = read_environment(map);
  plugin.install_hint = map.text("installHint");
  plugin.input = read_input(map, plugin.api_version);
  plugin.wants_cluster = map.flag("provideClusterInfo");
  return plugin;
}

std::string read_plugin_config(const LooseMap& cluster) {
  const auto list = cluster.find("extensions");
  if (!list || list->value.kind != YamlValue::Kind::kList) return {};
  for (const Located& item : items_of(*list, "a list")) {
    const LooseMap entry(item);
    if (entry.text("name") != "client.authentication.k8s.io/exec") continue;
    const auto extension = entry.find("extension");
    return extension ? to_json(extension->value).dump() : "";
  }
  return {};
}

}  // namespace icrps::config
