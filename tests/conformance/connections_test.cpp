// Pooled connections, how they die, and how many there are.
#include <arpa/inet.h>
#include <atomic>
#include <filesystem>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "suite.hpp"

namespace icrps::conformance {
namespace {

/// Answers one request on each connection, then ends it in the given way after a pause.
Server::Script answer_once_and(void (Connection::*end)()) {
  return [end](Connection& connection) {
    if (!connection.read_request()) return;
    connection.write(answer(200, "once"));
    connection.pause(50ms);
    (connection.*end)();
  };
}

/// SO_KEEPALIVE, and what goes with it in seconds and times.
struct Probing {
  int on = 0;
  int idle = 0;
  int interval = 0;
  int probes = 0;
  bool operator==(const Probing&) const = default;
};

int option(int socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  ::getsockopt(socket, level, name, &value, &size);
  return value;
}

/// Of this process' connections to that port.
std::vector<Probing> keepalives_to(int port) {
  std::vector<Probing> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) continue;
    if (peer.sin_family != AF_INET || ntohs(peer.sin_port) != port) continue;
    found.push_back({option(fd, SOL_SOCKET, SO_KEEPALIVE), option(fd, IPPROTO_TCP, TCP_KEEPIDLE),
                     option(fd, IPPROTO_TCP, TCP_KEEPINTVL), option(fd, IPPROTO_TCP, TCP_KEEPCNT)});
  }
  return found;
}

}  // namespace

TEST_CASE("A connection is used again") {
  const Server server(tls(), echo);
  const auto transport = transport_to(server);
  for (int i = 0; i < 20; ++i) REQUIRE(transport->send(get("/"), {}));
  CHECK(server.accepted() == 1);
}

TEST_CASE("The kernel asks after a peer that is silent") {
  const Server server(tls(), echo);
  auto options = trusting(server.origin());
  options.keepalive = {.idle = 7s, .interval = 3s, .probes = 2};
  const auto transport = make_transport(options);
  REQUIRE(transport->send(get("/"), {}));
  const auto asked = keepalives_to(server.port());
  REQUIRE(asked.size() == 1);
  CHECK(asked[0] == Probing{1, 7, 3, 2});
}

TEST_CASE("And after that of a stream, which may be silent for long") {
  std::atomic<bool> over = false;
  const Server server(tls(), [&](Connection& connection) {
    if (!connection.read_request()) return;
    connection.write(chunked_head());
    while (!over && connection.pause(5ms)) {
    }
  });
  const auto transport = transport_to(server);
  std::optional<std::vector<Probing>> asked;
  auto request = watch("/");
  request.on_open = [&] {
    asked = keepalives_to(server.port());
    over = true;
  };
  static_cast<void>(read_all(*transport, request));
  REQUIRE(asked);
  REQUIRE(asked->size() == 1);
  CHECK(asked->front() == Probing{1, 30, 10, 3});
}

TEST_CASE("A connection isn't used again when the server says that it closes it") {
  const Server server(tls(), always(answer(200, "", "Connection: close\r\n")));
  const auto transport = transport_to(server);
  for (int i = 0; i < 3; ++i) REQUIRE(transport->send(get("/"), {}));
  CHECK(server.accepted() == 3);
}

TEST_CASE("A request after the server closed idle connections succeeds") {
  void (Connection::* const end)() = GENERATE(&Connection::drop, &Connection::reset);
  const Server server(tls(), answer_once_and(end));
  const auto transport = transport_to(server);
  for (int round = 0; round < 3; ++round) {
    std::vector<std::future<http::Result>> calls;
    for (int i = 0; i < 8; ++i) {
      calls.push_back(std::async(std::launch::async, [&] {
        return transport->send(post("/", std::string(3000, 'x')), {});
      }));
    }
    for (auto& call : calls) {
      const auto result = call.get();
      INFO((result ? std::string() : result.error().message));
      CHECK(result);
    }
    REQUIRE(eventually([&] { return server.open() == 0; }));
  }
}

TEST_CASE("A request after the server said goodbye on idle connections succeeds") {
  const Server server(tls(), [](Connection& connection) {
    if (connection.read_request()) connection.write(answer(200, "once"));
  });  // a TLS close-notify and FIN follow at once
  const auto transport = transport_to(server);
  for (int i = 0; i < 10; ++i) {
    CHECK(transport->send(post("/", "x"), {}));
    REQUIRE(eventually([&] { return server.open() == 0; }));
  }
}

TEST_CASE("A POST whose answer is lost on a pooled connection is answered or broken") {
  std::atomic<int> posts{0};
  const Server server(tls(), [&](Connection& connection) {
    while (const auto request = connection.read_request()) {
      if (request->method == "POST" && ++posts == 1) return connection.drop();
      connection.write(answer(200, "ok"));
    }
  });
  const auto transport = transport_to(server);
  REQUIRE(transport->send(get("/"), {}));
  const auto result = transport->send(post("/", "x"), {});
  // Sent again: then the server saw it twice and the caller has its answer. Or not: then he knows.
  if (result) {
    CHECK(posts == 2);
  } else {
    CHECK(posts == 1);
    CHECK(result.error().kind == Kind::kBroken);
  }
}

TEST_CASE("A POST whose answer is lost on a fresh connection is broken and not repeated") {
  void (Connection::* const end)() = GENERATE(&Connection::drop, &Connection::reset);
  std::atomic<int> posts{0};
  const Server server(tls(), [&](Connection& connection) {
    if (connection.read_request()) ++posts;
    (connection.*end)();
  });
  const auto result = transport_to(server)->send(post("/", "x"), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kBroken);
  CHECK_THAT(result.error().message, Catch::StartsWith(server.origin().substr(8)));
  CHECK(posts == 1);
}

