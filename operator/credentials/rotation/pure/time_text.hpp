// Civil time as text (RFC 3339), as the API and the state write it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "credentials/rotation/pure/state.hpp"

namespace icrps::credentials::rotation {

/// "2026-11-23T06:20:44Z"
[[nodiscard]] std::string time_text(Time time);

/// Also with a fraction, which is dropped, and with an offset ("+01:00"). Years 1970 to 2261.
[[nodiscard]] std::optional<Time> parse_time(std::string_view text);

}  // namespace icrps::credentials::rotation
