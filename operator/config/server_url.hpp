// Addresses of servers, as people write them. Private to operator/config.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "icr/regions.hpp"

namespace icrps::config {

/// "HOST", "HOST:" or "HOST:PORT".
struct Authority {
  std::string host;  ///< in lower case; an IPv6 address in its brackets
  std::string port;  ///< or empty
};

/// HOST is an IPv4 address, an IPv6 address in brackets, or a name as name servers have it: with
/// underscores, and with a dot at its end. Nothing: it is none of these.
[[nodiscard]] std::optional<Authority> read_authority(std::string_view text);

/// The address of an API server in the forms that kubectl takes: [https://]HOST[:PORT][/PATH], the
/// path only after a scheme; http:// only at this machine. Returns it with scheme and without a
/// slash at its end. The message continues a sentence that began with the name of the key.
[[nodiscard]] tl::expected<std::string, icr::Mistake> read_server(std::string_view url);

}  // namespace icrps::config
