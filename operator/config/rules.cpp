#include "config/rules.hpp"

#include "config/sources.hpp"

namespace icrps::config {

plan::Defaults defaults_of(const Config& config, const std::string& own_namespace) {
  plan::Defaults defaults{config.endpoints, config.service_accounts, config.opt_in};
  if (!own_namespace.empty()) defaults.opt_in.exclude.push_back(own_namespace);
  return defaults;
}

plan::Rules rules_of(const Config& config, const std::string& own_namespace) {
  plan::Rules rules{defaults_of(config, own_namespace),
                    config.regions,
                    config.regions.known_hosts(),
                    config.attach,
                    config.conflict,
                    own_namespace,
                    {}};
  for (const auto& credential : config.credentials) {
    if (auto name = source_secret_of(credential.source); !name.empty()) {
      rules.sources.insert(std::move(name));
    }
  }
  return rules;
}

}  // namespace icrps::config
