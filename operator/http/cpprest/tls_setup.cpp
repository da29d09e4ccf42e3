#include "http/cpprest/tls_setup.hpp"

#include <memory>
#include <mutex>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>

#include "http/cpprest/failures.hpp"

namespace icrps::http::cpprest {
namespace {

int context_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

/// Of a TLS connection: its socket, which outlives it.
int socket_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

/// A dot at the end says to name servers that there is nothing to be added; certificates have none.
std::string without_dot(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

boost::asio::const_buffer buffer(const std::string& text) {
  return {text.data(), text.size()};
}

}  // namespace

TlsSetup::TlsSetup(const Endpoint& endpoint, const TransportOptions& options)
    : authorities_(options.authorities),
      name_(without_dot(options.server_name.value_or(endpoint.host))),
      literal_(is_ip_literal(name_)),
      keepalive_(options.keepalive),
      client_certificate_(options.client_certificate) {
  if (name_.empty()) throw std::invalid_argument("server_name is empty");
}

void TlsSetup::apply(boost::asio::ssl::context& context) {
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set1_cert_store(native, authorities_.current().get());
  // The chain is what the client certificate's file holds: the authority sent along would make the
  // API server verify one more signature for each request.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  expect_name(native);
  SSL_CTX_set_cert_verify_callback(native, &TlsSetup::verify, this);
  SSL_CTX_set_ex_data(native, context_index(), this);
  SSL_CTX_set_info_callback(native, &TlsSetup::handshake_begins);
  present_client(native);
}

void TlsSetup::retire() {
  authorities_.retire();
  const std::scoped_lock lock(mutex_);
  client_certificate_ = nullptr;
}

std::string TlsSetup::last_refusal() const {
  const std::scoped_lock lock(mutex_);
  return last_refusal_;
}

void TlsSetup::expect_name(SSL_CTX* context) const {
  X509_VERIFY_PARAM* expected = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(
      expected, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int set = literal_ ? X509_VERIFY_PARAM_set1_ip_asc(expected, name_.c_str())
                           : X509_VERIFY_PARAM_set1_host(expected, name_.c_str(), name_.size());
  // Going on without a name would accept any certificate of a trusted authority.
  if (set != 1) throw TlsSetupError("the name to verify can't be used: " + name_);
}

void TlsSetup::remember_socket(Stream& stream) {
  if (stream.next_layer().is_open()) return;  // it has its options
  SSL_set_ex_data(stream.native_handle(), socket_index(), &stream.next_layer());
}

void TlsSetup::handshake_begins(const SSL* ssl, int where, int /*value*/) {
  if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
  const auto* self =
      static_cast<const TlsSetup*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index()));
  if (!self->literal_) self->announce_name(ssl);
  self->keep_alive(ssl);
}

/// A connection that can't be given them works without.
void TlsSetup::keep_alive(const SSL* ssl) const {
  auto* const socket =
      static_cast<boost::asio::ip::tcp::socket*>(SSL_get_ex_data(ssl, socket_index()));
  if (socket == nullptr) return;
  const auto set = [&](int level, int option, auto value) {
    const int number = static_cast<int>(value);
    ::setsockopt(socket->native_handle(), level, option, &number, sizeof number);
  };
  set(IPPROTO_TCP, TCP_KEEPIDLE, keepalive_.idle.count());
  set(IPPROTO_TCP, TCP_KEEPINTVL, keepalive_.interval.count());
  set(IPPROTO_TCP, TCP_KEEPCNT, keepalive_.probes);
  set(SOL_SOCKET, SO_KEEPALIVE, true);
}

/// Server name indication. The library would send the origin's host, addresses included.
void TlsSetup::announce_name(const SSL* ssl) const {
  // What the macro SSL_set_tlsext_host_name does. OpenSSL hands the connection out as const here
  // and means the name to be set through it; it copies the name.
  SSL_ctrl(const_cast<SSL*>(ssl), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(name_.c_str()));
}

void TlsSetup::present_client(SSL_CTX* context) {
  auto client = read_client();
  if (!client) return;
  if (!identity_ || identity_->pem.certificate_pem != client->certificate_pem ||
      identity_->pem.key_pem != client->key_pem) {
    identity_ = parse(std::move(*client));
  }
  SSL_CTX* const parsed = identity_->parsed.native_handle();
  STACK_OF(X509)* chain = nullptr;
  // What the macro SSL_CTX_get0_chain_certs does.
  SSL_CTX_ctrl(parsed, SSL_CTRL_GET_CHAIN_CERTS, 0, static_cast<void*>(&chain));
  if (SSL_CTX_use_cert_and_key(context, SSL_CTX_get0_certificate(parsed),
                               SSL_CTX_get0_privatekey(parsed), chain, 1) != 1) {
    ERR_clear_error();
    throw TlsSetupError("the client certificate can't be used");
  }
}

std::optional<ClientCertificate> TlsSetup::read_client() const {
  const std::scoped_lock lock(mutex_);
  try {
    if (client_certificate_) return client_certificate_();
  } catch (const std::exception& e) {
    throw TlsSetupError(std::string("no client certificate: ") + e.what());
  }
  return std::nullopt;
}

TlsSetup::Identity TlsSetup::parse(ClientCertificate client) {
  Identity identity{std::move(client)};
  boost::system::error_code error;
  if (identity.parsed.use_certificate_chain(buffer(identity.pem.certificate_pem), error)) {
    throw TlsSetupError("the client certificate is not readable PEM");
  }
  if (identity.parsed.use_private_key(buffer(identity.pem.key_pem.reveal()),
                                      boost::asio::ssl::context::pem, error) ||
      SSL_CTX_check_private_key(identity.parsed.native_handle()) != 1) {
    ERR_clear_error();
    throw TlsSetupError("the client certificate's key is not readable or not its own");
  }
  return identity;
}

int TlsSetup::verify(X509_STORE_CTX* chain, void* self) {
  try {
    return static_cast<TlsSetup*>(self)->verify(chain);
  } catch (...) {
    return 0;
  }
}

int TlsSetup::verify(X509_STORE_CTX* chain) {
  // The callback of the library would look at the name in its own way: it is set aside.
  X509_STORE_CTX_set_verify_cb(chain, [](int preverified, X509_STORE_CTX*) { return preverified; });
  if (X509_verify_cert(chain) == 1) return 1;
  const int error = X509_STORE_CTX_get_error(chain);
  std::string reason = X509_verify_cert_error_string(error);
  if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    reason += ": the certificate is not for " + name_;
  }
  if (const auto problem = authorities_.problem(); !problem.empty()) {
    reason +=
        "; the certificate authorities of before are trusted, as there are no others: " + problem;
  }
  const std::scoped_lock lock(mutex_);
  last_refusal_ = std::move(reason);
  // The library reports the oldest error: the one that follows from our answer, not a signature
  // that did not fit on the way to it.
  ERR_clear_error();
  return 0;
}

}  // namespace icrps::http::cpprest
