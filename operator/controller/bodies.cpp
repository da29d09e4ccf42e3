#include "controller/bodies.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "plan/names.hpp"
#include "plan/text_list.hpp"
#include "runtime/digest.hpp"
#include "runtime/log.hpp"
#include "runtime/printable.hpp"

namespace icrps::controller {
namespace {

using nlohmann::json;

constexpr std::size_t kNameDigits = 16;
constexpr std::size_t kWritersShown = 5;
constexpr auto kNobodyKnown = "nobody known";
constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestMessage = 1024;  // of an Event, core/v1

std::string key(std::string_view text) {
  return std::string(text);
}

/// At most kLongestMessage bytes, cut between two characters.
std::string cut(std::string message) {
  if (message.size() <= kLongestMessage) return message;
  std::size_t end = kLongestMessage;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0U) == 0x80U) --end;
  message.resize(end);
  return message;
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string first_of(std::vector<std::string> writers) {
  writers.resize(std::min(writers.size(), kWritersShown));
  return plan::join(writers, ", ");
}

json labels(const std::string& credential) {
  return {{key(plan::kManagedByLabel), plan::kManagedBy},
          {"app.kubernetes.io/name", "icr-pull-secrets"},
          {"app.kubernetes.io/component", "pull-secret"},
          {"app.kubernetes.io/part-of", "icr-pull-secrets"},
          {key(plan::kCredentialLabel), credential}};
}

json annotations(const plan::Content& content, const plan::Mark& mark) {
  json annotations = {{key(plan::kRevision), content.revision},
                      {key(plan::kContentHash), content.hash},
                      {key(plan::kHosts), content.hosts},
                      {key(plan::kInstallation), mark.installation},
                      {key(plan::kMadeFor), mark.made_for}};
  if (!content.expires_at.empty()) annotations[key(plan::kExpiresAt)] = content.expires_at;
  return annotations;
}

json patch_of(const plan::UpdateCopy& update) {
  json data = {{key(plan::kSecretKey), update.content->data.reveal()}};
  for (const auto& extra : update.extra_keys) data[extra] = nullptr;
  json notes = annotations(*update.content, update.mark);
  if (update.had_expiry) notes.emplace(key(plan::kExpiresAt), nullptr);  // unless it has a new one
  return {{"metadata",
           {{"uid", update.uid},
            {"resourceVersion", update.resource_version},
            {"labels", labels(update.credential)},
            {"annotations", std::move(notes)}}},
          {"data", std::move(data)}};
}

/// Of the annotation that says which entries are ours.
json attached_operation(const plan::PatchAccount& patch) {
  constexpr auto kPath = "/metadata/annotations/icr-pull-secrets~1attached";
  if (patch.attached.empty()) return {{"op", "remove"}, {"path", kPath}};
  const auto names = plan::join(patch.attached, ",");
  if (patch.annotated) return {{"op", "add"}, {"path", kPath}, {"value", names}};
  return {
      {"op", "add"}, {"path", "/metadata/annotations"}, {"value", {{key(plan::kAttached), names}}}};
}

}  // namespace

std::string copy_body(const plan::CreateCopy& create) {
  const auto& content = *create.content;
  const json body = {{"apiVersion", "v1"},
                     {"kind", "Secret"},
                     {"metadata",
                      {{"name", create.secret},
                       {"labels", labels(create.credential)},
                       {"annotations", annotations(content, create.mark)}}},
                     {"type", plan::kSecretType},
                     {"data", {{key(plan::kSecretKey), content.data.reveal()}}}};
  return dump(body);
}

std::string copy_patch(const plan::UpdateCopy& update) {
  return dump(patch_of(update));
}

std::string adopting_patch(const plan::UpdateCopy& update, const std::string& from,
                           std::chrono::system_clock::time_point at) {
  json body = patch_of(update);
  auto& notes = body["metadata"]["annotations"];
  notes[key(plan::kAdoptedFrom)] = from;
  notes[key(plan::kAdoptedAt)] = rfc3339(at);
  return dump(body);
}

