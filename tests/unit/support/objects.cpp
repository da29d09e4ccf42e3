#include "unit/support/objects.hpp"

#include "icr/base64.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::test {
namespace {

/// As object() makes UIDs.
std::string made_for(const std::string& ns) {
  return ns + "/uid-of-" + ns;
}

}  // namespace

Json object(const std::string& name_and_version) {
  const auto at = name_and_version.find('@');
  const auto slash = name_and_version.find('/');
  Json metadata;
  if (slash != std::string::npos) metadata["namespace"] = name_and_version.substr(0, slash);
  const auto begin = slash == std::string::npos ? 0 : slash + 1;
  metadata["name"] = name_and_version.substr(begin, at - begin);
  metadata["uid"] = "uid-of-" + name_and_version.substr(begin, at - begin);
  if (at != std::string::npos) metadata["resourceVersion"] = name_and_version.substr(at + 1);
  return {{"metadata", std::move(metadata)}};
}

Json namespace_object(const std::string& name_and_version, Json annotations) {
  auto json = object(name_and_version);
  if (!annotations.empty()) json["metadata"]["annotations"] = std::move(annotations);
  return json;
}

Json account(const std::string& name_and_version, const std::vector<std::string>& pull_secrets) {
  auto json = object(name_and_version);
  std::vector<std::string> ours;
  for (const auto& name : pull_secrets) {
    json["imagePullSecrets"].push_back({{"name", name}});
    if (name.starts_with("icr-")) ours.push_back(name);
  }
  if (!ours.empty()) {
    json["metadata"]["annotations"][std::string(plan::kAttached)] = plan::join(ours, ",");
  }
  return json;
}

Json secret(const std::string& name_and_version,
            const std::vector<std::pair<std::string, std::string>>& data) {
  auto json = object(name_and_version);
  json["type"] = "Opaque";
  for (const auto& [key, value] : data) json["data"][key] = icr::base64_encode(value);
  return json;
}

Json own_copy(const std::string& name_and_version, const plan::Content& content,
              const std::string& credential) {
  auto json = object(name_and_version);
  json["type"] = plan::kSecretType;
  json["data"] = {{std::string(plan::kSecretKey), content.data.reveal()}};
  json["metadata"]["labels"] = {{std::string(plan::kManagedByLabel), plan::kManagedBy},
                                {std::string(plan::kCredentialLabel), credential}};
  json["metadata"]["annotations"] = {
      {std::string(plan::kRevision), content.revision},
      {std::string(plan::kContentHash), content.hash},
      {std::string(plan::kHosts), content.hosts},
      {std::string(plan::kInstallation), ""},
      {std::string(plan::kMadeFor), made_for(json["metadata"]["namespace"])}};
  if (!content.expires_at.empty()) {
    json["metadata"]["annotations"][std::string(plan::kExpiresAt)] = content.expires_at;
  }
  return json;
}

Json stuck_pod(const std::string& name_and_version) {
  auto json = object(name_and_version);
  json["metadata"]["ownerReferences"] = {
      {{"kind", "ReplicaSet"}, {"name", "web"}, {"controller", true}}};
  json["spec"] = {
      {"serviceAccountName", "default"},
      {"containers", {{{"name", "web"}, {"image", "us.icr.io/team/app:1"}, {"ports", {1}}}}}};
  json["status"] = {
      {"phase", "Pending"},
      {"containerStatuses",
       {{{"name", "web"},
         {"state", {{"waiting", {{"reason", "ImagePullBackOff"}, {"message", "no"}}}}}}}}};
  return json;
}

std::string page(const std::vector<Json>& items, const std::string& version,
                 const std::string& continue_token) {
  Json metadata = {{"resourceVersion", version}};
  if (!continue_token.empty()) metadata["continue"] = continue_token;
  return Json{{"kind", "List"}, {"metadata", metadata}, {"items", items}}.dump();
}

std::string event(const std::string& type, const Json& object) {
  return Json{{"type", type}, {"object", object}}.dump() + "\n";
}

Json status(int code, const std::string& reason, const std::string& message, Json details) {
  Json json = {{"kind", "Status"},    {"apiVersion", "v1"}, {"metadata", Json::object()},
               {"status", "Failure"}, {"message", message}, {"reason", reason},
               {"code", code}};
  if (!details.empty()) json["details"] = std::move(details);
  return json;
}

}  // namespace icrps::test
