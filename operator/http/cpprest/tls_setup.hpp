// What each TLS connection of a transport is given: whom to trust, which name to expect, who we
// are.
//
// OpenSSL checks chain and name here by itself, so that a name in the certificate's subject never
// counts and the reason of a refusal is known; the library's own check, which accepts the subject
// and reports no reason, is not reached.
//
// It is also where a connection gets its TCP options: the library hands its socket out before it is
// connected only, so that it is remembered with the connection's TLS object, whose handshake comes
// when it is.
#pragma once

#include <memory>
#include <mutex>
#include <openssl/ssl.h>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "http/cpprest/authorities.hpp"
#include "http/cpprest/endpoint.hpp"
#include "http/transport_cpprest.hpp"

namespace icrps::http::cpprest {

class TlsSetup {
 public:
  /// Throws std::invalid_argument when the authorities can't be read.
  TlsSetup(const Endpoint& endpoint, const TransportOptions& options);

  /// A new connection's context. Runs on the loop; throws TlsSetupError when the client certificate
  /// can't be had or used.
  void apply(boost::asio::ssl::context& context);

  /// The library's connection, and what its set_nativehandle_options tells of: on the loop, before
  /// each request.
  using Stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;
  static void remember_socket(Stream& stream);

  /// After this no callback of the options is called again.
  void retire();

  /// Why the last certificate was refused, in OpenSSL's words; empty if none was. One server has
  /// one certificate, so that the last reason is the right one for all practical purposes.
  [[nodiscard]] std::string last_refusal() const;

 private:
  /// A client certificate as it was read, and a context that holds it parsed: to parse it and to
  /// check that the key is its own costs more than the rest of a connection's set-up.
  struct Identity {
    ClientCertificate pem;
    boost::asio::ssl::context parsed{boost::asio::ssl::context::tls_client};
  };

  static int verify(X509_STORE_CTX* chain, void* self);
  static void handshake_begins(const SSL* ssl, int where, int value);
  void announce_name(const SSL* ssl) const;
  void keep_alive(const SSL* ssl) const;

  void expect_name(SSL_CTX* context) const;
  void present_client(SSL_CTX* context);
  [[nodiscard]] std::optional<ClientCertificate> read_client() const;
  static Identity parse(ClientCertificate client);
  int verify(X509_STORE_CTX* chain);

  Authorities authorities_;
  const std::string name_;  ///< to verify, and to announce unless it is an address
  const bool literal_;
  const Keepalive keepalive_;

  std::optional<Identity> identity_;  ///< the last one presented; used on the loop only

  mutable std::mutex mutex_;  ///< guards the rest
  std::function<std::optional<ClientCertificate>()> client_certificate_;
  std::string last_refusal_;
};

}  // namespace icrps::http::cpprest
