// How a person proves who it is: by an exec plugin, or by the id-token of an auth-provider.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "config/kubeconfig.hpp"
#include "http/transport_cpprest.hpp"
#include "kube/exec_login.hpp"
#include "runtime/clock.hpp"

namespace icrps::kube {

/// Adds the cluster's personal login to the options, which have the authorities already; nothing
/// when it has none. A plugin is run here for the first time, and by later requests when what it
/// gave has expired; an id-token that has expired is refused. `clock` outlives the transport. The
/// error is a sentence with the place in the kubeconfig and what to do.
[[nodiscard]] tl::expected<void, std::string> add_personal_login(const config::Cluster& cluster,
                                                                 const Clock& clock,
                                                                 PluginRunner runner,
                                                                 http::TransportOptions& options);

}  // namespace icrps::kube
