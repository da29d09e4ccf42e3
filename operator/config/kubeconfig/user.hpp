// The entry of a user in a kubeconfig. Throws Failure. Private to operator/config.
#pragma once

#include <string>

#include "config/kubeconfig.hpp"
#include "config/kubeconfig/loose_map.hpp"

namespace icrps::config {

/// KEY-data wins over KEY, as in kubectl.
[[nodiscard]] InlineOrFile pem_of(const LooseMap& map, const std::string& key,
                                  const std::string& kubeconfig);

/// `kubeconfig`: the file that it stands in.
void read_user(const LooseMap& map, const std::string& kubeconfig, Cluster& cluster);

}  // namespace icrps::config
