// How long others wait beside a crowd or a noisy neighbour.
#pragma once

#include <vector>

#include "harness/eventually.hpp"
#include "harness/iam_scene.hpp"

namespace itest {

/// The median.
[[nodiscard]] Milliseconds middle(std::vector<Milliseconds> times);

/// How long new namespaces wait, one after the other.
[[nodiscard]] std::vector<Milliseconds> arrivals(IamScene& scene, int count);

}  // namespace itest
