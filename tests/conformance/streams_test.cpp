// Bodies that are read while they come.
#include <atomic>

#include "suite.hpp"

namespace icrps::conformance {
namespace {

/// Answers one request with these bytes and ends in order.
Server::Script once(std::string bytes) {
  return [text = std::move(bytes)](Connection& connection) {
    connection.read_request();
    connection.write(text);
  };
}

}  // namespace

TEST_CASE("Bytes are handed over as they come, not when a block is full") {
  std::atomic<int> seen{0};
  const Server server(tls(), [&](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head());
    for (int i = 0; i < 5; ++i) {
      connection.write(chunk("event\n"));
      // The next one is sent when this one has been seen, or never.
      for (int waits = 0; seen <= i && waits < 2000; ++waits) connection.pause(5ms);
    }
    connection.write(kLastChunk);
  });
  const auto end = transport_to(server)->stream(watch("/"),
                                                [&](std::string_view bytes) {
                                                  seen += bytes == "event\n" ? 1 : 100;
                                                  return true;
                                                },
                                                {});
  CHECK_FALSE(end.failure);
  CHECK_FALSE(end.refused);
  CHECK(seen == 5);
}

TEST_CASE("A stream is open before it has brought anything") {
  std::atomic<bool> open{false};
  const Server server(tls(), [&](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head());
    // Nothing comes before the caller knows, or the test fails by the end of its patience.
    for (int waits = 0; !open && waits < 2000; ++waits) connection.pause(5ms);
    connection.write(chunk(open ? "late\n" : "too early\n") + std::string(kLastChunk));
  });
  auto request = watch("/");
  request.on_open = [&] { open = true; };
  const auto result = read_all(*transport_to(server), request);
  CHECK_FALSE(result.end.failure);
  CHECK(result.bytes == "late\n");
}

TEST_CASE("Events that share a chunk and halves of lines pass unchanged") {
  const std::string expected = "{\"a\":1}\n{\"b\":2}\n{\"half\":\xc3\xa4\n\n";
  const Server server(
      tls(), once(chunked_head() + chunk("{\"a\":1}\n{\"b\":2}\n{\"ha") + chunk("lf\":\xc3") +
                  chunk("\xa4\n\n") + std::string(kLastChunk)));
  const auto result = read_all(*transport_to(server), watch("/"));
  CHECK_FALSE(result.end.failure);
  CHECK(result.bytes == expected);
}

