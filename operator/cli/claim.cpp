#include "cli/claim.hpp"

#include <condition_variable>
#include <fmt/format.h>
#include <mutex>

#include <nlohmann/json.hpp>

#include "credentials/status_record.hpp"
#include "plan/names.hpp"

namespace icrps::cli {
namespace {

using nlohmann::json;
using ApiKind = kube::ApiError::Kind;
using namespace std::chrono_literals;

constexpr auto kAgainAfter = 1s;

kube::Path record_in(const std::string& ns) {
  return {"configmaps", ns, credentials::kStatusConfigMap};
}

std::optional<std::string> installation_of(const kube::Object& record) {
  const auto found = record.annotations.find(std::string(plan::kInstallation));
  if (found == record.annotations.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::optional<std::string> refusal(const Installation& wanted, const std::string& recorded) {
  if (recorded == wanted.name) return std::nullopt;
  return fmt::format(
      "namespace {} belongs to the installation \"{}\" of icr-pull-secrets, as annotation {} of "
      "ConfigMap {} says, and this one is \"{}\". Two in one namespace would share their Lease, "
      "record and rotations: install this one in a namespace of its own. If the other one is "
      "gone, delete that ConfigMap",
      wanted.ns, recorded, plan::kInstallation, credentials::kStatusConfigMap, wanted.name);
}

/// With the record as it was found, or without one. An error that is a conflict: look again.
kube::Reply write(kube::Client& client, const Installation& installation,
                  const kube::Reply& record) {
  json metadata = {{"annotations", {{std::string(plan::kInstallation), installation.name}}}};
  if (record) {
    metadata["uid"] = record->uid;
    metadata["resourceVersion"] = record->resource_version;
    return client.patch(record_in(installation.ns), kube::Client::PatchType::kMerge,
                        json{{"metadata", metadata}}.dump());
  }
  metadata["name"] = credentials::kStatusConfigMap;
  metadata["labels"] = {{std::string(plan::kManagedByLabel), plan::kManagedBy}};
  return client.create(
      {"configmaps", installation.ns, {}},
      json{{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", metadata}}.dump());
}

/// An error that a person must mend keeps nobody from working, as nothing depends on the record.
bool is_final(const kube::ApiError& error) {
  return error.kind == ApiKind::kForbidden || error.kind == ApiKind::kInvalid ||
         error.kind == ApiKind::kTerminating || error.kind == ApiKind::kCanceled;
}

void nap(const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, kAgainAfter, [] { return false; });
}

}  // namespace

tl::expected<std::optional<std::string>, kube::ApiError> recorded_installation(
    kube::Client& client, const std::string& ns) {
  const auto record = client.get(record_in(ns));
  if (record) return installation_of(*record);
  if (record.error().kind == ApiKind::kNotFound) return std::nullopt;
  return tl::unexpected(record.error());
}

std::optional<std::string> taken_by_another(kube::Client& client,
                                            const Installation& installation) {
  if (installation.name.empty()) return std::nullopt;
  const auto recorded = recorded_installation(client, installation.ns);
  if (!recorded || !*recorded) return std::nullopt;
  return refusal(installation, **recorded);
}

std::optional<std::string> claim(kube::Client& client, const Installation& installation,
                                 const std::stop_token& stop) {
  if (installation.name.empty()) return std::nullopt;
  while (!stop.stop_requested()) {
    const auto record = client.get(record_in(installation.ns), stop);
    if (record) {
      if (const auto recorded = installation_of(*record)) return refusal(installation, *recorded);
    } else if (is_final(record.error())) {
      return std::nullopt;
    }
    if (record || record.error().kind == ApiKind::kNotFound) {
      const auto written = write(client, installation, record);
      if (written || is_final(written.error())) return std::nullopt;
    }
    nap(stop);
  }
  return std::nullopt;
}

}  // namespace icrps::cli
