// For tests only: parts of the running operator that hang for ever.
#pragma once

#include <functional>
#include <string_view>

namespace icrps::cli {

/// Called by a part of the operator, by its name, on its own thread.
using StallPoint = std::function<void(std::string_view part)>;

/// ICRPS_STALL="worker:/some/file": the thread of that part that finds the file takes it away and
/// never goes on. Parts: worker, queue (a worker before it asks for a namespace), watch (after a
/// request), election (the same). Without the variable nothing ever hangs.
[[nodiscard]] StallPoint stall_point();

}  // namespace icrps::cli
