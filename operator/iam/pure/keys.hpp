// What IAM's API for keys answers. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/secret_string.hpp"

namespace icrps::iam {

/// An API key as IAM describes it, without its value.
struct KeyInfo {
  std::string id;  ///< "ApiKey-…": names are not unique, this is
  std::string name;
  std::string iam_id;  ///< whose it is: "iam-ServiceId-…"
  std::string account_id;
  std::string created_at;  ///< as IAM writes it: "2026-11-23T09:10+0000"
  bool disabled = false;
  bool locked = false;  ///< protected from changes; it can still log in
  std::string description{};
};

struct NewKey {
  std::string id;
  SecretString value;
};

struct KeyPage {
  std::vector<KeyInfo> keys;
  /// The `pagetoken` of the link to the next page, as it stands there; empty: this is the last.
  /// Only that is taken of the link: where to ask is not the server's to say.
  std::string next;
};

/// Nothing: not such an answer at all, or a key without an id.
[[nodiscard]] std::optional<KeyPage> read_key_page(std::string_view body);
[[nodiscard]] std::optional<NewKey> read_new_key(std::string_view body);
/// `apikeys_per_identity`, an object with `limit` or the number itself.
[[nodiscard]] std::optional<unsigned> read_key_limit(std::string_view body);

}  // namespace icrps::iam
