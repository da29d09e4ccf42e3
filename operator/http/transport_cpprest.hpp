// The Transport over cpprestsdk. docs/decisions/0001-http-library.md holds the rules it follows.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/proxy.hpp"
#include "http/resolver.hpp"
#include "http/transport.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::http {

/// PEM texts. Read again for each new connection, so that rotated files are picked up.
struct ClientCertificate {
  std::string certificate_pem;
  SecretString key_pem;
};

/// TCP keepalive (tcp(7)): a peer that is gone without a word is noticed after idle + probes *
/// interval, however long a stream may be silent. For TLS only.
struct Keepalive {
  std::chrono::seconds idle{30};
  std::chrono::seconds interval{10};
  int probes = 3;
};

struct TransportOptions {
  /// "https://10.96.0.1:443"; a path prefix is allowed. http:// only for tests.
  std::string origin;
  /// The only trusted authorities, as PEM: read for each new connection, so that rotated ones are
  /// trusted without a restart. Called on the library's thread: it must be quick. When it throws,
  /// or gives no PEM, those of before stay; at the start that is an error. Not called after the
  /// transport is gone. Empty: the system's bundle, of which the same is true.
  std::function<std::string()> authorities;
  /// Name to verify and to send as SNI instead of the origin's host.
  std::optional<std::string> server_name;
  /// Called for each new connection, on the library's thread: it must be quick. What it throws is
  /// the call's kTls failure. Not called after the transport is gone. Empty: no client certificate.
  std::function<std::optional<ClientCertificate>()> client_certificate;
  /// Called for each request on the caller's thread, from several at once; the whole value of
  /// Authorization; empty: none.
  std::function<std::optional<SecretString>()> authorization;
  /// Called on the caller's thread when an answer was 401, before it is handed out: the next
  /// request may need another Authorization. May be empty.
  std::function<void()> on_unauthorized{};
  std::string user_agent = "icr-pull-secrets";
  /// Requests in flight at once; more wait. Streams are not counted.
  unsigned max_in_flight = 16;
  /// Through this proxy, by CONNECT: TLS is with the origin from end to end, and its name is looked
  /// up by the proxy. For https:// only.
  std::optional<Proxy> proxy{};
  /// The user and password there, called for each request on the caller's thread. Empty, or when it
  /// gives nothing: those of `proxy`.
  std::function<std::optional<ProxyLogin>()> proxy_login{};
  /// Who is asked for the addresses when the host to connect to is a name. Transports may share
  /// one; to share none keeps their look-ups apart. Empty: one of its own.
  std::shared_ptr<Resolver> resolver{};
  /// What the kernel does about a silent connection: see Keepalive.
  Keepalive keepalive{};
};

/// Once, before any other use of the HTTP library and before any other thread: one loop thread,
/// and no parsing of the system's CA bundle on each connection (sets SSL_CERT_FILE and
/// SSL_CERT_DIR; what they said before still holds for the system's bundle). Throws
/// std::logic_error if late.
void initialize_http();

/// Throws std::invalid_argument when the options make no sense (bad origin, unreadable PEM).
/// Not for objects of static storage: the library's thread would be gone before them.
std::unique_ptr<Transport> make_cpprest_transport(TransportOptions options);

}  // namespace icrps::http
