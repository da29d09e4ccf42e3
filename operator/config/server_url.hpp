// The address of an API server. Private to operator/config.
#pragma once

#include <optional>
#include <string_view>

#include "icr/regions.hpp"

namespace icrps::config {

/// Whether `url` is one that we connect to: https://HOST[:PORT][/PATH], where HOST is a DNS name or
/// an IPv4 address; http:// only at localhost and 127.0.0.1. The message continues a sentence that
/// began with the name of the key.
[[nodiscard]] std::optional<icr::Mistake> check_server(std::string_view url);

}  // namespace icrps::config
