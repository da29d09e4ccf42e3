// Civil time as the Kubernetes API writes it. Pure.
#pragma once

#include <chrono>
#include <string>

namespace icrps {

/// "2026-11-23T06:20:44.123456Z", as MicroTime in the Kubernetes API.
[[nodiscard]] std::string rfc3339_micro(std::chrono::system_clock::time_point time);
/// "2026-11-23T06:20:44Z", as Time in the Kubernetes API.
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point time);

}  // namespace icrps
