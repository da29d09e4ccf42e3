// The API key that a command for people logs in with.
#pragma once

#include <functional>
#include <string>

#include <tl/expected.hpp>

#include "cli/client/options.hpp"
#include "cli/client/settings.hpp"
#include "icr/docker_config.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::cli {

/// Where a key may be found. Each error is a sentence for a person, without any of the key.
struct KeyPlaces {
  Environment environment;
  std::function<tl::expected<SecretString, std::string>(const std::string& file)> file;
  std::function<tl::expected<SecretString, std::string>()> input;   ///< the standard input
  std::function<tl::expected<SecretString, std::string>()> prompt;  ///< on the terminal
};

/// Those of this process. IBMCLOUD_API_KEY, once it is asked for, leaves the environment: no child
/// of this process inherits it.
[[nodiscard]] KeyPlaces process_places();

struct Key {
  SecretString value;
  std::string profile;  ///< "Profile-…", or empty
  std::string from;     ///< for messages: "$IBMCLOUD_API_KEY", "the file /run/key"

  /// Who logs in at a registry with it: "iamapikey", or the profile.
  [[nodiscard]] icr::Login login() const {
    return {profile.empty() ? icr::kApiKeyUser : profile, value};
  }
};

/// The first that there is: --apikey-file or --apikey-stdin; IBMCLOUD_API_KEY;
/// IBMCLOUD_API_KEY_FILE; client.yaml's file; the terminal.
[[nodiscard]] tl::expected<Key, std::string> find_key(const KeyOptions& options,
                                                      const Settings& settings,
                                                      const KeyPlaces& places);

}  // namespace icrps::cli
