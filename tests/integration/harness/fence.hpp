// The chart's fence around the operator's account: in force while one of these exists.
#pragma once

#include <string>
#include <vector>

namespace itest {

class Fence {
 public:
  /// `settings`: for `helm template --set`, besides the credentials of the tests. Returns when the
  /// API server heeds it.
  explicit Fence(const std::vector<std::string>& settings = {});
  ~Fence();
  Fence(const Fence&) = delete;
  Fence& operator=(const Fence&) = delete;

 private:
  std::string file_;
};

}  // namespace itest
