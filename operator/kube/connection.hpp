// A Cluster from the configuration → options for a Transport, with credentials that are read again
// as they rotate.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "config/kubeconfig.hpp"
#include "http/transport_cpprest.hpp"
#include "kube/exec_login.hpp"
#include "runtime/clock.hpp"

namespace icrps::kube {

/// The cluster as the kubeconfig has it by now; nothing when it can't be read. Called from any
/// thread; it must be quick.
using ReadCluster = std::function<std::optional<config::Cluster>()>;

/// The service account token is read again at most once a minute, as client-go does; the kubelet
/// replaces it well before it expires. Authorities and client certificates are read for each new
/// connection. `read_again` is asked at most once a minute for what a kubeconfig holds inline;
/// empty: that stays as it is. A person's login: see add_personal_login(). `clock` outlives the
/// transport. The error is a sentence that names the file that can't be read, or the plugin.
[[nodiscard]] tl::expected<http::TransportOptions, std::string> transport_options(
    const config::Cluster& cluster, const Clock& clock, ReadCluster read_again = {},
    PluginRunner runner = {});

}  // namespace icrps::kube
