#include "provision/pure/marks.hpp"

#include <fmt/format.h>

#include "icr/text.hpp"

namespace icrps::provision {
namespace {

constexpr std::string_view kNameMark = "icr-pull-secrets/provision=";
constexpr std::string_view kSecretMark = "icr-pull-secrets/secret=";
constexpr std::size_t kLongestName = 50;

/// What follows `mark` in the word of a description that begins with it.
std::optional<std::string_view> word_after(std::string_view description, std::string_view mark) {
  while (!description.empty()) {
    const std::size_t end = std::min(description.find(' '), description.size());
    const auto word = description.substr(0, end);
    if (word.starts_with(mark)) return word.substr(mark.size());
    description.remove_prefix(std::min(end + 1, description.size()));
  }
  return std::nullopt;
}

}  // namespace

std::string mark_of(std::string_view name) {
  return fmt::format("{}{}", kNameMark, name);
}

std::optional<std::string> marked_name(std::string_view description) {
  const auto name = word_after(description, kNameMark);
  if (!name || !is_provision_name(*name)) return std::nullopt;
  return std::string(*name);
}

std::string key_description(std::string_view name, const SecretPlace& secret) {
  return fmt::format("API key in Secret {}/{}; {} {}{}/{}/{}", secret.ns, secret.name,
                     mark_of(name), kSecretMark, secret.ns_uid, secret.ns, secret.name);
}

std::optional<SecretPlace> marked_secret(std::string_view description) {
  const auto place = word_after(description, kSecretMark);
  if (!place) return std::nullopt;
  const std::size_t first = place->find('/');
  const std::size_t second = first == std::string_view::npos ? first : place->find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  return SecretPlace{std::string(place->substr(0, first)),
                     std::string(place->substr(first + 1, second - first - 1)),
                     std::string(place->substr(second + 1))};
}

bool is_provision_name(std::string_view text) {
  return icr::is_dns_label(text, kLongestName);
}

}  // namespace icrps::provision
