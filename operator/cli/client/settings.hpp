// How a command for people works: what the options say, else the environment, else client.yaml.
#pragma once

#include <chrono>
#include <string>

#include <tl/expected.hpp>

#include "cli/client/options.hpp"
#include "config/client.hpp"
#include "config/kubeconfig.hpp"

namespace icrps::cli {

using config::Environment;

struct Settings {
  std::string iam_origin = "https://iam.cloud.ibm.com";
  std::string ca_file;       ///< of IAM and registries; empty: the system's authorities
  std::string api_key_file;  ///< client.yaml's; or empty
  std::string regions;       ///< client.yaml's, as the annotation; or empty
  config::Answer answer = config::Answer::kToken;  ///< of the credential helper
  std::chrono::seconds timeout{30};                ///< at least 1 s
};

/// The environment of this process.
[[nodiscard]] Environment process_environment();

/// The folder of client.yaml and of what the helper keeps: ${XDG_CONFIG_HOME:-~/.config}/
/// icr-pull-secrets; empty when neither variable is set.
[[nodiscard]] std::string own_folder(const Environment& environment);

/// An error is a sentence for a person: which option, variable or line, and what is accepted.
[[nodiscard]] tl::expected<Settings, std::string> read_settings(const ClientOptions& options,
                                                                const Environment& environment);

}  // namespace icrps::cli
