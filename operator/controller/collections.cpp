#include "controller/collections.hpp"

#include <set>
#include <utility>

#include "controller/configured.hpp"
#include "plan/limits.hpp"

namespace icrps::controller {
namespace {

// Copies carry data; a page of them stays below a megabyte.
constexpr unsigned kSecretsPage = 250;
// A pod is some 10 KiB of text, and may be 1 MiB: nobody is to use up the operator's memory.
constexpr unsigned kPodsPage = 25;
constexpr std::size_t kLargestPodsPage = std::size_t{4} << 20U;

}  // namespace

kube::Collection namespaces_of(const config::Config& config) {
  std::set<std::string> labels;
  for (const auto& credential : config.credentials) {
    for (auto& key : plan::label_keys(credential.limits)) labels.insert(std::move(key));
  }
  for (auto& key : plan::label_keys(config.opt_in.selector)) labels.insert(std::move(key));
  kube::Collection collection{"namespaces", "namespaces", {}, {}, true};
  collection.keep.labels.assign(labels.begin(), labels.end());
  return collection;
}

kube::Collection all_service_accounts(const config::Config& config) {
  kube::Collection collection{"serviceaccounts", "serviceaccounts", {}, {}, false};
  collection.keep = kept_of_accounts(config);
  return collection;
}

kube::Keep kept_of_accounts(const config::Config& config) {
  kube::Keep keep;
  for (auto& copy : copy_names_of(config)) keep.pull_secrets.push_back(std::move(copy.secret));
  return keep;
}

kube::Collection named_secret(const std::string& name, const std::string& ns) {
  return {"secrets", "secrets", ns, "metadata.name=" + name, false, kSecretsPage};
}

kube::Collection named_config_map(const std::string& name, const std::string& ns) {
  return {"configmaps", "configmaps", ns, "metadata.name=" + name, false};
}

kube::Collection pending_pods(const std::string& ns, const std::string& name) {
  const std::string only = name.empty() ? "" : "metadata.name=" + name + ",";
  kube::Collection collection{"pods", "pods", ns, only + "status.phase=Pending", false, kPodsPage};
  collection.max_page_size = kLargestPodsPage;
  return collection;
}

}  // namespace icrps::controller