TEST_CASE("A line of 8 MiB passes, in one chunk or in many") {
  const std::size_t size = GENERATE(std::size_t{8} << 20U, std::size_t{10'000});
  std::string line(std::size_t{8} << 20U, 'x');
  line.back() = '\n';
  const Server server(tls(), [&](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head());
    std::string_view rest = line;
    while (!rest.empty()) {
      connection.write(chunk(rest.substr(0, size)));
      rest.remove_prefix(std::min(size, rest.size()));
    }
    connection.write(kLastChunk);
  });
  const auto result = read_all(*transport_to(server), watch("/"));
  CHECK_FALSE(result.end.failure);
  CHECK((result.bytes == line));
}

TEST_CASE("A stream with a length or without one is read to its end") {
  const std::string body(100'000, 'b');
  const std::string head = GENERATE(as<std::string>{}, "Content-Length: 100000\r\n", "");
  const Server server(tls(), once("HTTP/1.1 200 OK\r\n" + head + "\r\n" + body));
  const auto result = read_all(*transport_to(server), watch("/"));
  CHECK_FALSE(result.end.failure);
  CHECK((result.bytes == body));
}

TEST_CASE("An empty stream ends in order") {
  const std::string bytes =
      GENERATE(as<std::string>{}, answer(200, ""), chunked_head() + std::string(kLastChunk));
  const Server server(tls(), once(bytes));
  const auto result = read_all(*transport_to(server), watch("/"));
  CHECK_FALSE(result.end.failure);
  CHECK_FALSE(result.end.refused);
  CHECK(result.bytes.empty());
}

TEST_CASE("A status other than 200 refuses the stream and is handed over whole") {
  const int status = GENERATE(201, 204, 400, 401, 403, 404, 406, 410, 429, 500, 503);
  const bool empty = status == 204;
  const Server server(tls(),
                      once(empty ? "HTTP/1.1 204 None\r\n\r\n"
                                 : answer(status, "{\"code\":" + std::to_string(status) + "}",
                                          "Retry-After: 3\r\n")));
  auto request = watch("/");
  request.on_open = [] { FAIL("a refusal is no open stream"); };
  const auto result = read_all(*transport_to(server), request);
  CHECK_FALSE(result.end.failure);
  REQUIRE(result.end.refused);
  CHECK(result.end.refused->status == status);
  CHECK(result.bytes.empty());
  if (!empty) {
    CHECK(result.end.refused->body == "{\"code\":" + std::to_string(status) + "}");
    CHECK(result.end.refused->header("retry-after") == "3");
  }
}

TEST_CASE("Of an endless refusal the first mebibyte is handed over") {
  const Server server(tls(), [](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head(500));
    while (connection.write(chunk(std::string(10'000, 'x')))) {
    }
  });
  const auto result = read_all(*transport_to(server), watch("/"));
  REQUIRE(result.end.refused);
  CHECK(result.end.refused->body.size() == (1U << 20U));
}

TEST_CASE("Bytes before a break are delivered, then the break is reported") {
  void (Connection::* const end)() = GENERATE(&Connection::drop, &Connection::reset);
  const std::string half = GENERATE(as<std::string>{}, "", "ff\r\n{\"half");
  std::atomic<bool> delivered{false};
  const Server server(tls(), [&](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head() + chunk("one\n") + chunk("two\n") + half);
    // A reset takes with it what the client's side hasn't read.
    for (int waits = 0; !delivered && waits < 2000; ++waits) connection.pause(5ms);
    (connection.*end)();
  });
  std::string bytes;
  const auto result = transport_to(server)->stream(watch("/"),
                                                   [&](std::string_view more) {
                                                     bytes += more;
                                                     if (bytes.size() == 8) delivered = true;
                                                     return true;
                                                   },
                                                   {});
  REQUIRE(result.failure);
  CHECK(result.failure->kind == Kind::kBroken);
  CHECK(bytes == "one\ntwo\n");
}

TEST_CASE("Bytes before a break are delivered to a consumer that is still busy with the first") {
  const Server server(tls(),
                      once(chunked_head() + chunk("one\n") + chunk("two\n") + chunk("three\n")));
  std::string bytes;
  const auto result = transport_to(server)->stream(watch("/"),
                                                   [&](std::string_view more) {
                                                     std::this_thread::sleep_for(200ms);
                                                     bytes += more;
                                                     return true;
                                                   },
                                                   {});
  REQUIRE(result.failure);
  CHECK(result.failure->kind == Kind::kBroken);
  CHECK(bytes == "one\ntwo\nthree\n");
}

TEST_CASE("A consumer that has enough ends the stream in order") {
  const Server server(tls(), [](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head());
    while (connection.write(chunk("more\n")) && connection.pause(1ms)) {
    }
  });
  int calls = 0;
  const auto end =
      transport_to(server)->stream(watch("/"), [&](std::string_view) { return ++calls < 3; }, {});
  CHECK_FALSE(end.failure);
  CHECK_FALSE(end.refused);
  CHECK(calls == 3);
  CHECK(eventually([&] { return server.open() == 0; }));
}

TEST_CASE("An exception of the consumer reaches the caller and closes the connection") {
  const Server server(tls(), [](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head() + chunk("bytes\n"));
    connection.hold();
  });
  const auto transport = transport_to(server);
  const auto stream = [&] {
    transport->stream(watch("/"), [](std::string_view) -> bool { throw std::domain_error("mine"); },
                      {});
  };
  CHECK_THROWS_AS(stream(), std::domain_error);
  CHECK(eventually([&] { return server.open() == 0; }));
}

TEST_CASE("Bytes are handed over on the calling thread") {
  const Server server(tls(), once(chunked_head() + chunk("x") + std::string(kLastChunk)));
  std::thread::id seen;
  transport_to(server)->stream(watch("/"),
                               [&](std::string_view) {
                                 seen = std::this_thread::get_id();
                                 return true;
                               },
                               {});
  CHECK(seen == std::this_thread::get_id());
}

TEST_CASE("A consumer may send requests while it reads") {
  const Server server(tls(), [](Connection& connection) {
    while (const auto request = connection.read_request()) {
      connection.write(request->target == "/stream"
                           ? chunked_head() + chunk("x") + std::string(kLastChunk)
                           : answer(200, "ok"));
    }
  });
  const auto transport = transport_to(server);
  bool good = false;
  const auto end = transport->stream(watch("/stream"),
                                     [&](std::string_view) {
                                       good = transport->send(get("/"), {}).has_value();
                                       return true;
                                     },
                                     {});
  CHECK_FALSE(end.failure);
  CHECK(good);
}

TEST_CASE("A slow consumer slows the server down and costs no memory") {
  constexpr std::size_t kWhole = std::size_t{256} << 20U;
  std::atomic<std::size_t> written{0};
  const Server server(tls(), [&](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head());
    const std::string block = chunk(std::string(std::size_t{32} << 10U, 'x'));
    while (written < kWhole && connection.write(block)) written += std::size_t{32} << 10U;
    connection.write(kLastChunk);
  });
  const auto transport = transport_to(server);
  auto request = watch("/");
  request.idle_limit = 1s;  // shorter than the pause: a slow consumer isn't a silent server
  std::size_t read = 0;
  std::size_t most_resident = 0;
  std::size_t written_at_pause = 0;
  std::size_t written_after_pause = 0;
  const auto before = resident_bytes();
  const auto end = transport->stream(request,
                                     [&](std::string_view bytes) {
                                       const bool first = read == 0;
                                       read += bytes.size();
                                       if (first) {
                                         std::this_thread::sleep_for(1s);
                                         written_at_pause = written;
                                         std::this_thread::sleep_for(1500ms);
                                         written_after_pause = written;
                                         most_resident = resident_bytes();
                                       }
                                       return true;
                                     },
                                     {});
  CHECK_FALSE(end.failure);
  CHECK(read == kWhole);
  CHECK(written_at_pause < (std::size_t{24} << 20U));  // mostly the kernel's buffers
  CHECK(written_after_pause == written_at_pause);
  CHECK(most_resident < before + (std::size_t{kSanitized ? 40 : 8} << 20U));
}

TEST_CASE("A stop request reaches a stream whose server is being slowed down") {
  const Server server(tls(), [](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head());
    while (connection.write(chunk(std::string(100'000, 'x')))) {
    }
  });
  const auto transport = transport_to(server);
  std::stop_source stop;
  int calls = 0;
  const Stopwatch stopwatch;
  const auto end = transport->stream(
      watch("/"),
      [&](std::string_view) {
        ++calls;
        std::this_thread::sleep_for(300ms);
        stop.request_stop();
        return true;
      },
      stop.get_token());
  REQUIRE(end.failure);
  CHECK(end.failure->kind == Kind::kCanceled);
  CHECK(calls == 1);
  CHECK(stopwatch.elapsed() < 300ms + kMoment);
  CHECK(eventually([&] { return server.open() == 0; }));
}

}  // namespace icrps::conformance
