#include "tls_server.hpp"

#include <arpa/inet.h>
#include <array>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace icrps::conformance {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

Bio reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Certificate parse_certificate(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
}

SSL_CTX* make_context(const ServerOptions& options) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  const Certificate certificate = parse_certificate(options.identity.certificate);
  const Key key(
      PEM_read_bio_PrivateKey(reader(options.identity.key).get(), nullptr, nullptr, nullptr));
  SSL_CTX_use_certificate(context, certificate.get());
  SSL_CTX_use_PrivateKey(context, key.get());
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  if (options.tls_1_1) {
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  }
  if (!options.client_authority.empty()) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context),
                        parse_certificate(options.client_authority).get());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

sockaddr_in local_address(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// The same at ::1.
int listen_at_ipv6(int& port) {
  const int listener = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || ::bind(listener, raw, size) != 0 || ::listen(listener, SOMAXCONN) != 0 ||
      ::getsockname(listener, raw, &size) != 0) {
    throw std::runtime_error("can't listen");
  }
  port = ntohs(address.sin6_port);
  return listener;
}

/// A socket that listens on a free port.
int listen_somewhere(int backlog, int& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = local_address(0);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (listener < 0 || ::bind(listener, raw, size) != 0 || ::listen(listener, backlog) != 0 ||
      ::getsockname(listener, raw, &size) != 0) {
    throw std::runtime_error("can't listen");
  }
  port = ntohs(address.sin_port);
  return listener;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool starts_with_name(std::string_view line, std::string_view name) {
  if (line.size() <= name.size() || line[name.size()] != ':') return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (lower(line[i]) != lower(name[i])) return false;
  }
  return true;
}

}  // namespace

std::string Received::header(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    const auto end = std::min(rest.find("\r\n"), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 2, rest.size()));
    if (!starts_with_name(line, name)) continue;
    line.remove_prefix(name.size() + 1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    return std::string(line);
  }
  return {};
}

std::string answer(int status, std::string_view body, std::string_view more_headers) {
  std::string result = "HTTP/1.1 " + std::to_string(status) + " Text\r\n";
  result += more_headers;
  result += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  result += body;
  return result;
}

std::string chunked_head(int status) {
  return "HTTP/1.1 " + std::to_string(status) + " Text\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string chunk(std::string_view bytes) {
  std::array<char, 32> size{};
  const int length = std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
  std::string result(size.data(), static_cast<std::size_t>(length));
  result += bytes;
  result += "\r\n";
  return result;
}

Connection::Connection(Server& server, int socket, unsigned number)
    : server_(server), socket_(socket), number_(number) {}

Connection::~Connection() {
  drop();
}

bool Connection::handshake(SSL_CTX* context) {
  ssl_.reset(SSL_new(context));
  SSL_set_fd(ssl_.get(), socket_);
  ERR_clear_error();
  return SSL_accept(ssl_.get()) == 1;
}

/// One read of what has come; 0 or less: the client has gone.
long Connection::read_some() {
  std::array<char, 16384> block;
  long count = 0;
  if (ssl_) {
    ERR_clear_error();
    count = SSL_read(ssl_.get(), block.data(), static_cast<int>(block.size()));
  } else {
    count = ::recv(socket_, block.data(), block.size(), 0);
  }
  if (count > 0) buffer_.append(block.data(), static_cast<std::size_t>(count));
  return count;
}

std::optional<Received> Connection::read_request() {
  if (socket_ < 0) return std::nullopt;
  std::size_t head_end = 0;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (read_some() <= 0) return std::nullopt;
  }
  Received result;
  result.head = buffer_.substr(0, head_end);
  buffer_.erase(0, head_end + 4);
  const auto first = result.head.find(' ');
  const auto second = result.head.find(' ', first + 1);
  result.method = result.head.substr(0, first);
  result.target = result.head.substr(first + 1, second - first - 1);
  const auto length_text = result.header("Content-Length");
  const std::size_t length = length_text.empty() ? 0 : std::stoul(length_text);
  while (buffer_.size() < length) {
    if (read_some() <= 0) return std::nullopt;
  }
  result.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return result;
}

bool Connection::write(std::string_view bytes) {
  while (!bytes.empty() && socket_ >= 0) {
    long count = 0;
    if (ssl_) {
      ERR_clear_error();
      count = SSL_write(ssl_.get(), bytes.data(),
                        static_cast<int>(std::min<std::size_t>(bytes.size(), 1U << 20U)));
    } else {
      count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return bytes.empty();
}

bool Connection::pause(std::chrono::milliseconds time) {
  return server_.wait(time);
}

void Connection::hold() {
  while (socket_ >= 0 && read_some() > 0) buffer_.clear();
}

void Connection::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close_socket();
}

void Connection::drop() {
  close_socket();
}

void Connection::close_socket() {
  const std::scoped_lock lock(mutex_);
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

std::string Connection::client_name() const {
  if (!ssl_) return {};
  const Certificate certificate(SSL_get1_peer_certificate(ssl_.get()));
  if (!certificate) return {};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name.data(),
                            static_cast<int>(name.size()));
  return name.data();
}

std::string Connection::server_name() const {
  const char* name = ssl_ ? SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name) : nullptr;
  return name != nullptr ? name : "";
}

Server::Server(ServerOptions options, Script script)
    : options_(std::move(options)), script_(std::move(script)) {
  if (!options_.plain) context_.reset(make_context(options_));
  listener_ = options_.ipv6 ? listen_at_ipv6(port_) : listen_somewhere(1024, port_);
  thread_ = std::thread([this] { listen_for_clients(); });
}

Server::~Server() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  ending_changed_.notify_all();
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
  for (auto& running : running_) {
    {
      const std::scoped_lock lock(running.connection->mutex_);
      if (running.connection->socket_ >= 0) {
        ::shutdown(running.connection->socket_, SHUT_RDWR);
      }
    }
    running.thread.join();
  }
}

std::string Server::origin(const std::string& host) const {
  return (options_.plain ? "http://" : "https://") + host + ":" + std::to_string(port_);
}

void Server::listen_for_clients() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    remove_finished();
    ++open_;
    auto& running = running_.emplace_back();
    running.connection.reset(new Connection(*this, socket, ++accepted_));
    running.thread = std::thread([this, &running] { serve(running); });
  }
}

void Server::serve(Running& running) {
  Connection& connection = *running.connection;
  const bool ready = options_.plain || options_.silent || connection.handshake(context_.get());
  if (ready) script_(connection);
  // In order, as a server does that has said everything; harmless if the script has closed it.
  if (connection.ssl_ && connection.socket_ >= 0 && SSL_is_init_finished(connection.ssl_.get())) {
    ERR_clear_error();
    SSL_shutdown(connection.ssl_.get());
  }
  connection.drop();
  --open_;
  running.over = true;
}

void Server::remove_finished() {
  for (auto it = running_.begin(); it != running_.end();) {
    if (it->over) {
      it->thread.join();
      it = running_.erase(it);
    } else {
      ++it;
    }
  }
}

bool Server::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !ending_changed_.wait_for(lock, time, [this] { return ending_; });
}

DeafPort::DeafPort() {
  sockets_.push_back(listen_somewhere(0, port_));
  const auto address = local_address(port_);
  for (int i = 0; i < 4; ++i) {
    sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(sockets_.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
}

DeafPort::~DeafPort() {
  for (const int socket : sockets_) ::close(socket);
}

std::string DeafPort::origin() const {
  return "https://127.0.0.1:" + std::to_string(port_);
}

}  // namespace icrps::conformance
