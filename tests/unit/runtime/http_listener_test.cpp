#include "runtime/http_listener.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <httplib.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <list>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace http_listener_test {

using namespace icrps;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kLarge = 8U << 20U;  // more than the kernel keeps for a client

HttpAnswer echo(std::string_view method, std::string_view path) {
  if (path == "/throw") throw std::runtime_error("no");
  if (path == "/large") return {.body = std::string(kLarge, 'x')};
  return {.body = std::string(method) + " " + std::string(path)};
}

/// A client that says what it is told and reads when it is told.
class Client {
 public:
  explicit Client(const HttpListener& server, const std::string& bytes = {})
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // So that a test can't hang; on no machine it is waited for.
    const timeval limit{60, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(say(bytes));
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] bool say(const std::string& bytes) const {
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  /// Until the server closes.
  [[nodiscard]] std::string hear() const {
    std::string text;
    char bytes[65536];
    for (ssize_t count = 0; (count = ::recv(fd_, bytes, sizeof bytes, 0)) > 0;) {
      text.append(bytes, static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  const int fd_;
};

std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "no answer: " + answer : answer.substr(end + 4);
}

std::string get(const HttpListener& server, const std::string& path) {
  return Client(server, "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").hear();
}

}  // namespace

TEST_CASE("a request gets its answer, whole and with its length", "[runtime][probes]") {
  const HttpListener server("127.0.0.1", 0, echo);
  const auto answer = get(server, "/livez?verbose=1");
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(answer.find("\r\nContent-Length: 10\r\n") != std::string::npos);
  CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(body_of(answer) == "GET /livez");
  CHECK(body_of(get(server, "/large")).size() == kLarge);
  CHECK(body_of(Client(server, "GET /old HTTP/1.0\r\n\r\n").hear()) == "GET /old");
  CHECK(body_of(Client(server, "POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody").hear()) ==
        "POST /a");
}

TEST_CASE("every address is served, of IPv4 and of IPv6", "[runtime][probes]") {
  const HttpListener server("::", 0, echo);
  CHECK(body_of(get(server, "/livez")) == "GET /livez");  // by 127.0.0.1
  httplib::Client client("::1", server.port());
  const auto result = client.Get("/livez");
  REQUIRE(result);
  CHECK(result->body == "GET /livez");
}

namespace {

/// For the calling thread and those that it starts the kernel has no IPv6.
bool forget_ipv6() {
  constexpr auto kFirst = static_cast<std::uint32_t>(
      offsetof(seccomp_data, args) + (std::endian::native == std::endian::big ? 4 : 0));
  std::array<sock_filter, 6> filter{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFirst),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{filter.size(), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

TEST_CASE("where there is no IPv6, every address is those of IPv4", "[runtime][probes]") {
  bool prepared = false;
  std::string answer;
  std::thread([&] {
    prepared = forget_ipv6();
    if (!prepared) return;
    const HttpListener server("::", 0, echo);
    answer = get(server, "/livez");
  }).join();
  REQUIRE(prepared);
  CHECK(body_of(answer) == "GET /livez");
}

TEST_CASE("a request may come in pieces", "[runtime][probes]") {
  const HttpListener server("127.0.0.1", 0, echo);
  const Client client(server);
  const std::string request = "GET /slow HTTP/1.1\r\n\r\n";
  for (const char byte : request) {
    REQUIRE(client.say(std::string(1, byte)));
    std::this_thread::yield();
  }
  CHECK(body_of(client.hear()) == "GET /slow");
}

TEST_CASE("what is no request is refused, and what fails is an error", "[runtime][probes]") {
  const HttpListener server("127.0.0.1", 0, echo);
  for (const auto& nonsense :
       {std::string("\r\n\r\n"), std::string("GET\r\n\r\n"), std::string("GET / SPDY/3\r\n\r\n"),
        std::string("\x16\x03\x01\r\n\r\n"), "GET /" + std::string(9000, 'a')}) {
    CHECK(Client(server, nonsense).hear().starts_with("HTTP/1.1 400 Bad Request\r\n"));
  }
  CHECK(get(server, "/throw").starts_with("HTTP/1.1 500 "));
  CHECK(body_of(get(server, "/livez")) == "GET /livez");
}

TEST_CASE("no crowd of slow clients keeps the server from others", "[runtime][probes]") {
  // Nobody's time is over during the test.
  const HttpListener server("127.0.0.1", 0, echo, {.time = 1h, .clients = 64});
  std::list<Client> crowd;
  for (int i = 0; i < 50; ++i) {
    crowd.emplace_back(server);                                 // never sends
    crowd.emplace_back(server, "GET /livez HT");                // stops half-way
    crowd.emplace_back(server, "GET /large HTTP/1.1\r\n\r\n");  // never reads
    crowd.emplace_back(server, "GET /livez HTTP/1.1\r\n\r\n");  // never closes
    REQUIRE(body_of(get(server, "/livez")) == "GET /livez");
  }
  std::atomic<bool> over = false;
  std::jthread talker([&] {
    const Client endless(server, "GET /livez HTTP/1.1\r\n\r\n");
    while (!over && endless.say(std::string(65536, 'x'))) {
    }
  });
  for (int i = 0; i < 50; ++i) CHECK(body_of(get(server, "/livez")) == "GET /livez");
  over = true;
}

TEST_CASE("of too many clients the oldest goes", "[runtime][probes]") {
  const HttpListener server("127.0.0.1", 0, echo, {.time = 1h, .clients = 2});
  const Client first(server, "GET");
  const Client second(server, "GET");
  const Client third(server, "GET");
  CHECK(first.hear().empty());
  REQUIRE(third.say(" /third HTTP/1.1\r\n\r\n"));
  CHECK(body_of(third.hear()) == "GET /third");
}

TEST_CASE("a client's time ends", "[runtime][probes]") {
  const HttpListener server("127.0.0.1", 0, echo, {.time = 50ms, .clients = 64});
  CHECK(Client(server).hear().empty());
  CHECK(Client(server, "GET /livez HT").hear().empty());
}

}  // namespace http_listener_test
