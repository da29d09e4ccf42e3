#include "config/secret_size.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace icrps::config {
namespace {

constexpr std::size_t kLargestSecret = std::size_t{1} << 20U;

/// Bytes of an entry, which holds the login twice, once in base64. The chart has the same numbers
/// (templates/_config.tpl).
struct EntrySize {
  // An API key has 44 characters, the key of an entry some 60.
  static constexpr std::size_t kKey = 256;
  // IAM's tokens have some 1600.
  static constexpr std::size_t kToken = 4096;
  // A password that is a token of somebody else's.
  static constexpr std::size_t kPassword = 2560;

  std::size_t operator()(const ApiKeySource& /*source*/) const { return kKey; }
  std::size_t operator()(const ProfileKeySource& /*source*/) const { return kKey; }
  std::size_t operator()(const ServiceIdSource& /*source*/) const { return kKey; }
  std::size_t operator()(const BasicSource& /*source*/) const { return kPassword; }
  template <typename Tokens>
  std::size_t operator()(const Tokens& /*source*/) const {
    return kToken;
  }
};

}  // namespace

void refuse_too_large(const Located& at, const Credential& credential,
                      const icr::RegionTable& regions) {
  const plan::Limits& limits = credential.limits;
  const std::size_t hosts = !limits.fixed_hosts.empty() ? limits.fixed_hosts.size()
                            : limits.hosts              ? limits.hosts->size()
                                                        : regions.known_hosts().size();
  const std::size_t spaces = std::max<std::size_t>(limits.registry_namespaces.size(), 1);
  const std::size_t entry = std::visit(EntrySize{}, credential.source);
  const std::size_t sum = hosts * spaces * entry;
  if (sum <= kLargestSecret) return;
  at.fail(fmt::format("makes Secrets of up to {} bytes: {} hosts, {} registryNamespaces, {} bytes "
                      "for each of both",
                      sum, hosts, spaces, entry),
          fmt::format("at most {} bytes, which is what Kubernetes takes; name fewer regions or "
                      "registryNamespaces",
                      kLargestSecret));
}

}  // namespace icrps::config
