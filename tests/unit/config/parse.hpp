// A configuration out of a test's text.
#pragma once

#include <string>

#include <catch2/catch.hpp>

#include "config/config.hpp"

namespace icrps::config {

inline const std::string kHead =
    "apiVersion: icr-pull-secrets/v1alpha1\nkind: OperatorConfiguration\n";
inline const std::string kCredential =
    "credentials:\n- name: default\n  apiKey: {secretRef: {name: icr-api-key, key: apikey}}\n";
inline const std::string kMinimal = kHead + kCredential;

inline Config parsed(const std::string& text) {
  const auto config = parse_config(text, "config.yaml");
  if (!config) FAIL(config.error().message);
  return *config;
}

inline std::string error_of(const std::string& text) {
  const auto config = parse_config(text, "config.yaml");
  return config ? "" : config.error().message;
}

}  // namespace icrps::config
