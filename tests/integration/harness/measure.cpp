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

Milliseconds longest_gap(const Requests& requests) {
  long last = 0;
  long longest = 0;
  for (const auto& request : matching(requests, "PUT", "/leases/")) {
    if (request.status != 200) continue;
    if (last != 0) longest = std::max(longest, request.done - last);
    last = request.done;
  }
  return std::chrono::duration_cast<Milliseconds>(std::chrono::microseconds(longest));
}

}  // namespace itest
