#include "controller/configured.hpp"

namespace icrps::controller {

std::vector<std::string> names_of(const std::vector<config::Credential>& credentials) {
  std::vector<std::string> names;
  for (const auto& credential : credentials) names.push_back(credential.name);
  return names;
}

LimitsByCredential limits_of(const config::Config& config) {
  LimitsByCredential limits;
  for (const auto& credential : config.credentials) {
    limits[credential.name] = std::make_shared<const plan::Limits>(credential.limits);
  }
  return limits;
}

}  // namespace icrps::controller
