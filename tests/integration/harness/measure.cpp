#include "harness/measure.hpp"

namespace itest {

std::vector<Milliseconds> arrivals(Scene& scene, int count) {
  std::vector<Milliseconds> times;
  for (int i = 0; i < count; ++i) {
    const auto ns = scene.make_in("us-south");
    times.push_back(eventually(ns + " is served", [&] { return scene.served(ns); }, 30s));
  }
  return times;
}

}  // namespace itest
