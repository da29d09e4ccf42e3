// What a host says of a login. Pure.
#pragma once

#include <string_view>

#include <tl/expected.hpp>

#include "iam/pure/refusal.hpp"

namespace icrps::credentials {

/// A yes, or a refusal: a no, or no answer that means anything (kUnknown, kCanceled).
using Answer = tl::expected<void, iam::Refusal>;

enum class Word { kYes, kNo, kSilent };
[[nodiscard]] Word word_of(const Answer& answer);

/// An Event's reason for a refusal.
[[nodiscard]] std::string_view reason_of(const iam::Refusal& refusal);

}  // namespace icrps::credentials
