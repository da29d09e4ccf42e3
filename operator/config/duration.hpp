// Durations as Kubernetes writes them. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace icrps::config {

/// "720h", "1h30m", "90s": whole hours, minutes and seconds, each at most once and in this order.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// The same the other way round, without parts that are zero; "0s". Never negative.
[[nodiscard]] std::string format_duration(std::chrono::seconds duration);

}  // namespace icrps::config
