// The leaves of a JSON document, one by one, without a document tree: answers of IAM and of
// registries hold credentials, and what isn't asked for is never copied. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/secret_string.hpp"

namespace icrps::iam {

/// Text is a secret until somebody who knows the field says otherwise. Nothing: null, or a number
/// that is not an integer of 64 bits.
using Scalar = std::variant<std::monostate, bool, std::int64_t, SecretString>;

struct ScalarSink {
  /// A leaf and where it stands: "access_token", "errors/[]/message".
  std::function<void(std::string_view path, Scalar&& value)> leaf;
  /// An object or an array has ended; where it stood: "apikeys/[]", "apikeys".
  std::function<void(std::string_view path)> object_end = [](std::string_view) {};
  std::function<void(std::string_view path)> array_end = [](std::string_view) {};
};

/// Whether all of it was JSON, nested no deeper than answers are. Calls were made before the
/// mistake was seen: nothing of them is to be used then.
[[nodiscard]] bool read_scalars(std::string_view text, const ScalarSink& sink);

/// The text of a leaf, or nothing.
[[nodiscard]] inline SecretString* text_of(Scalar& value) {
  return std::get_if<SecretString>(&value);
}

/// Puts a leaf into a field that is no secret; one of another kind leaves the field as it is.
inline void take(std::string& field, Scalar& value) {
  if (const auto* text = text_of(value)) field = text->reveal();
}
inline void take(bool& field, const Scalar& value) {
  if (const auto* flag = std::get_if<bool>(&value)) field = *flag;
}

}  // namespace icrps::iam
