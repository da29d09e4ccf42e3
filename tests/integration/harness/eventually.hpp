// Waiting in tests. A probe returns what is still wrong, for people; nothing: all is well.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace itest {

using namespace std::chrono_literals;
using Milliseconds = std::chrono::milliseconds;
using Probe = std::function<std::string()>;

/// Limits are multiplied by this: ICRPS_TEST_PATIENCE, 1 unless set. For slow machines and builds.
[[nodiscard]] int patience();

/// Asks again and again until the probe has nothing to say; fails the test with its last words
/// after `limit`. Returns how long it took.
Milliseconds eventually(const std::string& what, const Probe& probe, Milliseconds limit = 15s);

/// The probe must have nothing to say for all of `time`.
void steadily(const std::string& what, const Probe& probe, Milliseconds time);

/// For threads other than the test's own, where nothing may be asserted. True: all is well.
bool wait_for(const Probe& probe, Milliseconds limit);

}  // namespace itest
