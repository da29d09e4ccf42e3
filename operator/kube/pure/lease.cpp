#include "kube/pure/lease.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace icrps::kube {
namespace {

using nlohmann::json;

/// Of whoever wrote "a year": nobody waits longer for a holder that is gone.
constexpr std::chrono::seconds kLongestDuration = std::chrono::hours(1);

std::string text_at(const json& spec, const char* key) {
  const auto found = spec.find(key);
  return found != spec.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

unsigned number_at(const json& spec, const char* key) {
  const auto found = spec.find(key);
  if (found == spec.end() || !found->is_number_unsigned()) return 0;
  return static_cast<unsigned>(
      std::min<std::uint64_t>(found->get<std::uint64_t>(), kMostTransitions));
}

}  // namespace

tl::expected<Lease, DecodeError> decode_lease(std::string_view body) {
  const auto object = json::parse(body, nullptr, false);
  if (!object.is_object() || text_at(object, "kind") != "Lease") {
    return tl::unexpected(DecodeError{"not a Lease"});
  }
  Lease lease;
  if (const auto meta = object.find("metadata"); meta != object.end() && meta->is_object()) {
    lease.resource_version = text_at(*meta, "resourceVersion");
    auto kept = *meta;
    kept.erase("resourceVersion");
    kept.erase("managedFields");
    lease.metadata = dump(kept);
  }
  const auto spec = object.find("spec");
  if (spec == object.end() || !spec->is_object()) return lease;
  lease.spec.holder = text_at(*spec, "holderIdentity");
  lease.spec.duration =
      std::min(std::chrono::seconds(number_at(*spec, "leaseDurationSeconds")), kLongestDuration);
  lease.spec.acquired = text_at(*spec, "acquireTime");
  lease.spec.renewed = text_at(*spec, "renewTime");
  lease.spec.transitions = number_at(*spec, "leaseTransitions");
  return lease;
}

std::string lease_body(std::string_view name, const LeaseSpec& spec,
                       std::string_view resource_version, std::string_view kept) {
  auto metadata = json::parse(kept, nullptr, false);
  if (!metadata.is_object()) {
    metadata = {{"labels", {{"app.kubernetes.io/managed-by", "icr-pull-secrets"}}}};
  }
  metadata["name"] = name;
  if (!resource_version.empty()) metadata["resourceVersion"] = resource_version;
  json fields = {{"holderIdentity", spec.holder},
                 // The API accepts no 0.
                 {"leaseDurationSeconds", std::max<std::int64_t>(spec.duration.count(), 1)},
                 {"leaseTransitions", spec.transitions}};
  if (!spec.acquired.empty()) fields["acquireTime"] = spec.acquired;
  if (!spec.renewed.empty()) fields["renewTime"] = spec.renewed;
  return dump({{"apiVersion", "coordination.k8s.io/v1"},
               {"kind", "Lease"},
               {"metadata", std::move(metadata)},
               {"spec", std::move(fields)}});
}

}  // namespace icrps::kube
