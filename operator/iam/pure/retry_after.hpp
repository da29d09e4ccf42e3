// `Retry-After` (RFC 9110 section 10.2.3). Pure.
#pragma once

#include <chrono>
#include <optional>

#include "http/transport.hpp"

namespace icrps::iam {

/// A server that asks for more is asked again after this all the same.
inline constexpr std::chrono::seconds kLongestRetryAfter{600};

/// Seconds, or a date, which is counted from the answer's own `Date`: a clock that is wrong here
/// changes nothing. Without one a date says nothing.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_after_of(
    const http::ResponseHead& head);

}  // namespace icrps::iam
