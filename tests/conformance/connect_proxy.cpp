#include "connect_proxy.hpp"

#include <array>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace icrps::conformance {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void say(int socket, const std::string& text) {
  static_cast<void>(::send(socket, text.data(), text.size(), MSG_NOSIGNAL));
}

std::string read_head(int socket) {
  std::string head;
  char byte = 0;
  while (head.find("\r\n\r\n") == std::string::npos && ::recv(socket, &byte, 1, 0) == 1) {
    head += byte;
  }
  return head;
}

/// What comes in at one goes out at the other; false: it has ended.
bool pass_on(int from, int to) {
  std::array<char, 16384> bytes{};
  const auto count = ::recv(from, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  return ::send(to, bytes.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL) == count;
}

void relay(int one, int other) {
  while (true) {
    std::array<pollfd, 2> both{{{one, POLLIN, 0}, {other, POLLIN, 0}}};
    if (::poll(both.data(), both.size(), -1) < 0) return;
    if (both[0].revents != 0 && !pass_on(one, other)) return;
    if (both[1].revents != 0 && !pass_on(other, one)) return;
  }
}

}  // namespace

ConnectProxy::ConnectProxy(int target, Manner manner)
    : target_(target),
      manner_(manner),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || ::bind(listener_, raw, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, raw, &size) != 0) {
    throw std::runtime_error("can't listen");
  }
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_clients(); });
}

ConnectProxy::~ConnectProxy() {
  ::shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  cut();
  for (auto& thread : serving_) thread.join();
  ::close(listener_);
}

std::vector<std::string> ConnectProxy::asked() const {
  const std::scoped_lock lock(mutex_);
  return asked_;
}

void ConnectProxy::demand(const std::string& authorization) {
  const std::scoped_lock lock(mutex_);
  demanded_ = authorization;
}

void ConnectProxy::cut() {
  const std::scoped_lock lock(mutex_);
  for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
}

int ConnectProxy::follow(int socket) {
  const std::scoped_lock lock(mutex_);
  open_.push_back(socket);
  return socket;
}

void ConnectProxy::accept_clients() {
  while (true) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    follow(client);
    serving_.emplace_back([this, client] { serve(client); });
  }
}

void ConnectProxy::serve(int client) {
  int server = -1;
  const auto head = manner_ == Manner::kClose ? std::string() : read_head(client);
  bool allowed = manner_ == Manner::kTunnel && !head.empty();
  {
    const std::scoped_lock lock(mutex_);
    if (!head.empty()) asked_.push_back(head);
    allowed = allowed && (demanded_.empty() || head.find("\r\nProxy-Authorization: " + demanded_ +
                                                         "\r\n") != std::string::npos);
  }
  if (manner_ == Manner::kSilent) {
    static_cast<void>(read_head(client));
  } else if (manner_ == Manner::kNonsense) {
    say(client, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
  } else if (allowed) {
    server = follow(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = loopback(target_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      say(client, "HTTP/1.1 200 Connection established\r\n\r\n");
      relay(client, server);
    }
  } else if (!head.empty()) {
    say(client, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  }
  const std::scoped_lock lock(mutex_);
  for (const int socket : {client, server}) {
    if (socket < 0) continue;
    open_.remove(socket);
    ::close(socket);
  }
}

}  // namespace icrps::conformance
