// Deadlines, idle limits and stop requests, in every phase of a call.
#include <functional>

#include "suite.hpp"

namespace icrps::conformance {
namespace {

/// A server, or the lack of one, that leaves a call hanging in one phase.
struct Hanging {
  std::string phase;
  std::unique_ptr<Server> server;
  std::unique_ptr<DeafPort> deaf;

  [[nodiscard]] std::string origin() const { return server ? server->origin() : deaf->origin(); }
};

void hang_before_head(Connection& connection) {
  connection.read_request();
  connection.hold();
}

void hang_in_head(Connection& connection) {
  connection.read_request();
  connection.write("HTTP/1.1 200 OK\r\nContent-");
  connection.hold();
}

void hang_in_body(Connection& connection) {
  connection.read_request();
  connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  connection.hold();
}

void hang_between_chunks(Connection& connection) {
  connection.read_request();
  connection.write(chunked_head() + chunk("one\n"));
  connection.hold();
}

void hang_in_chunk(Connection& connection) {
  connection.read_request();
  connection.write(chunked_head() + chunk("one\n") + "ff\r\nhalf");
  connection.hold();
}

Hanging hanging(const std::string& phase) {
  Hanging result;
  result.phase = phase;
  auto options = tls();
  options.silent = phase == "handshake";
  Server::Script script = hang_before_head;
  if (phase == "connect") {
    result.deaf = std::make_unique<DeafPort>();
    return result;
  }
  if (phase == "handshake") script = [](Connection& connection) { connection.hold(); };
  if (phase == "in head") script = hang_in_head;
  if (phase == "in body") script = hang_in_body;
  if (phase == "between chunks") script = hang_between_chunks;
  if (phase == "in chunk") script = hang_in_chunk;
  result.server = std::make_unique<Server>(options, script);
  return result;
}

auto before_the_head() {
  return GENERATE(as<std::string>{}, "connect", "handshake", "before head", "in head");
}

auto every_phase() {
  return GENERATE(as<std::string>{}, "connect", "handshake", "before head", "in head", "in body",
                  "between chunks", "in chunk");
}

/// How long after the stop request the call returned, and what.
template <typename Returned>
struct Stopped {
  std::chrono::milliseconds took{};
  Returned returned;
};

template <typename Call>
auto stop_during(Call call) {
  std::stop_source stop;
  auto running = std::async(std::launch::async, [&] { return call(stop.get_token()); });
  std::this_thread::sleep_for(150ms);
  const Stopwatch stopwatch;
  stop.request_stop();
  auto returned = running.get();
  return Stopped<decltype(returned)>{stopwatch.elapsed(), std::move(returned)};
}

}  // namespace

TEST_CASE("The deadline ends a call in every phase") {
  const auto server = hanging(every_phase());
  INFO(server.phase);
  const auto before = descriptors_at_rest();
  {
    const auto transport = make_transport(trusting(server.origin()));
    const Stopwatch stopwatch;
    const auto result = transport->send(get("/", 300ms), {});
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == Kind::kTimeout);
    CHECK(stopwatch.elapsed() >= 290ms);
    CHECK(stopwatch.elapsed() < 300ms + kMoment);
  }
  CHECK(eventually([&] { return open_descriptors() <= before; }));
}

TEST_CASE("The deadline ends a call whose answer trickles in") {
  const bool in_head = GENERATE(true, false);
  const Server server(tls(), [in_head](Connection& connection) {
    connection.read_request();
    if (!in_head) connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (connection.write("x") && connection.pause(10ms)) {
    }
  });
  const Stopwatch stopwatch;
  const auto result = transport_to(server)->send(get("/", 500ms), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kTimeout);
  CHECK(stopwatch.elapsed() < 500ms + kMoment);
}

TEST_CASE("The deadline counts the wait for a free place in flight") {
  const Server server(tls(), hang_before_head);
  auto options = trusting(server.origin());
  options.max_in_flight = 1;
  const auto transport = make_transport(options);
  std::stop_source stop;
  auto first =
      std::async(std::launch::async, [&] { return transport->send(get("/"), stop.get_token()); });
  const bool busy = eventually([&] { return server.open() == 1; });
  std::this_thread::sleep_for(50ms);
  const Stopwatch stopwatch;
  const auto result = transport->send(get("/", 300ms), {});
  const auto took = stopwatch.elapsed();
  stop.request_stop();
  first.get();
  REQUIRE(busy);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kTimeout);
  CHECK(took >= 290ms);
  CHECK(took < 300ms + kMoment);
  CHECK(server.accepted() == 1);
}

TEST_CASE("A place in flight is free again after a deadline") {
  const Server server(tls(), [](Connection& connection) {
    if (connection.number() == 1) return hang_before_head(connection);
    echo(connection);
  });
  auto options = trusting(server.origin());
  options.max_in_flight = 1;
  const auto transport = make_transport(options);
  CHECK_FALSE(transport->send(get("/", 200ms), {}));
  CHECK(transport->send(get("/"), {}));
}

TEST_CASE("A stop request ends a call in every phase") {
  const auto server = hanging(every_phase());
  INFO(server.phase);
  const auto before = descriptors_at_rest();
  {
    const auto transport = make_transport(trusting(server.origin()));
    const auto stopped =
        stop_during([&](std::stop_token stop) { return transport->send(get("/"), stop); });
    REQUIRE_FALSE(stopped.returned);
    CHECK(stopped.returned.error().kind == Kind::kCanceled);
    CHECK(stopped.took < kMoment);
  }
  CHECK(eventually([&] { return open_descriptors() <= before; }));
}

