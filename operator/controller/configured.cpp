#include "controller/configured.hpp"

namespace icrps::controller {

std::vector<std::string> names_of(const std::vector<config::Credential>& credentials) {
  std::vector<std::string> names;
  for (const auto& credential : credentials) names.push_back(credential.name);
  return names;
}

Configured configured_of(const config::Config& config) {
  Configured configured;
  for (const auto& credential : config.credentials) {
    configured.limits[credential.name] = std::make_shared<const plan::Limits>(credential.limits);
    configured.secrets[credential.name] = credential.secret_name;
  }
  configured.retired = config.retired;
  return configured;
}

std::vector<plan::CopyName> copy_names_of(const config::Config& config) {
  std::vector<plan::CopyName> names;
  for (const auto& credential : config.credentials) {
    names.push_back({credential.name, credential.secret_name});
  }
  names.insert(names.end(), config.retired.begin(), config.retired.end());
  return names;
}

}  // namespace icrps::controller
