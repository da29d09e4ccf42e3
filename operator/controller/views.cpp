#include "controller/views.hpp"

#include "plan/names.hpp"

namespace icrps::controller {
namespace {

// A revision, a hash and a time of ours are shorter.
constexpr std::size_t kLongestNote = 64;
// A name of a namespace, a stroke and a UID.
constexpr std::size_t kLongestPlace = 128;

/// At most so much of it, without the memory of the rest: whoever may edit a copy writes it.
std::string value_of(const std::map<std::string, std::string>& map, std::string_view key,
                     std::size_t longest = kLongestNote) {
  const auto found = map.find(std::string(key));
  return found == map.end() ? std::string() : found->second.substr(0, longest);
}

/// Names of ours that mean nothing are slips; so many of them are told.
constexpr std::size_t kMostSlips = 3;
constexpr std::size_t kLongestSlip = 64;

/// Those that mean something, and slips without their values; nobody looks at the others.
plan::Annotations known_annotations(plan::Annotations&& all) {
  plan::Annotations known;
  std::size_t slips = 0;
  for (auto at = all.lower_bound(std::string(plan::kPrefix));
       at != all.end() && at->first.starts_with(plan::kPrefix) && slips < kMostSlips; ++at) {
    if (plan::means_something(at->first)) continue;
    known.emplace(at->first.substr(0, plan::kPrefix.size() + kLongestSlip), std::string());
    ++slips;
  }
  for (const auto key :
       {plan::kRegions, plan::kEndpoints, plan::kServiceAccounts, plan::kCredentials}) {
    const auto found = all.find(std::string(key));
    if (found == all.end()) continue;
    known.emplace(key, plan::bounded_annotation(std::move(found->second)));
  }
  return known;
}

/// A copy that carries our label; `ns` is where it is. The mark says whose it is all the same.
void read_mark(plan::CopyFacts& copy, const plan::Annotations& notes, const std::string& ns,
               std::string_view own_namespace) {
  const plan::Mark mark{value_of(notes, plan::kInstallation, kLongestPlace),
                        value_of(notes, plan::kMadeFor, kLongestPlace)};
  copy.mark = plan::digest_of(mark);
  if (!plan::may_mean(mark.installation, own_namespace)) {
    copy.other_installation = plan::name_in(mark.installation);
    // Adopted from us, that is: what it was before is no matter of ours.
    copy.adopted &=
        value_of(notes, plan::kAdoptedFrom, kLongestPlace) == plan::installation_in(own_namespace);
  } else if (!plan::may_mean(mark.made_for, ns)) {
    copy.other_namespace = plan::name_in(mark.made_for);
  }
  copy.ours = copy.other_installation.empty() && copy.other_namespace.empty();
}

void note_key(plan::CopyFacts& copy, const std::string& key) {
  if (key == plan::kSecretKey) return;
  if (copy.extra_keys.size() < plan::kMostExtraKeys) {
    copy.extra_keys.push_back(key);
  } else {
    copy.more_keys = true;
  }
}

}  // namespace

plan::NamespaceFacts namespace_facts(kube::Object&& object) {
  return {std::move(object.name),
          std::move(object.uid),
          std::move(object.resource_version),
          object.terminating,
          known_annotations(std::move(object.annotations)),
          std::move(object.labels)};
}

plan::AccountFacts account_facts(kube::Object&& object) {
  plan::AccountFacts account;
  account.uid = std::move(object.uid);
  account.resource_version = std::move(object.resource_version);
  account.terminating = object.terminating;
  account.pull_secrets = std::move(object.image_pull_secrets);
  account.unwieldy = object.unwieldy;
  account.positions = std::move(object.pull_secret_positions);
  account.attached = value_of(object.annotations, plan::kAttached, plan::kLongestAttached);
  account.annotated = object.annotated;
  return account;
}

std::size_t account_weight(const std::string& name, const plan::AccountFacts& facts) {
  constexpr std::size_t kItself = 256;  // the record, its place in a map, the texts' own overhead
  auto weight = kItself + name.size() + facts.uid.size() + facts.attached.size();
  for (const auto& secret : facts.pull_secrets) weight += sizeof(std::string) + secret.size();
  return weight;
}

plan::CopyFacts copy_facts(kube::Object&& object, std::string_view own_namespace) {
  plan::CopyFacts copy;
  copy.content_hash = plan::content_hash(object.data);
  for (const auto& entry : object.data) note_key(copy, entry.first);
  copy.managed_by = value_of(object.labels, plan::kManagedByLabel);
  copy.adopted = object.annotations.contains(std::string(plan::kAdoptedAt));
  if (copy.managed_by == plan::kManagedBy) {
    copy.managed_by.clear();  // it would be in memory once per namespace
    read_mark(copy, object.annotations, object.ns, own_namespace);
  }
  copy.right_type = object.type == plan::kSecretType;
  copy.immutable = object.immutable;
  copy.terminating = object.terminating;
  copy.credential_label = value_of(object.labels, plan::kCredentialLabel);
  copy.hosts = value_of(object.annotations, plan::kHosts, plan::kLongestHosts);
  copy.revision = value_of(object.annotations, plan::kRevision);
  copy.hash_annotation = value_of(object.annotations, plan::kContentHash);
  copy.expires_at = value_of(object.annotations, plan::kExpiresAt);
  copy.uid = std::move(object.uid);
  copy.resource_version = std::move(object.resource_version);
  return copy;
}

std::unique_ptr<CopyStore> make_copy_store(const std::string& own_namespace) {
  return std::make_unique<CopyStore>([own_namespace](kube::Object&& object) {
    return copy_facts(std::move(object), own_namespace);
  });
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
