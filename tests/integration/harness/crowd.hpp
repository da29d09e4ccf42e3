// Many namespaces at once.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/cluster.hpp"

namespace itest {

/// Does something `count` times on several threads.
void in_parallel(int count, const std::function<void(int)>& what);

/// New namespaces that are opted in to us-south, each with its account. They are not deleted.
[[nodiscard]] std::vector<std::string> make_crowd(const std::string& prefix, int count);

}  // namespace itest