TEST_CASE("An answer cut short is broken") {
  const std::string bytes =
      GENERATE(as<std::string>{}, "HTTP/1.1 200 OK\r\nContent-Le",
               "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123");
  const Server server(tls(), [&](Connection& connection) {
    connection.read_request();
    connection.write(bytes);
    connection.drop();
  });
  const auto result = transport_to(server)->send(get("/"), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kBroken);
}

TEST_CASE("An answer that isn't HTTP is broken") {
  const std::string bytes =
      GENERATE(as<std::string>{}, "SSH-2.0-OpenSSH_9.2\r\n\r\n", "\r\n\r\n", "HTTP/1.1\r\n\r\n",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  const Server server(tls(), always(bytes));
  const auto result = transport_to(server)->send(get("/", 5s), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kBroken);
}

TEST_CASE("A refused connection and a name that doesn't exist are failures to connect") {
  std::string origin;
  SECTION("refused") {
    const Server gone(tls(), echo);
    origin = gone.origin();
  }
  SECTION("unresolvable") {
    origin = "https://no-such-host.invalid";
  }
  const auto transport = make_transport(trusting(origin));
  const auto result = transport->send(get("/"), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kConnect);
  CHECK_THAT(result.error().message, Catch::StartsWith(origin.substr(8)));
  const auto streamed = read_all(*transport, watch("/"));
  REQUIRE(streamed.end.failure);
  CHECK(streamed.end.failure->kind == Kind::kConnect);
}

TEST_CASE("Never more requests are in flight than allowed, nor connections open") {
  std::atomic<int> in_flight{0};
  std::atomic<int> most{0};
  const Server server(tls(), [&](Connection& connection) {
    while (connection.read_request()) {
      int now = ++in_flight;
      int seen = most;
      while (now > seen && !most.compare_exchange_weak(seen, now)) {
      }
      connection.pause(1ms);
      --in_flight;
      connection.write(answer(200, "ok"));
    }
  });
  auto options = trusting(server.origin());
  options.max_in_flight = 5;
  const auto transport = make_transport(std::move(options));
  std::vector<std::future<int>> callers;
  for (int i = 0; i < 64; ++i) {
    callers.push_back(std::async(std::launch::async, [&] {
      int good = 0;
      for (int n = 0; n < 10; ++n) good += transport->send(get("/"), {}) ? 1 : 0;
      return good;
    }));
  }
  int good = 0;
  for (auto& caller : callers) good += caller.get();
  CHECK(good == 640);
  CHECK(most <= 5);
  CHECK(most >= 2);
  CHECK(server.accepted() <= 5);
}

TEST_CASE("Streams don't count as requests in flight") {
  const Server server(tls(), [](Connection& connection) {
    while (const auto request = connection.read_request()) {
      if (request->target == "/stream") {
        connection.write(chunked_head() + chunk("first"));
        return connection.hold();
      }
      connection.write(answer(200, "ok"));
    }
  });
  auto options = trusting(server.origin());
  options.max_in_flight = 1;
  const auto transport = make_transport(std::move(options));
  std::stop_source stop;
  std::vector<std::future<StreamResult>> streams;
  for (int i = 0; i < 4; ++i) {
    streams.push_back(std::async(std::launch::async, [&] {
      return read_all(*transport, watch("/stream"), stop.get_token());
    }));
  }
  const bool all_open = eventually([&] { return server.open() == 4; });
  const auto result = transport->send(get("/"), {});
  stop.request_stop();
  for (auto& stream : streams) stream.get();
  CHECK(all_open);
  CHECK(result);
}

TEST_CASE("Every answer belongs to its request, with 64 callers at once") {
  const Server server(tls(), echo);
  const auto transport = transport_to(server);
  std::vector<std::future<int>> callers;
  for (int caller = 0; caller < 64; ++caller) {
    callers.push_back(std::async(std::launch::async, [&, caller] {
      int right = 0;
      for (int n = 0; n < 40; ++n) {
        const std::string name = std::to_string(caller) + "-" + std::to_string(n);
        const std::string body(static_cast<std::size_t>(n * 37), static_cast<char>('a' + n % 26));
        const auto result = transport->send(post("/" + name, body), {});
        right += result && result->body == "POST /" + name + " " + body ? 1 : 0;
      }
      return right;
    }));
  }
  int right = 0;
  for (auto& caller : callers) right += caller.get();
  CHECK(right == 64 * 40);
}

TEST_CASE("A transport goes with its idle connections") {
  const Server server(tls(), echo);
  const auto before = descriptors_at_rest();
  {
    const auto transport = transport_to(server);
    REQUIRE(transport->send(get("/"), {}));
  }
  CHECK(eventually([&] { return server.open() == 0 && open_descriptors() <= before; }));
}

TEST_CASE("A failure's message holds no credential, whatever fails") {
  const auto script = GENERATE(0, 1, 2, 3);
  const Server server(tls(), [script](Connection& connection) {
    const auto request = connection.read_request();
    if (script == 0) connection.write("HTTP/1.1 s3cret\r\n\r\n");
    if (script == 1) connection.write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\ns3cret");
    if (script == 2) connection.write(answer(200, "s3cret s3cret s3cret"));
    if (script == 3) connection.hold();
    connection.drop();
  });
  auto options = trusting(server.origin());
  options.authorization = [] { return SecretString("Bearer s3cret"); };
  auto request = post("/", "s3cret");
  request.headers = {{"X-Secret", "s3cret"}};
  request.max_body = 10;
  request.deadline = 1s;
  const auto result = make_transport(std::move(options))->send(request, {});
  REQUIRE_FALSE(result);
  CHECK_THAT(result.error().message, !Catch::Contains("s3cret"));
  CHECK_FALSE(result.error().message.empty());
}

}  // namespace icrps::conformance
