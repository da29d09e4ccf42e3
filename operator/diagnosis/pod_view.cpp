#include "diagnosis/pod_view.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <nlohmann/json.hpp>

namespace icrps::diagnosis {
namespace {

using nlohmann::json;

// As many as a pod can have.
constexpr std::size_t kMostContainers = 1000;

const json& member(const json& map, const char* key) {
  static const json nothing;
  if (!map.is_object()) return nothing;
  const auto found = map.find(key);
  return found == map.end() ? nothing : *found;
}

std::string word(const json& map, const char* key) {
  const auto& value = member(map, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

json parsed(std::string_view text) {
  return json::parse(text, nullptr, false);
}

const json* status_of(const json& statuses, const std::string& name) {
  if (!statuses.is_array()) return nullptr;
  const auto found = std::find_if(statuses.begin(), statuses.end(),
                                  [&](const json& one) { return word(one, "name") == name; });
  return found == statuses.end() ? nullptr : &*found;
}

ContainerView container_view(const json& spec, const json* status) {
  ContainerView view{word(spec, "name"), word(spec, "image"), false, "", ""};
  if (status == nullptr) return view;
  const auto& state = member(*status, "state");
  const auto& waiting = member(state, "waiting");
  const auto& before = member(*status, "lastState");
  view.started = member(state, "running").is_object() || member(state, "terminated").is_object() ||
                 member(before, "terminated").is_object();
  if (!waiting.is_object()) return view;
  view.reason = word(waiting, "reason");
  view.message = word(waiting, "message");
  return view;
}

void add_containers(const json& pod, const char* specs, const char* statuses, PodView& view) {
  const auto& list = member(member(pod, "spec"), specs);
  if (!list.is_array()) return;
  for (const auto& spec : list) {
    if (view.containers.size() >= kMostContainers) return;
    view.containers.push_back(container_view(
        spec, status_of(member(member(pod, "status"), statuses), word(spec, "name"))));
  }
}

std::vector<std::string> names_in(const json& references) {
  std::vector<std::string> names;
  if (!references.is_array()) return names;
  for (const auto& reference : references) names.push_back(word(reference, "name"));
  return names;
}

void copy_words(const json& from, std::map<std::string, std::string>& to) {
  if (!from.is_object()) return;
  for (const auto& [key, value] : from.items()) {
    if (value.is_string()) to.emplace(key, value.get<std::string>());
  }
}

std::optional<PodView> pod_view(const json& pod) {
  const auto& meta = member(pod, "metadata");
  const auto& spec = member(pod, "spec");
  if (word(meta, "name").empty() || !spec.is_object()) return std::nullopt;
  PodView view;
  view.ns = word(meta, "namespace");
  view.name = word(meta, "name");
  view.account = word(spec, "serviceAccountName");
  if (view.account.empty()) view.account = "default";
  view.node = word(spec, "nodeName");
  view.pull_secrets = names_in(member(spec, "imagePullSecrets"));
  add_containers(pod, "initContainers", "initContainerStatuses", view);
  add_containers(pod, "containers", "containerStatuses", view);
  return view;
}

/// What waits is not about images then.
bool begins_otherwise(const std::string& reason) {
  constexpr std::array<std::string_view, 4> kOthers{"ContainerCreating", "PodInitializing",
                                                    "CrashLoopBackOff", "CreateContainerError"};
  return reason.empty() || std::find(kOthers.begin(), kOthers.end(), reason) != kOthers.end();
}

}  // namespace

bool ContainerView::waits_for_image() const {
  return !started && !begins_otherwise(reason);
}

bool PodView::waits_for_image() const {
  return std::any_of(containers.begin(), containers.end(),
                     [](const ContainerView& container) { return container.waits_for_image(); });
}

std::optional<PodView> read_pod(std::string_view text) {
  return pod_view(parsed(text));
}

std::vector<PodView> read_pods(std::string_view text) {
  std::vector<PodView> result;
  const auto list = parsed(text);
  const auto& items = member(list, "items");
  if (!items.is_array()) return result;
  for (const auto& item : items) {
    const auto phase = word(member(item, "status"), "phase");
    if (phase == "Succeeded" || phase == "Failed") continue;
    if (!word(member(item, "metadata"), "deletionTimestamp").empty()) continue;
    if (auto view = pod_view(item)) result.push_back(std::move(*view));
  }
  return result;
}

std::string pull_failure(std::string_view events, std::string_view pod, std::string_view image) {
  const auto list = parsed(events);
  const auto& items = member(list, "items");
  if (!items.is_array()) return {};
  const std::string start = "Failed to pull image \"" + std::string(image) + "\": ";
  std::string last;
  std::string at;
  for (const auto& event : items) {
    const auto message = word(event, "message");
    if (word(member(event, "involvedObject"), "name") != pod || !message.starts_with(start)) {
      continue;
    }
    auto when = word(event, "lastTimestamp");
    if (when < at) continue;
    at = std::move(when);
    last = message.substr(start.size());
  }
  return last;
}

std::optional<plan::NamespaceFacts> read_namespace(std::string_view text) {
  const auto ns = parsed(text);
  const auto& meta = member(ns, "metadata");
  if (word(meta, "name").empty()) return std::nullopt;
  plan::NamespaceFacts facts;
  facts.name = word(meta, "name");
  facts.terminating = !word(meta, "deletionTimestamp").empty();
  copy_words(member(meta, "annotations"), facts.annotations);
  copy_words(member(meta, "labels"), facts.labels);
  return facts;
}

std::vector<std::string> pull_secrets_of(std::string_view account) {
  return names_in(member(parsed(account), "imagePullSecrets"));
}

std::string platform_of_node(std::string_view text) {
  const auto node = parsed(text);
  const auto& info = member(member(node, "status"), "nodeInfo");
  const auto architecture = word(info, "architecture");
  const auto system = word(info, "operatingSystem");
  if (architecture.empty()) return {};
  return (system.empty() ? "linux" : system) + "/" + architecture;
}

std::optional<bool> any_ready(std::string_view deployments) {
  const auto list = parsed(deployments);
  const auto& items = member(list, "items");
  if (!items.is_array() || items.empty()) return std::nullopt;
  return std::any_of(items.begin(), items.end(), [](const json& item) {
    const auto& ready = member(member(item, "status"), "readyReplicas");
    return ready.is_number_integer() && ready.get<long>() > 0;
  });
}

std::string config_text(std::string_view config_maps) {
  const auto list = parsed(config_maps);
  const auto& items = member(list, "items");
  if (!items.is_array()) return {};
  for (const auto& item : items) {
    auto text = word(member(item, "data"), "config.yaml");
    if (!text.empty()) return text;
  }
  return {};
}

}  // namespace icrps::diagnosis
