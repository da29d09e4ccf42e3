// The server a transport talks to, taken apart once.
#pragma once

#include <string>

namespace icrps::http::cpprest {

struct Endpoint {
  bool tls = true;
  std::string host;      ///< without the brackets of an IPv6 literal
  bool literal = false;  ///< host is an IP address
  std::string peer;      ///< "host:port", for messages
  std::string port;
  std::string path;  ///< a prefix of every target; without a slash at its end
  /// What the header Host says. The library is never given the name, so it can't write it: SNI and
  /// the name that is checked are TlsSetup's.
  std::string host_header;
};

/// What the library is given to go there: it takes IP literals only (anything else would be looked
/// up in its one queue, where a silent name server holds up everybody), and IPv6 without brackets.
[[nodiscard]] std::string base_at(const Endpoint& endpoint, const std::string& address);

/// The same for a proxy, which is told the name.
[[nodiscard]] std::string base_by_proxy(const Endpoint& endpoint);
/// A proxy at this address, as the library wants it.
[[nodiscard]] std::string proxy_at(const std::string& address, const std::string& port);

/// Throws std::invalid_argument.
[[nodiscard]] Endpoint parse_origin(const std::string& origin);

[[nodiscard]] bool is_ip_literal(const std::string& host);

}  // namespace icrps::http::cpprest
