#include "controller/views.hpp"

#include "plan/names.hpp"

namespace icrps::controller {
namespace {

std::string value_of(const std::map<std::string, std::string>& map, std::string_view key) {
  const auto found = map.find(std::string(key));
  return found == map.end() ? std::string() : found->second;
}

}  // namespace

plan::NamespaceFacts namespace_facts(kube::Object&& object) {
  return {std::move(object.name), std::move(object.uid),         std::move(object.resource_version),
          object.terminating,     std::move(object.annotations), std::move(object.labels)};
}

plan::AccountFacts account_facts(kube::Object&& object) {
  // What is unwieldy is left alone, as is what is going.
  const bool left_alone = object.terminating || object.unwieldy;
  return {std::move(object.uid), std::move(object.resource_version), left_alone,
          std::move(object.image_pull_secrets)};
}

plan::CopyFacts copy_facts(kube::Object&& object) {
  plan::CopyFacts copy;
  copy.content_hash = plan::content_hash(object.data);
  for (const auto& entry : object.data) {
    if (entry.first != plan::kSecretKey) copy.extra_keys.push_back(entry.first);
  }
  copy.managed_by = value_of(object.labels, plan::kManagedByLabel);
  copy.ours = copy.managed_by == plan::kManagedBy;
  if (copy.ours) copy.managed_by.clear();  // it would be in memory once per namespace
  copy.adopted = object.annotations.contains(std::string(plan::kAdoptedAt));
  copy.right_type = object.type == plan::kSecretType;
  copy.immutable = object.immutable;
  copy.terminating = object.terminating;
  copy.credential_label = value_of(object.labels, plan::kCredentialLabel);
  copy.hosts = value_of(object.annotations, plan::kHosts);
  copy.revision = value_of(object.annotations, plan::kRevision);
  copy.hash_annotation = value_of(object.annotations, plan::kContentHash);
  copy.expires_at = value_of(object.annotations, plan::kExpiresAt);
  copy.uid = std::move(object.uid);
  copy.resource_version = std::move(object.resource_version);
  return copy;
}

plan::PodFacts pod_facts(kube::Object&& object) {
  plan::PodFacts pod;
  pod.pending = object.phase == "Pending";
  pod.terminating = object.terminating;
  pod.controlled = object.controlled;
  pod.mirror = object.mirror;
  for (auto& container : object.containers) {
    const bool failing =
        container.waiting == "ErrImagePull" || container.waiting == "ImagePullBackOff";
    if (failing) pod.failing_images.push_back(std::move(container.image));
  }
  pod.name = std::move(object.name);
  pod.uid = std::move(object.uid);
  pod.service_account = std::move(object.service_account);
  pod.pull_secrets = std::move(object.image_pull_secrets);
  return pod;
}

}  // namespace icrps::controller
