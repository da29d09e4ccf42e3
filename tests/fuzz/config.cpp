// The configuration file.
#include "config/config.hpp"

#include <set>

#include "fuzz.hpp"

using namespace icrps;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = config::parse_config(fuzz::text_of(data, size), "config.yaml");
  if (!config) {
    fuzz::require_presentable(config.error().message);
    fuzz::require(config.error().message.starts_with("config.yaml:"), "a message names the file");
    return 0;
  }
  fuzz::require(config->workers >= 1 && config->workers <= 64, "1 to 64 workers");
  std::set<std::string> names;
  for (const auto& credential : config->credentials) names.insert(credential.name);
  fuzz::require(!names.empty() && names.size() == config->credentials.size(), "unique credentials");
  for (const std::string& pattern : config->service_accounts) {
    fuzz::require(!config::check_account_pattern(pattern), "checked patterns");
  }
  for (const auto& [id, region] : config->regions.regions()) {
    fuzz::require(!icr::check_region_id(id) && !icr::check_host(region.host), "checked regions");
  }
  return 0;
}
