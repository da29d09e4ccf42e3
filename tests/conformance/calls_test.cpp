// Requests and their answers.
#include <atomic>

#include "suite.hpp"

namespace icrps::conformance {
namespace {

/// A server that keeps what it received and answers with `bytes`.
struct Recorder {
  explicit Recorder(std::string bytes, ServerOptions options = tls())
      : server(std::move(options), [this, text = std::move(bytes)](Connection& connection) {
          while (auto request = connection.read_request()) {
            {
              const std::scoped_lock lock(mutex);
              received.push_back(std::move(*request));
            }
            connection.write(text);
          }
        }) {}

  Received last() {
    const std::scoped_lock lock(mutex);
    return received.empty() ? Received{} : received.back();
  }

  std::mutex mutex;
  std::vector<Received> received;
  Server server;
};

}  // namespace

TEST_CASE("Every method carries its body and headers to the server and the answer back") {
  using http::Method;
  const auto method =
      GENERATE(Method::kGet, Method::kPost, Method::kPut, Method::kPatch, Method::kDelete);
  Recorder recorder(answer(201, "the answer", "X-Answer: yes\r\n"));
  const auto transport = transport_to(recorder.server);
  http::Request request = get("/api/v1/namespaces?limit=500");
  request.method = method;
  request.headers = {{"Accept", "application/json"}, {"Content-Type", "application/x-test"}};
  if (method != Method::kGet) request.body = "the question";

  const auto result = transport->send(request, {});

  REQUIRE(result);
  CHECK(result->status == 201);
  CHECK(result->body == "the answer");
  CHECK(result->header("x-answer") == "yes");
  CHECK_FALSE(result->header("x-other"));
  const auto seen = recorder.last();
  CHECK(seen.method == http::to_string(method));
  CHECK(seen.target == "/api/v1/namespaces?limit=500");
  CHECK(seen.body == request.body);
  CHECK(seen.header("Accept") == "application/json");
  CHECK(seen.header("User-Agent") == "icr-pull-secrets");
  CHECK(seen.header("Host") == recorder.server.origin().substr(8));
  if (method != Method::kGet) CHECK(seen.header("Content-Type") == "application/x-test");
}

TEST_CASE("A HEAD request has an answer without a body, whatever length is announced") {
  const Server server(tls(), [](Connection& connection) {
    while (connection.read_request()) {
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
    }
  });
  auto request = get("/");
  request.method = http::Method::kHead;
  request.max_body = 10;
  const auto transport = transport_to(server);
  for (int i = 0; i < 2; ++i) {
    const auto result = transport->send(request, {});
    REQUIRE(result);
    CHECK(result->status == 200);
    CHECK(result->body.empty());
  }
}

TEST_CASE("An empty POST says that it is empty") {
  Recorder recorder(answer(200, ""));
  REQUIRE(transport_to(recorder.server)->send(post("/", ""), {}));
  CHECK(recorder.last().header("Content-Length") == "0");
}

TEST_CASE("A body of any bytes and of some megabytes arrives unchanged both ways") {
  std::string body;
  for (unsigned i = 0; body.size() < (5U << 20U); ++i) body.push_back(static_cast<char>(i * 7));
  const Server server(tls(), [](Connection& connection) {
    while (const auto request = connection.read_request()) {
      connection.write(answer(200, request->body));
    }
  });
  const auto result = transport_to(server)->send(post("/", body), {});
  REQUIRE(result);
  CHECK((result->body == body));
}

TEST_CASE("Any status is an answer") {
  const int status = GENERATE(200, 201, 202, 300, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503);
  const Server server(tls(), always(answer(status, "{\"kind\":\"Status\"}")));
  const auto result = transport_to(server)->send(get("/"), {});
  REQUIRE(result);
  CHECK(result->status == status);
  CHECK(result->body == "{\"kind\":\"Status\"}");
}

TEST_CASE("Statuses without a body leave the connection usable") {
  const int status = GENERATE(204, 304);
  const Server server(tls(), always("HTTP/1.1 " + std::to_string(status) + " Nothing\r\n\r\n"));
  const auto transport = transport_to(server);
  for (int i = 0; i < 3; ++i) {
    const auto result = transport->send(get("/"), {});
    REQUIRE(result);
    CHECK(result->status == status);
  }
  CHECK(server.accepted() == 1);
}

TEST_CASE("A redirect is an answer and isn't followed") {
  const int status = GENERATE(301, 302, 303, 307, 308);
  const Server elsewhere(tls(), echo);
  const Server server(
      tls(), always(answer(status, "", "Location: " + elsewhere.origin() + "/stolen\r\n")));
  const auto transport = transport_to(server);
  const auto result = transport->send(get("/"), {});
  REQUIRE(result);
  CHECK(result->status == status);
  CHECK(result->header("Location") == elsewhere.origin() + "/stolen");
  const auto streamed = read_all(*transport, watch("/"));
  REQUIRE(streamed.end.refused);
  CHECK(streamed.end.refused->status == status);
  CHECK(elsewhere.accepted() == 0);
}

TEST_CASE("The target reaches the server as it was written") {
  const std::string target =
      GENERATE(as<std::string>{}, "/", "/a", "/a/", "/a//b", "/a%2Fb%20c", "/a?b=c%3Dd%2Ce&f",
               "/a?b=c&b=d", "/api/v1/secrets?fieldSelector=metadata.name%3Dx&watch=true",
               "/a?labelSelector=!x,y%20in%20(z)", "/a:b@c;d=e", "/%C3%A4?q=%C3%A4+1",
               "/.well-known/~x/_y-z");
  Recorder recorder(answer(200, ""));
  const auto transport = transport_to(recorder.server);
  REQUIRE(transport->send(get(target), {}));
  CHECK(recorder.last().target == target);
}

TEST_CASE("A path prefix of the origin comes before every target") {
  Recorder recorder(answer(200, ""));
  const std::string tail = GENERATE(as<std::string>{}, "", "/");
  const auto transport =
      make_transport(trusting(recorder.server.origin() + "/k8s/clusters/c-1" + tail));
  REQUIRE(transport->send(get("/api?x=1"), {}));
  CHECK(recorder.last().target == "/k8s/clusters/c-1/api?x=1");
}

TEST_CASE("A target that isn't in origin form is the programmer's error") {
  const Server server(tls(), echo);
  const auto transport = transport_to(server);
  const std::string target = GENERATE(as<std::string>{}, "", "a", "https://elsewhere/",
                                      "//elsewhere/", "/a b", "/a#b", "/a\r\nX: y", "/a\n", "/ä");
  CHECK_THROWS_AS(transport->send(get(target), {}), std::invalid_argument);
  CHECK_THROWS_AS(read_all(*transport, watch(target)), std::invalid_argument);
  CHECK(server.accepted() == 0);
}

TEST_CASE("A header that could smuggle another is the programmer's error") {
  const Server server(tls(), echo);
  const auto transport = transport_to(server);
  const http::Header header = GENERATE(values<http::Header>({{"X", "a\r\nY: b"},
                                                             {"X", "a\nb"},
                                                             {"X", std::string("a\0b", 3)},
                                                             {"X\r\nY", "b"},
                                                             {"X: a", "b"},
                                                             {"", "b"}}));
  auto request = get("/");
  request.headers = {header};
  CHECK_THROWS_AS(transport->send(request, {}), std::invalid_argument);
  CHECK(server.accepted() == 0);
}

TEST_CASE("A token with a line break in it is refused and not repeated in the message") {
  const Server server(tls(), echo);
  auto options = trusting(server.origin());
  options.authorization = [] { return SecretString("Bearer s3cret\n"); };
  const auto transport = make_transport(options);
  std::string message;
  try {
    (void)transport->send(get("/"), {});
  } catch (const std::invalid_argument& e) {
    message = e.what();
  }
  CHECK_THAT(message, Catch::Contains("Authorization") && !Catch::Contains("s3cret"));
}

TEST_CASE("The authorization is asked for on each request") {
  Recorder recorder(answer(200, ""));
  auto options = trusting(recorder.server.origin());
  options.authorization = [count = 0]() mutable -> std::optional<SecretString> {
    if (++count == 3) return std::nullopt;
    return SecretString("Bearer " + std::to_string(count));
  };
  const auto transport = make_transport(std::move(options));
  REQUIRE(transport->send(get("/"), {}));
  CHECK(recorder.last().header("Authorization") == "Bearer 1");
  REQUIRE(transport->send(get("/"), {}));
  CHECK(recorder.last().header("Authorization") == "Bearer 2");
  REQUIRE(transport->send(get("/"), {}));
  CHECK(recorder.last().header("Authorization").empty());
  CHECK(read_all(*transport, watch("/")).end.failure == std::nullopt);
  CHECK(recorder.last().header("Authorization") == "Bearer 4");
}

TEST_CASE("An answer in chunks arrives whole") {
  std::string bytes = chunked_head();
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    const std::string part(static_cast<std::size_t>(i * 13 + 1), static_cast<char>('a' + i % 26));
    bytes += chunk(part);
    expected += part;
  }
  const Server server(tls(), always(bytes + std::string(kLastChunk)));
  const auto transport = transport_to(server);
  for (int i = 0; i < 2; ++i) {
    const auto result = transport->send(get("/"), {});
    REQUIRE(result);
    CHECK((result->body == expected));
  }
  CHECK(server.accepted() == 1);
}

