// How what `provision` made is told from everything else: words in descriptions. Pure.
//
// A service ID and a key have no labels, and names are not unique; the description is theirs alone.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace icrps::provision {

/// The word of everything that was made for NAME: "icr-pull-secrets/provision=NAME".
[[nodiscard]] std::string mark_of(std::string_view name);
/// The NAME that a description is marked with.
[[nodiscard]] std::optional<std::string> marked_name(std::string_view description);

/// A Secret, of one cluster for good: the UID of its namespace tells two clusters apart.
struct SecretPlace {
  std::string ns_uid;
  std::string ns;
  std::string name;
  friend auto operator<=>(const SecretPlace&, const SecretPlace&) = default;
};

/// "API key in Secret icr-pull-secrets/icr-api-key; icr-pull-secrets/provision=… …"
[[nodiscard]] std::string key_description(std::string_view name, const SecretPlace& secret);
/// The Secret that a key was made for.
[[nodiscard]] std::optional<SecretPlace> marked_secret(std::string_view description);

/// 1 to 50 lower-case letters, digits and inner hyphens: what a NAME may be.
[[nodiscard]] bool is_provision_name(std::string_view text);

}  // namespace icrps::provision
