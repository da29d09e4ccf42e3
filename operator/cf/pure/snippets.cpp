#include "cf/pure/snippets.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "icr/docker_config.hpp"
#include "icr/text.hpp"

namespace icrps::cf {
namespace {

/// A string that YAML reads as it was; JSON's are YAML's.
std::string yaml_text(std::string_view text) {
  return nlohmann::json(std::string(text))
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::optional<std::string> why_not_a_token(const SecretString& password) {
  const std::string_view text = password.reveal();
  // A JSON Web Token: three parts, the first of which begins with {" in base64.
  const bool token = text.starts_with("eyJ") && std::count(text.begin(), text.end(), '.') == 2;
  constexpr std::size_t kLongestKey = 100;  // IBM's have 44 characters
  if (!token && text.size() <= kLongestKey) return std::nullopt;
  return fmt::format(
      "this is no API key but a token of {} characters, and Cloud Foundry can't live with one. It "
      "asks the registry again at each start, restart and move of an app, and a token ends after "
      "an "
      "hour at most; older foundations keep no more than 1000 characters. Use the API key of a "
      "service ID that may only pull: icr-pull-secrets provision",
      text.size());
}

std::string shell_word(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c) ||
           std::string_view("-._/:@=+,").find(c) != std::string_view::npos;
  });
  if (plain) return std::string(text);
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

SecretString env_line(const SecretString& key) {
  return SecretString(fmt::format("export CF_DOCKER_PASSWORD={}\n", shell_word(key.reveal())));
}

std::string manifest(std::string_view app, std::string_view image) {
  return fmt::format(
      "applications:\n"
      "  - name: {}\n"
      "    docker:\n"
      "      image: {}\n"
      "      username: {}\n",
      yaml_text(app), yaml_text(image), icr::kApiKeyUser);
}

std::string push_line(std::string_view app, std::string_view image) {
  return fmt::format("cf push {} --docker-image {} --docker-username {}", shell_word(app),
                     shell_word(image), icr::kApiKeyUser);
}

std::string restage_line(std::string_view app) {
  return fmt::format("cf restage {} --strategy rolling", shell_word(app));
}

}  // namespace icrps::cf
