// Where a credential comes from. Private to operator/config.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/fields.hpp"

namespace icrps::config {

/// What the operator's own Secrets are called, with the credential's name behind it: neither a
/// source nor a copy may have such a name.
inline constexpr std::string_view kStateSecretPrefix = "icr-pull-secrets-state-";

/// The keys of a credential that name its source: "apiKey", "accessToken", …
[[nodiscard]] const std::vector<std::string>& source_keys();

/// The Secret of the operator's namespace that the source reads; empty: none.
[[nodiscard]] std::string source_secret_of(const Source& source);

/// The source of the credential at `at`, whose keys are `fields`: exactly one. Throws Failure.
[[nodiscard]] Source read_source(const Located& at, const Fields& fields);

}  // namespace icrps::config
