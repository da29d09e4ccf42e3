#include "config/rules.hpp"

namespace icrps::config {
namespace {

/// The Secret of the operator's namespace that the source reads; empty: none.
struct SecretOf {
  std::string operator()(const TrustedProfileSource& /*source*/) const { return {}; }
  std::string operator()(const BasicSource& source) const { return source.password.name; }
  std::string operator()(const ServiceIdSource& source) const {
    return std::visit(*this, source.manager);
  }
  template <typename Kind>
  std::string operator()(const Kind& source) const {
    if constexpr (requires { source.api_key; }) {
      return source.api_key.name;
    } else {
      return source.secret_ref.name;
    }
  }
};

}  // namespace

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
    if (auto name = std::visit(SecretOf{}, credential.source); !name.empty()) {
      rules.sources.insert(std::move(name));
    }
  }
  return rules;
}

}  // namespace icrps::config
