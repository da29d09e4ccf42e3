#include "cli/cleanup/uninstall_lock.hpp"

#include <charconv>
#include <fmt/format.h>

#include "cli/cleanup/stop_deployment.hpp"

namespace icrps::cli {
namespace {

using LockUnknown = tl::unexpected<std::string>;

/// What Helm labels its record of a release with: before it runs the first hook of an uninstall,
/// it sets the status. Helm 3 and 4 do.
constexpr const char* kUninstalling = "owner=helm,status=uninstalling";

/// Helm keeps its records in Secrets, or in ConfigMaps where HELM_DRIVER says so.
constexpr const char* kRecordKinds[] = {"secrets", "configmaps"};

/// The API server compares the labels, so that nobody here sees what else is in the record.
kube::Collection uninstalling_record(const char* kind, const std::string& ns,
                                     const std::string& name) {
  kube::Collection found{kind, kind, ns, "metadata.name=" + name, true};
  found.label_selector = kUninstalling;
  return found;
}

tl::expected<bool, kube::ApiError> lists_any(kube::Client& client,
                                             const kube::Collection& collection) {
  bool any = false;
  const auto listed = client.list(collection, [&](kube::Object&& /*record*/) { any = true; });
  if (!listed) return tl::unexpected(listed.error());
  return any;
}

/// Whether Helm's record, of either kind, says that its release is being uninstalled.
tl::expected<bool, std::string> says_uninstalling(Session& session, const std::string& ns,
                                                  const std::string& name,
                                                  const Patience& patience) {
  for (const auto* const kind : kRecordKinds) {
    const auto collection = uninstalling_record(kind, ns, name);
    const auto found = persist(patience, [&] { return lists_any(session.client, collection); });
    if (!found) return LockUnknown(found.error().message);
    if (*found) return true;
  }
  return false;
}

tl::expected<Refusal, std::string> locked_by_helm(Session& session, const std::string& text,
                                                  const Patience& patience) {
  const auto record = parse_helm_record(text);
  if (!record) {
    return LockUnknown("--helm-record " + text +
                       ": accepted: NAMESPACE/sh.helm.release.v1.NAME.vN");
  }
  for (unsigned later = 0; later < kRecordsToTry; ++later) {
    const auto found = says_uninstalling(session, record->ns, record->name(later), patience);
    if (!found) return LockUnknown(found.error());
    if (*found) return Refusal{};
  }
  return Refusal{fmt::format(
      "Helm does not uninstall this release: neither {} nor one of the {} records after it has the "
      "labels {}. Nothing was stopped or removed. Only `helm uninstall` may run this Job (after "
      "many rollbacks, `helm upgrade` first); docs/cli.md#cleanup tells the other ways",
      text, kRecordsToTry - 1, kUninstalling)};
}

tl::expected<Refusal, std::string> locked_by_pods(Session& session, const std::string& deployment,
                                                  const Patience& patience) {
  const auto replicas = replicas_of(session, deployment, patience);
  if (!replicas) return LockUnknown(replicas.error());
  if (*replicas == 0) return Refusal{};
  return Refusal{fmt::format(
      "Deployment {} in namespace {} is to run {} pods, so this is no uninstall. Nothing was "
      "removed. To remove everything, scale it to 0 first",
      deployment, session.own_namespace, *replicas)};
}

}  // namespace

std::string HelmRecord::name(unsigned later) const {
  return stem + std::to_string(revision + later);
}

std::optional<HelmRecord> parse_helm_record(const std::string& text) {
  constexpr unsigned kHighest = 1'000'000'000;
  const auto slash = text.find('/');
  const auto dot = text.rfind(".v");
  if (slash == 0 || slash == std::string::npos || dot == std::string::npos || dot < slash + 2 ||
      text.find('/', slash + 1) != std::string::npos) {
    return std::nullopt;
  }
  HelmRecord record{text.substr(0, slash), text.substr(slash + 1, dot + 2 - slash - 1), 0};
  const char* const begin = text.data() + dot + 2;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(begin, end, record.revision);
  if (stopped != end || error != std::errc{} || record.revision > kHighest) return std::nullopt;
  return record;
}

tl::expected<Refusal, std::string> locked(Session& session, const CleanupOptions& options,
                                          const Patience& patience) {
  if (!options.helm_record.empty()) {
    auto refusal = locked_by_helm(session, options.helm_record, patience);
    if (!refusal || *refusal) return refusal;
  }
  if (options.if_stopped.empty()) return Refusal{};
  return locked_by_pods(session, options.if_stopped, patience);
}

}  // namespace icrps::cli
