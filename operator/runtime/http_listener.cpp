#include "runtime/http_listener.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fmt/format.h>
#include <list>
#include <netdb.h>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "runtime/descriptor.hpp"

namespace icrps {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

/// Accepted in one turn: a crowd does not keep those who were accepted from being served.
constexpr std::size_t kAcceptedAtOnce = 16;
constexpr std::size_t kLongestHead = 8192;
constexpr int kBacklog = 128;

constexpr int kBadRequest = 400;
constexpr int kServerError = 500;

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case kBadRequest:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

std::string text_of(const HttpAnswer& answer) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}",
      answer.status, reason_of(answer.status), answer.type, answer.body.size(), answer.body);
}

/// "GET /metrics?x HTTP/1.1" → GET, /metrics; nothing when it is no request line.
std::optional<std::pair<std::string_view, std::string_view>> request_of(std::string_view head) {
  const auto line = head.substr(0, head.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = line.find(' ', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  if (!line.substr(second + 1).starts_with("HTTP/1.")) return std::nullopt;
  const auto target = line.substr(first + 1, second - first - 1);
  return std::pair(line.substr(0, first), target.substr(0, target.find('?')));
}

void set_option(int socket, int level, int option, int value = 1) {
  ::setsockopt(socket, level, option, &value, sizeof value);
}

Descriptor bind_to(const addrinfo& address) {
  constexpr int kKind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  Descriptor fd(::socket(address.ai_family, kKind, 0));
  // "::" is every address of the machine, whatever the system's default.
  if (address.ai_family == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  // Not SO_REUSEPORT: it would let a second operator share the port unnoticed.
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  const bool bound = fd.open() && ::bind(fd.get(), address.ai_addr, address.ai_addrlen) == 0 &&
                     ::listen(fd.get(), kBacklog) == 0;
  return bound ? std::move(fd) : Descriptor();
}

/// A kernel without IPv6.
bool there_is_no_ipv6() {
  const Descriptor fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return !fd.open() && errno == EAFNOSUPPORT;
}

Descriptor bind_to(const std::string& wanted, int port) {
  const std::string host = wanted == "::" && there_is_no_ipv6() ? "0.0.0.0" : wanted;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
    return Descriptor();
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(found, ::freeaddrinfo);
  for (const auto* each = found; each != nullptr; each = each->ai_next) {
    if (auto fd = bind_to(*each); fd.open()) return fd;
  }
  return Descriptor();
}

int port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

/// One connection, from the request's first byte to the answer's last.
class Conversation {
 public:
  Conversation(Descriptor fd, Steady::time_point until) : fd_(std::move(fd)), until_(until) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Steady::time_point until() const { return until_; }
  [[nodiscard]] short waits_for() const { return answering() ? POLLOUT : POLLIN; }

  /// Does what can be done without waiting. False: it is over.
  bool go_on(const HttpListener::Handler& handler) {
    if (done_) return drop_more();
    if (!answering() && !receive(handler)) return false;
    return !answering() || send();
  }

 private:
  [[nodiscard]] bool answering() const { return sent_ < answer_.size(); }

  bool receive(const HttpListener::Handler& handler) {
    std::array<char, 4096> bytes{};
    while (true) {
      const auto count = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
      if (count == 0) return false;
      if (count < 0) return errno == EAGAIN || errno == EINTR;
      head_.append(bytes.data(), static_cast<std::size_t>(count));
      const auto end = head_.find("\r\n\r\n");
      if (end == std::string::npos && head_.size() < kLongestHead) continue;
      answer_ = text_of(end == std::string::npos ? HttpAnswer{kBadRequest, "text/plain", {}}
                                                 : answer(handler));
      head_ = {};
      return true;
    }
  }

  /// A body, or more requests: nobody asked for them. One piece at a time, others wait.
  [[nodiscard]] bool drop_more() const {
    std::array<char, 4096> bytes{};
    const auto count = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
  }

  [[nodiscard]] HttpAnswer answer(const HttpListener::Handler& handler) const {
    const auto request = request_of(head_);
    if (!request) return {kBadRequest, "text/plain", {}};
    try {
      return handler(request->first, request->second);
    } catch (const std::exception&) {
      return {kServerError, "text/plain", {}};
    }
  }

  bool send() {
    while (answering()) {
      const auto count =
          ::send(fd_.get(), answer_.data() + sent_, answer_.size() - sent_, MSG_NOSIGNAL);
      if (count < 0) return errno == EAGAIN || errno == EINTR;
      sent_ += static_cast<std::size_t>(count);
    }
    answer_ = {};
    sent_ = 0;
    done_ = true;
    // To close with something unread would make the kernel throw away what the client has not read
    // yet. So it is the client who closes.
    return ::shutdown(fd_.get(), SHUT_WR) == 0;
  }

  Descriptor fd_;
  Steady::time_point until_;
  std::string head_;
  std::string answer_;
  std::size_t sent_ = 0;
  bool done_ = false;
};

}  // namespace

class HttpListener::Server {
 public:
  Server(Descriptor listener, Handler handler, Limits limits)
      : handler_(std::move(handler)),
        limits_(limits),
        listener_(std::move(listener)),
        wake_(::eventfd(0, EFD_CLOEXEC)),
        port_(port_of(listener_.get())),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  ~Server() {
    thread_.request_stop();
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_.get(), &one, sizeof one));
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  Server(Server&&) = delete;
  Server& operator=(Server&&) = delete;

  [[nodiscard]] int port() const { return port_; }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<pollfd> waiting{{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      for (const auto& client : clients_) waiting.push_back({client.fd(), client.waits_for(), 0});
      ::poll(waiting.data(), waiting.size(), patience());
      serve(waiting);
      accept();
    }
  }

  /// Until the first client's time is over, in the milliseconds of poll().
  [[nodiscard]] int patience() const {
    if (clients_.empty()) return -1;
    const auto left = clients_.front().until() - Steady::now();
    return std::max(
        0,
        static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1));
  }

  void serve(const std::vector<pollfd>& waiting) {
    constexpr std::size_t kFirstClient = 2;
    const auto now = Steady::now();
    auto client = clients_.begin();
    for (std::size_t i = kFirstClient; i < waiting.size(); ++i) {
      const bool over =
          client->until() <= now || (waiting[i].revents != 0 && !client->go_on(handler_));
      client = over ? clients_.erase(client) : std::next(client);
    }
  }

  void accept() {
    for (std::size_t i = 0; i < kAcceptedAtOnce; ++i) {
      Descriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd.open()) {
        const bool out_of_files = errno == EMFILE || errno == ENFILE;
        if (out_of_files && !clients_.empty()) clients_.pop_front();
        if (out_of_files) std::this_thread::sleep_for(10ms);
        return;
      }
      if (clients_.size() >= limits_.clients) clients_.pop_front();
      Conversation client(std::move(fd), Steady::now() + limits_.time);
      if (client.go_on(handler_)) clients_.push_back(std::move(client));
    }
  }

  const Handler handler_;
  const Limits limits_;
  const Descriptor listener_;
  const Descriptor wake_;
  const int port_;
  std::list<Conversation> clients_;  // the oldest first; used by the thread only
  std::jthread thread_;
};

HttpListener::HttpListener(const std::string& host, int port, Handler handler, Limits limits) {
  Descriptor listener = bind_to(host, port);
  if (!listener.open()) {
    throw std::runtime_error(
        fmt::format("can't listen on {}:{}; is the port in use, and is the address one of this "
                    "machine?",
                    host, port));
  }
  server_ = std::make_unique<Server>(std::move(listener), std::move(handler), limits);
}

HttpListener::~HttpListener() = default;

int HttpListener::port() const {
  return server_->port();
}

}  // namespace icrps