TEST_CASE("A stop request ends the wait for a free place in flight") {
  const Server server(tls(), hang_before_head);
  auto options = trusting(server.origin());
  options.max_in_flight = 1;
  const auto transport = make_transport(options);
  std::stop_source other;
  auto first =
      std::async(std::launch::async, [&] { return transport->send(get("/"), other.get_token()); });
  const bool busy = eventually([&] { return server.open() == 1; });
  const auto stopped =
      stop_during([&](std::stop_token stop) { return transport->send(get("/"), stop); });
  other.request_stop();
  first.get();
  REQUIRE(busy);
  REQUIRE_FALSE(stopped.returned);
  CHECK(stopped.returned.error().kind == Kind::kCanceled);
  CHECK(stopped.took < kMoment);
}

TEST_CASE("A call with a stop already requested ends at once and sends nothing") {
  const Server server(tls(), echo);
  const auto transport = transport_to(server);
  std::stop_source stop;
  stop.request_stop();
  const auto result = transport->send(get("/"), stop.get_token());
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kCanceled);
  const auto streamed = read_all(*transport, watch("/"), stop.get_token());
  REQUIRE(streamed.end.failure);
  CHECK(streamed.end.failure->kind == Kind::kCanceled);
  CHECK(server.accepted() == 0);
}

TEST_CASE("A stop request after the end does nothing") {
  const Server server(tls(), echo);
  const auto transport = transport_to(server);
  std::stop_source stop;
  REQUIRE(transport->send(get("/"), stop.get_token()));
  stop.request_stop();
  CHECK(transport->send(get("/"), {}));
  CHECK(server.accepted() == 1);
}

TEST_CASE("The head deadline ends a stream that doesn't begin") {
  const auto server = hanging(before_the_head());
  INFO(server.phase);
  auto request = watch("/");
  request.head_deadline = 300ms;
  const auto transport = make_transport(trusting(server.origin()));
  const Stopwatch stopwatch;
  const auto result = read_all(*transport, request);
  REQUIRE(result.end.failure);
  CHECK(result.end.failure->kind == Kind::kTimeout);
  CHECK(stopwatch.elapsed() >= 290ms);
  CHECK(stopwatch.elapsed() < 300ms + kMoment);
}

TEST_CASE("The head deadline also bounds the body of a refusal") {
  const Server server(tls(), [](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head(403));
    while (connection.write(chunk("x")) && connection.pause(10ms)) {
    }
  });
  auto request = watch("/");
  request.head_deadline = 500ms;
  const Stopwatch stopwatch;
  const auto result = read_all(*transport_to(server), request);
  REQUIRE(result.end.failure);
  CHECK(result.end.failure->kind == Kind::kTimeout);
  CHECK(stopwatch.elapsed() < 500ms + kMoment);
}

TEST_CASE("The idle limit ends a stream that falls silent, after its last bytes") {
  const auto server = hanging(GENERATE(as<std::string>{}, "between chunks", "in chunk"));
  INFO(server.phase);
  auto request = watch("/");
  request.head_deadline = 10s;
  request.idle_limit = 300ms;
  const auto transport = make_transport(trusting(server.origin()));
  const Stopwatch stopwatch;
  const auto result = read_all(*transport, request);
  REQUIRE(result.end.failure);
  CHECK(result.end.failure->kind == Kind::kTimeout);
  CHECK(result.bytes == "one\n");
  CHECK(stopwatch.elapsed() >= 290ms);
  CHECK(stopwatch.elapsed() < 300ms + kMoment);
}

TEST_CASE("A stream with a byte now and then outlives its deadline and its idle limit") {
  const Server server(tls(), [](Connection& connection) {
    connection.read_request();
    connection.write(chunked_head());
    for (int i = 0; i < 10; ++i) {
      connection.pause(250ms);
      connection.write(chunk("tick\n"));
    }
    connection.write(kLastChunk);
  });
  auto request = watch("/");
  request.head_deadline = 2s;
  request.idle_limit = 2s;
  const auto result = read_all(*transport_to(server), request);
  CHECK_FALSE(result.end.failure);
  CHECK(result.bytes.size() == 50);
}

TEST_CASE("A stop request ends a stream in every phase") {
  const auto server = hanging(every_phase());
  INFO(server.phase);
  const auto before = descriptors_at_rest();
  {
    const auto transport = make_transport(trusting(server.origin()));
    const auto stopped =
        stop_during([&](std::stop_token stop) { return read_all(*transport, watch("/"), stop); });
    REQUIRE(stopped.returned.end.failure);
    CHECK(stopped.returned.end.failure->kind == Kind::kCanceled);
    CHECK(stopped.took < kMoment);
  }
  CHECK(eventually([&] { return open_descriptors() <= before; }));
}

TEST_CASE("A call started from a stop callback's thread can be stopped while it is starting") {
  const Server server(tls(), echo);
  const auto transport = transport_to(server);
  for (int i = 0; i < 50; ++i) {
    std::stop_source stop;
    auto call =
        std::async(std::launch::async, [&] { return transport->send(get("/"), stop.get_token()); });
    stop.request_stop();
    const auto result = call.get();
    CHECK((result || result.error().kind == Kind::kCanceled));
  }
}

}  // namespace icrps::conformance
