#include "harness/measure.hpp"

#include <algorithm>

namespace itest {

Milliseconds middle(std::vector<Milliseconds> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

std::vector<Milliseconds> arrivals(IamScene& scene, int count) {
  std::vector<Milliseconds> times;
  for (int i = 0; i < count; ++i) {
    const auto ns = scene.make_in("us-south");
    times.push_back(eventually(ns + " is served", [&] { return scene.served(ns); }, 30s));
  }
  return times;
}

}  // namespace itest