std::string former_owner(const std::string& managed_by, const std::vector<std::string>& writers) {
  std::vector<std::string> words;
  if (!managed_by.empty()) words.push_back("managed-by " + managed_by);
  if (!writers.empty()) words.push_back("written by " + first_of(writers));
  return words.empty() ? kNobodyKnown : plan::join(words, ", ");
}

std::string other_writers(std::vector<std::string> writers) {
  std::erase(writers, plan::kManagedBy);  // the API server takes it from the User-Agent
  return writers.empty() ? kNobodyKnown : first_of(writers);
}

std::string delete_options(std::string_view uid, std::string_view resource_version) {
  return dump({{"apiVersion", "v1"},
               {"kind", "DeleteOptions"},
               {"preconditions", {{"uid", uid}, {"resourceVersion", resource_version}}}});
}

std::string account_patch(const plan::PatchAccount& patch) {
  json operations = json::array();
  operations.push_back(
      {{"op", "test"}, {"path", "/metadata/resourceVersion"}, {"value", patch.resource_version}});
  for (const auto position : patch.remove) {
    operations.push_back(
        {{"op", "remove"}, {"path", fmt::format("/imagePullSecrets/{}", position)}});
  }
  if (patch.list_is_empty && !patch.add.empty()) {
    json list = json::array();
    for (const auto& name : patch.add) list.push_back({{"name", name}});
    operations.push_back(
        {{"op", "add"}, {"path", "/imagePullSecrets"}, {"value", std::move(list)}});
  } else {
    for (const auto& name : patch.add) {
      operations.push_back(
          {{"op", "add"}, {"path", "/imagePullSecrets/-"}, {"value", {{"name", name}}}});
    }
  }
  if (patch.marks) operations.push_back(attached_operation(patch));
  return dump(operations);
}

std::string event_name(const Subject& subject, const plan::Problem& problem) {
  // A pod's name may be as long as a name can be. Cut, it must not end with a hyphen or a dot.
  auto stem = subject.name.substr(0, kLongestName - 1 - kNameDigits);
  while (stem.ends_with('-') || stem.ends_with('.')) stem.pop_back();
  return fmt::format(
      "{}.{}", stem,
      digest({subject.kind, subject.uid, problem.reason, problem.identity()}, kNameDigits));
}

std::string eviction_body(const Subject& pod) {
  return dump({{"apiVersion", "policy/v1"},
               {"kind", "Eviction"},
               {"metadata", {{"name", pod.name}, {"namespace", pod.ns}}},
               {"deleteOptions", {{"preconditions", {{"uid", pod.uid}}}}}});
}

std::string event_body(const Subject& subject, const plan::Problem& problem,
                       std::chrono::system_clock::time_point now) {
  const auto time = rfc3339(now);
  json involved = {{"apiVersion", "v1"},
                   {"kind", subject.kind},
                   {"name", subject.name},
                   // Without it the API server wants Events about a Namespace in `default`.
                   {"namespace", subject.ns}};
  if (!subject.uid.empty()) involved["uid"] = subject.uid;
  const json body = {
      {"apiVersion", "v1"},
      {"kind", "Event"},
      {"metadata", {{"name", event_name(subject, problem)}, {"namespace", subject.ns}}},
      {"involvedObject", std::move(involved)},
      {"type", problem.note ? "Normal" : "Warning"},
      {"reason", problem.reason},
      {"message", cut(printable(problem.message))},
      {"firstTimestamp", time},
      {"lastTimestamp", time},
      {"count", 1},
      {"source", {{"component", "icr-pull-secrets"}}},
      {"reportingComponent", "icr-pull-secrets"},
      {"reportingInstance", ""}};
  return dump(body);
}

std::string event_patch(unsigned count, std::chrono::system_clock::time_point now) {
  return dump({{"count", count}, {"lastTimestamp", rfc3339(now)}});
}

}  // namespace icrps::controller
