// How long others wait beside a crowd or a noisy neighbour.
#pragma once

#include <algorithm>
#include <vector>

#include "harness/eventually.hpp"
#include "harness/scene.hpp"

namespace itest {

/// The median.
template <class Time>
[[nodiscard]] Time middle(std::vector<Time> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

/// How long new namespaces wait, one after the other.
[[nodiscard]] std::vector<Milliseconds> arrivals(Scene& scene, int count);

}  // namespace itest
