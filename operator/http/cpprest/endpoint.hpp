// The server a transport talks to, taken apart once.
#pragma once

#include <string>

namespace icrps::http::cpprest {

struct Endpoint {
  bool tls = true;
  std::string host;      ///< without the brackets of an IPv6 literal
  bool literal = false;  ///< host is an IP address
  std::string peer;      ///< "host:port", for messages
  std::string base;      ///< scheme, authority and path prefix as the library must be given them
  /// Only for IPv6 literals, whose brackets the library passes to the resolver: it is given the
  /// bare address, and this is what the header must say instead.
  std::string host_header;
};

/// Throws std::invalid_argument.
[[nodiscard]] Endpoint parse_origin(const std::string& origin);

[[nodiscard]] bool is_ip_literal(const std::string& host);

}  // namespace icrps::http::cpprest
