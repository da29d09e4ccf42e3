// A real TLS server on 127.0.0.1 whose behaviour on each connection is a function over raw bytes.
//
// Thread safety: a script runs on its connection's own thread; the counters are atomic. Scripts
// must not assert: they leave what they saw where the test finds it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <openssl/ssl.h>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "certificates.hpp"

namespace icrps::conformance {

/// What a client sent.
struct Received {
  std::string method;
  std::string target;
  std::string head;  ///< all of it, as sent
  std::string body;

  /// Empty when there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// One answer with a Content-Length.
[[nodiscard]] std::string answer(int status, std::string_view body,
                                 std::string_view more_headers = {});
/// The head of an answer in chunks.
[[nodiscard]] std::string chunked_head(int status = 200);
[[nodiscard]] std::string chunk(std::string_view bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

class Server;

/// One accepted connection, after the handshake unless the server makes none.
class Connection {
 public:
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection(Connection&&) = delete;
  Connection& operator=(Connection&&) = delete;

  /// Nothing when the client has gone.
  std::optional<Received> read_request();
  /// False when the client has gone.
  bool write(std::string_view bytes);
  /// Waits, but not longer than the server lives; false when that is over.
  bool pause(std::chrono::milliseconds time);
  /// Waits until the client goes or the server ends.
  void hold();
  /// Ends it with a TCP reset.
  void reset();
  /// Ends it at once and without a word of TLS.
  void drop();

  /// From 1, in the order of acceptance.
  [[nodiscard]] unsigned number() const { return number_; }
  /// The common name in the client's certificate; empty: it showed none.
  [[nodiscard]] std::string client_name() const;
  /// What the client announced.
  [[nodiscard]] std::string server_name() const;

 private:
  friend class Server;
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  Connection(Server& server, int socket, unsigned number);
  bool handshake(SSL_CTX* context);
  long read_some();
  void close_socket();

  Server& server_;
  std::mutex mutex_;  ///< guards socket_ against the server's end
  int socket_;
  const unsigned number_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::string buffer_;
};

struct ServerOptions {
  Identity identity;
  /// PEM; empty: no client certificate is asked for.
  std::string client_authority;
  bool plain = false;    ///< HTTP without TLS
  bool silent = false;   ///< accepts connections and makes no handshake
  bool tls_1_1 = false;  ///< and nothing newer
  bool ipv6 = false;     ///< at ::1 in place of 127.0.0.1
};

class Server {
 public:
  using Script = std::function<void(Connection&)>;

  Server(ServerOptions options, Script script);
  /// Ends every connection and waits for the scripts.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;

  [[nodiscard]] std::string origin(const std::string& host = "127.0.0.1") const;
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] unsigned accepted() const { return accepted_; }
  [[nodiscard]] unsigned open() const { return open_; }

 private:
  friend class Connection;
  struct FreeContext {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  struct Running {
    std::unique_ptr<Connection> connection;
    std::atomic<bool> over{false};
    std::thread thread;
  };

  void listen_for_clients();
  void serve(Running& running);
  void remove_finished();
  bool wait(std::chrono::milliseconds time);

  ServerOptions options_;
  const Script script_;
  std::unique_ptr<SSL_CTX, FreeContext> context_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<unsigned> accepted_{0};
  std::atomic<unsigned> open_{0};

  std::mutex mutex_;
  std::condition_variable ending_changed_;
  bool ending_ = false;
  std::list<Running> running_;  ///< the listening thread's, and the destructor's after it

  std::thread thread_;
};

/// A port that never completes a connection: its queue is full.
class DeafPort {
 public:
  DeafPort();
  ~DeafPort();
  DeafPort(const DeafPort&) = delete;
  DeafPort& operator=(const DeafPort&) = delete;
  DeafPort(DeafPort&&) = delete;
  DeafPort& operator=(DeafPort&&) = delete;

  [[nodiscard]] std::string origin() const;

 private:
  std::vector<int> sockets_;
  int port_ = 0;
};

}  // namespace icrps::conformance
