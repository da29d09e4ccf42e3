#include "runtime/http_probes.hpp"

#include <charconv>
#include <httplib.h>
#include <stdexcept>
#include <thread>

namespace icrps {
namespace {

constexpr std::size_t kThreads = 3;
constexpr std::time_t kTimeoutSeconds = 5;
constexpr std::size_t kMaxRequestBody = 1024;

void answer(httplib::Response& response, const std::string& reasons) {
  response.status = reasons.empty() ? 200 : 503;
  response.set_content(reasons.empty() ? "ok\n" : reasons + "\n", "text/plain");
}

/// The library's default, SO_REUSEPORT, would let a second operator share the port unnoticed.
void set_socket_options(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

}  // namespace

std::optional<ListenAddress> parse_listen_address(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  ListenAddress address{text.substr(0, colon), 0};
  const char* const begin = text.data() + colon + 1;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(begin, end, address.port);
  constexpr int kHighestPort = 65535;
  if (begin == end || stopped != end || error != std::errc{} || address.port < 0 ||
      address.port > kHighestPort) {
    return std::nullopt;
  }
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  if (address.host.empty()) address.host = "0.0.0.0";
  return address;
}

struct ProbeServer::Server {
  httplib::Server http;
  int port = 0;
  std::thread thread;
};

ProbeServer::ProbeServer(const ListenAddress& address, Probes probes)
    : server_(std::make_unique<Server>()) {
  auto& http = server_->http;
  http.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  http.set_socket_options(set_socket_options);
  http.set_read_timeout(kTimeoutSeconds);
  http.set_write_timeout(kTimeoutSeconds);
  http.set_keep_alive_timeout(kTimeoutSeconds);
  http.set_payload_max_length(kMaxRequestBody);
  http.Get("/livez", [probe = std::move(probes.live)](const auto& /*request*/, auto& response) {
    answer(response, probe());
  });
  http.Get("/readyz", [probe = std::move(probes.ready)](const auto& /*request*/, auto& response) {
    answer(response, probe());
  });
  http.Get("/metrics",
           [probe = std::move(probes.metrics)](const auto& /*request*/, auto& response) {
             response.set_content(probe(), "text/plain; version=0.0.4; charset=utf-8");
           });
  server_->port = address.port == 0 ? http.bind_to_any_port(address.host)
                  : http.bind_to_port(address.host, address.port) ? address.port
                                                                  : -1;
  if (server_->port < 0) {
    throw std::runtime_error("can't listen on " + address.host + ":" +
                             std::to_string(address.port) +
                             "; is the port in use, and is the address one of this machine?");
  }
  server_->thread = std::thread([this] { server_->http.listen_after_bind(); });
  // stop() does nothing before the loop runs, and the destructor would wait for ever.
  while (!http.is_running()) std::this_thread::yield();
}

ProbeServer::~ProbeServer() {
  server_->http.stop();
  server_->thread.join();
}

int ProbeServer::port() const {
  return server_->port;
}

}  // namespace icrps
