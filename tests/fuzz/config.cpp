// The configuration file.
#include "config/config.hpp"

#include <set>

#include "fuzz.hpp"

using namespace icrps;

namespace {

void check(const config::Credential& credential) {
  const plan::Limits& limits = credential.limits;
  const bool basic = std::holds_alternative<config::BasicSource>(credential.source);
  fuzz::require(basic != limits.fixed_hosts.empty(), "hosts of basic alone");
  fuzz::require(!limits.namespaces.empty(), "namespaces");
  fuzz::require(!limits.selector || !limits.selector->empty(), "a selector that selects");
  fuzz::require(!limits.hosts || !limits.hosts->empty(), "hosts of regions");
  for (const std::string& name : limits.registry_namespaces) {
    fuzz::require(!name.empty() && name.find('/') == std::string::npos, "registry namespaces");
  }
  if (const auto* source = std::get_if<config::ServiceIdSource>(&credential.source)) {
    fuzz::require(source->overlap.count() > 0 && source->overlap < source->rotate_every,
                  "an overlap shorter than the interval");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = config::parse_config(fuzz::text_of(data, size), "config.yaml");
  if (!config) {
    fuzz::require_presentable(config.error().message);
    fuzz::require(config.error().message.starts_with("config.yaml:"), "a message names the file");
    return 0;
  }
  fuzz::require(config->workers >= 1 && config->workers <= 64, "1 to 64 workers");
  fuzz::require(config->iam.origin.starts_with("https://"), "IAM by TLS only");
  std::set<std::string> names;
  for (const auto& credential : config->credentials) names.insert(credential.name);
  fuzz::require(!names.empty() && names.size() == config->credentials.size(), "unique credentials");
  for (const auto& credential : config->credentials) check(credential);
  for (const std::string& pattern : config->service_accounts) {
    fuzz::require(!config::check_account_pattern(pattern), "checked patterns");
  }
  for (const auto& [id, region] : config->regions.regions()) {
    fuzz::require(!icr::check_region_id(id) && !icr::check_host(region.host), "checked regions");
  }
  return 0;
}
