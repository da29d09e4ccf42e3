#include "cli/client/key.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

#include "cli/client/prompt.hpp"
#include "cli/client/reading.hpp"
#include "icr/text.hpp"

namespace icrps::cli {
namespace {

constexpr const char* kKeyVariable = "IBMCLOUD_API_KEY";
constexpr const char* kFileVariable = "IBMCLOUD_API_KEY_FILE";
constexpr std::size_t kLargestKeyFile = std::size_t{64} * 1024;

using Wrong = tl::unexpected<std::string>;

bool is_profile(std::string_view text) {
  constexpr std::string_view kPrefix = "Profile-";
  constexpr std::size_t kLongest = 128;
  return text.starts_with(kPrefix) && text.size() > kPrefix.size() && text.size() <= kLongest &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c) || c == '-';
         });
}

struct Found {
  tl::expected<SecretString, std::string> text;
  std::string from;
};

Found look(const KeyOptions& options, const Settings& settings, const KeyPlaces& places) {
  // Asked for in any case, as that takes it out of the environment.
  const auto variable = places.environment(kKeyVariable);
  const auto in_file = [&](const std::string& file) {
    return Found{places.file(file), "the file " + file};
  };
  if (!options.api_key_file.empty()) return in_file(options.api_key_file);
  if (options.api_key_stdin) return {places.input(), "the standard input"};
  if (variable) return {SecretString(*variable), std::string("$") + kKeyVariable};
  if (const auto file = places.environment(kFileVariable)) return in_file(*file);
  if (!settings.api_key_file.empty()) return in_file(settings.api_key_file);
  return {places.prompt(), "what was typed"};
}

std::optional<std::string> take_variable(const std::string& name) {
  char* const value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  std::string text(value);
  if (name == kKeyVariable) {
    ::explicit_bzero(value, std::strlen(value));
    ::unsetenv(name.c_str());
  }
  return text;
}

}  // namespace

KeyPlaces process_places() {
  return {take_variable,
          [](const std::string& file) { return read_secret_file(file, kLargestKeyFile); },
          [] { return read_secret(STDIN_FILENO, "the standard input", kLargestKeyFile); },
          [] {
            return ask_on_terminal(
                "API key: ",
                "there is no API key and no terminal to ask for one; accepted: --apikey-file "
                "FILE, --apikey-stdin, IBMCLOUD_API_KEY, IBMCLOUD_API_KEY_FILE, or `apiKeyFile` in "
                "client.yaml");
          }};
}

tl::expected<Key, std::string> find_key(const KeyOptions& options, const Settings& settings,
                                        const KeyPlaces& places) {
  if (!options.api_key_file.empty() && options.api_key_stdin) {
    return Wrong("--apikey-file and --apikey-stdin: accepted: one of them");
  }
  if (!options.profile.empty() && !is_profile(options.profile)) {
    return Wrong("--profile " + icr::quoted(options.profile) +
                 ": accepted: the id of a trusted profile: Profile-…");
  }
  const auto found = look(options, settings, places);
  if (!found.text) return Wrong(found.text.error());
  auto key = icr::parse_api_key(found.text->reveal());
  if (!key) return Wrong(found.from + ": " + key.error().message);
  return Key{std::move(key->value), options.profile, found.from};
}

}  // namespace icrps::cli
