#include "cli/client/settings.hpp"

#include <cstdlib>

#include "config/duration.hpp"

namespace icrps::cli {
namespace {

using Wrong = tl::unexpected<std::string>;

/// The option, else the variable; and what it is called in a message.
struct Given {
  std::string text;
  std::string name;
};

Given given(const std::string& option, const char* option_name, const char* variable,
            const Environment& environment) {
  if (!option.empty()) return {option, option_name};
  return {environment(variable).value_or(""), variable};
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
}

std::string own_folder(const Environment& environment) {
  constexpr const char* kName = "/icr-pull-secrets";
  // The XDG base directory specification: a path that is not absolute is to be ignored.
  if (const auto config = environment("XDG_CONFIG_HOME"); config && config->starts_with('/')) {
    return *config + kName;
  }
  const auto home = environment("HOME");
  return home ? *home + "/.config" + kName : "";
}

tl::expected<Settings, std::string> read_settings(const ClientOptions& options,
                                                  const Environment& environment) {
  Settings settings;
  if (const auto folder = own_folder(environment); !folder.empty()) {
    const auto file = config::load_client(folder + "/client.yaml");
    if (!file) return Wrong(file.error().message);
    settings.iam_origin = file->iam_origin.value_or(settings.iam_origin);
    settings.ca_file = file->ca_file.value_or("");
    settings.api_key_file = file->api_key_file.value_or("");
    settings.regions = file->regions.value_or("");
    settings.answer = file->answer.value_or(settings.answer);
  }
  const auto iam = given(options.iam, "--iam", "ICR_PULL_SECRETS_IAM", environment);
  if (!iam.text.empty()) {
    const auto origin = config::iam_origin(iam.text);
    if (!origin) {
      return Wrong(iam.name + " " + origin.error() +
                   "; accepted: " + std::string(config::kIamAccepted));
    }
    settings.iam_origin = *origin;
  }
  const auto ca = given(options.ca_file, "--ca-file", "ICR_PULL_SECRETS_CA_FILE", environment);
  if (!ca.text.empty()) settings.ca_file = ca.text;
  const auto timeout = config::parse_duration(options.timeout);
  if (!timeout || *timeout < std::chrono::seconds(1)) {
    return Wrong("--timeout " + options.timeout + ": accepted: a duration such as 30s or 1m30s");
  }
  settings.timeout = *timeout;
  return settings;
}

}  // namespace icrps::cli
