// Waiting that a stop token ends.
// Thread safety: both may be called from any thread; they block the caller.
#pragma once

#include <chrono>
#include <stop_token>

#include "runtime/clock.hpp"

namespace icrps {

/// False: `stop` came first, or had come already.
bool pause_for(std::chrono::milliseconds time, const std::stop_token& stop);
/// The same until a moment; one that has passed is not waited for.
bool pause_until(Clock::Instant moment, const std::stop_token& stop);

}  // namespace icrps
