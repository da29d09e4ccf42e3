// The exec plugin of a kubeconfig. Throws Failure. Private to operator/config.
#pragma once

#include <string>

#include "config/exec_plugin.hpp"
#include "config/kubeconfig/loose_map.hpp"

namespace icrps::config {

/// users[].user.exec; `kubeconfig`: the file that it stands in.
[[nodiscard]] ExecPlugin read_plugin(const LooseMap& map, const std::string& kubeconfig);

/// clusters[].cluster.extensions: what is meant for the plugin, as JSON; empty: nothing is.
[[nodiscard]] std::string read_plugin_config(const LooseMap& cluster);

}  // namespace icrps::config
