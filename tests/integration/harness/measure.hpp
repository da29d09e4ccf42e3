// How long others wait beside a crowd or a noisy neighbour, and the lease for its renewal.
#pragma once

#include <algorithm>
#include <vector>

#include "harness/eventually.hpp"
#include "harness/proxy.hpp"
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

/// The longest time between two renewals of the lease that were answered well.
[[nodiscard]] Milliseconds longest_gap(const Requests& requests);

}  // namespace itest