TEST_CASE("An answer without a length ends with the connection") {
  const Server server(tls(), [](Connection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end");
  });
  const auto result = transport_to(server)->send(get("/"), {});
  REQUIRE(result);
  CHECK(result->body == "until the end");
}

TEST_CASE("A body of just the allowed length passes and one byte more is too large") {
  const bool in_chunks = GENERATE(false, true);
  const std::string body(1000, 'x');
  const Server server(tls(),
                      always(in_chunks ? chunked_head() + chunk(body) + std::string(kLastChunk)
                                       : answer(200, body)));
  const auto transport = transport_to(server);
  auto request = get("/");
  request.max_body = 1000;
  const auto result = transport->send(request, {});
  REQUIRE(result);
  CHECK(result->body == body);
  request.max_body = 999;
  const auto failed = transport->send(request, {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == Kind::kTooLarge);
}

TEST_CASE("A body that is too large is not read to its end") {
  const bool announced = GENERATE(true, false);
  constexpr std::size_t kWhole = 100'000'000;
  std::atomic<std::size_t> written{0};
  const Server server(tls(), [&](Connection& connection) {
    connection.read_request();
    connection.write(announced ? "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
                               : chunked_head());
    const std::string block(50'000, 'x');
    while (written < kWhole && connection.write(announced ? block : chunk(block))) {
      written += block.size();
    }
  });
  auto request = get("/");
  request.max_body = 1'000'000;
  const auto transport = transport_to(server);
  const auto result = transport->send(request, {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kTooLarge);
  CHECK(eventually([&] { return server.open() == 0; }));
  CHECK(written < 20'000'000);  // what the kernel's buffers hold, with room to spare
}

TEST_CASE("Plain HTTP works, for tests") {
  auto options = tls();
  options.plain = true;
  const Server server(options, echo);
  const auto result = transport_to(server)->send(post("/a", "b"), {});
  REQUIRE(result);
  CHECK(result->body == "POST /a b");
}

TEST_CASE("An origin that makes no sense is refused at once") {
  const std::string origin =
      GENERATE(as<std::string>{}, "", "127.0.0.1", "ftp://a", "https://", "https://:443",
               "https://a:0", "https://a:99999", "https://a:b", "https://user@a", "https://a/?b",
               "https://a b", "https://[::1", "https://[a]", "https://[::1]x", "https://a\nb");
  CHECK_THROWS_AS(make_transport(trusting(origin)), std::invalid_argument);
}

TEST_CASE("Authorities that can't be read are refused at once") {
  auto options = trusting("https://127.0.0.1");
  const auto pem = GENERATE(as<std::string>{}, "not PEM", "",
                            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  options.authorities = [&] { return pem; };
  CHECK_THROWS_AS(make_transport(options), std::invalid_argument);
  options.authorities = []() -> std::string { throw std::runtime_error("no such file"); };
  CHECK_THROWS_AS(make_transport(options), std::invalid_argument);
}

}  // namespace icrps::conformance
