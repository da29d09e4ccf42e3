// A Cluster from the configuration → options for a Transport, with credentials that are read again
// as they rotate.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "config/kubeconfig.hpp"
#include "http/transport_cpprest.hpp"
#include "runtime/clock.hpp"

namespace icrps::kube {

/// The service account token is read again at most once a minute, as client-go does; the kubelet
/// replaces it well before it expires. Client certificates are read for each new connection.
/// `clock` outlives the transport. The error names the file that can't be read.
[[nodiscard]] tl::expected<http::TransportOptions, std::string> transport_options(
    const config::Cluster& cluster, const Clock& clock);

}  // namespace icrps::kube
