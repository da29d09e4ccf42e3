// Civil time as the Kubernetes API writes it. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace icrps {

/// "2026-11-23T06:20:44.123456Z", as MicroTime in the Kubernetes API.
[[nodiscard]] std::string rfc3339_micro(std::chrono::system_clock::time_point time);
/// "2026-11-23T06:20:44Z", as Time in the Kubernetes API.
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point time);

/// Also with a fraction, which is dropped, and with an offset ("+01:00"). Years 1970 to 2261.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> parse_rfc3339(
    std::string_view text);

}  // namespace icrps
