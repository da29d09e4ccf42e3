// Whom the client trusts, and what it shows of itself.
#include <mutex>

#include "suite.hpp"

namespace icrps::conformance {
namespace {

ServerOptions with(Identity identity) {
  ServerOptions options;
  options.identity = std::move(identity);
  return options;
}

/// What one request and one stream with these options fail with; nothing if either succeeds.
std::optional<http::Failure> refused(const http::TransportOptions& options) {
  const auto transport = make_transport(options);
  const auto result = transport->send(get("/"), {});
  const auto streamed = read_all(*transport, watch("/"));
  if (result || !streamed.end.failure) return std::nullopt;
  if (streamed.end.failure->kind != result.error().kind) return std::nullopt;
  return result.error();
}

}  // namespace

TEST_CASE("A certificate for another host is refused") {
  const std::string names =
      GENERATE(as<std::string>{}, "DNS:elsewhere", "IP:127.0.0.2", "DNS:127.0.0.1");
  const Server server(
      with(world().authority.issue({.common_name = "server", .alternative_names = names})), echo);
  const auto failure = refused(trusting(server.origin()));
  REQUIRE(failure);
  CHECK(failure->kind == Kind::kTls);
  CHECK_THAT(failure->message, Catch::Contains("not for 127.0.0.1"));
}

TEST_CASE("An IPv6 address as origin is as good as any, and the certificate must name it") {
  const bool named = GENERATE(true, false);
  auto options = with(world().authority.issue(
      {.common_name = "server", .alternative_names = named ? "IP:::1" : "IP:::2,IP:127.0.0.1"}));
  options.ipv6 = true;
  const Server server(options, [](Connection& connection) {
    while (const auto request = connection.read_request()) {
      connection.write(answer(200, request->header("Host") + "<" + connection.server_name() + ">"));
    }
  });
  const auto transport = make_transport(trusting(server.origin("[::1]")));
  const auto result = transport->send(get("/"), {});
  REQUIRE(result.has_value() == named);
  if (!named) {
    CHECK(result.error().kind == Kind::kTls);
    CHECK_THAT(result.error().message, Catch::Contains("not for ::1"));
    return;
  }
  CHECK(result->body == "[::1]:" + std::to_string(server.port()) + "<>");
  CHECK(read_all(*transport, watch("/")).bytes == result->body);
}

TEST_CASE("A name in the certificate's subject alone doesn't count") {
  const std::string host = GENERATE(as<std::string>{}, "localhost", "127.0.0.1");
  const Server server(with(world().authority.issue({.common_name = host, .alternative_names = ""})),
                      echo);
  const auto failure = refused(trusting(server.origin(host)));
  REQUIRE(failure);
  CHECK(failure->kind == Kind::kTls);
}

TEST_CASE("An expired certificate is refused and the message says so") {
  const Server server(with(world().authority.issue({.common_name = "server",
                                                    .alternative_names = "IP:127.0.0.1",
                                                    .valid_from = -48h,
                                                    .valid_until = -24h})),
                      echo);
  const auto failure = refused(trusting(server.origin()));
  REQUIRE(failure);
  CHECK(failure->kind == Kind::kTls);
  CHECK_THAT(failure->message, Catch::Contains("expired"));
}

TEST_CASE("A certificate of an unknown authority is refused") {
  const Authority unknown("test authority");  // the same name, another key
  const Subject subject{.common_name = "server", .alternative_names = "IP:127.0.0.1"};
  const Server server(with(GENERATE(true, false) ? unknown.issue(subject) : self_signed(subject)),
                      echo);
  const auto failure = refused(trusting(server.origin()));
  REQUIRE(failure);
  CHECK(failure->kind == Kind::kTls);
}

TEST_CASE("The system's authorities don't count next to given ones, nor the test's with them") {
  const Server server(tls(), echo);
  auto options = trusting(server.origin());
  options.authorities = nullptr;
  const auto failure = refused(options);
  REQUIRE(failure);
  CHECK(failure->kind == Kind::kTls);
}

TEST_CASE("Several authorities may be given, also a server's own certificate") {
  const Identity own = self_signed({.common_name = "server", .alternative_names = "IP:127.0.0.1"});
  const Server first(tls(), echo);
  const Server second(with(own), echo);
  for (const auto* server : {&first, &second}) {
    auto options = trusting(server->origin());
    options.authorities = [&] {
      return world().authority.pem() + "# a comment\n" + own.certificate;
    };
    CHECK(make_transport(options)->send(get("/"), {}));
  }
}

TEST_CASE(
    "Authorities that change are in force for new connections; a slip leaves those of before") {
  const Server server(tls(), always(answer(200, "ok", "Connection: close\r\n")));
  const Authority other("another authority");
  std::mutex mutex;
  std::optional<std::string> file = other.pem();
  const auto write = [&](std::optional<std::string> text) {
    const std::scoped_lock lock(mutex);
    file = std::move(text);
  };
  auto options = trusting(server.origin());
  options.authorities = [&] {
    const std::scoped_lock lock(mutex);
    if (!file) throw std::runtime_error("no such file");
    return *file;
  };
  const auto transport = make_transport(options);
  const auto trusted = [&] { return transport->send(get("/"), {}).has_value(); };
  CHECK_FALSE(trusted());
  write(other.pem() + world().authority.pem());  // while both are in use
  CHECK(trusted());
  write(world().authority.pem());
  CHECK(trusted());
  for (const auto& slip : {std::optional<std::string>(), std::optional<std::string>(""),
                           std::optional(world().authority.pem().substr(0, 200))}) {
    write(slip);
    CHECK(trusted());
    CHECK(read_all(*transport, watch("/")).bytes == "ok");
  }
  write(other.pem());
  const auto refused = transport->send(get("/"), {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Kind::kTls);
  write(std::nullopt);
  const auto puzzled = transport->send(get("/"), {});
  REQUIRE_FALSE(puzzled);
  CHECK_THAT(puzzled.error().message, Catch::Contains("no such file"));
}

TEST_CASE("A server that speaks no TLS is refused") {
  auto options = tls();
  options.plain = true;
  const Server server(options, [](Connection& connection) {
    connection.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    connection.pause(200ms);
  });
  const auto failure = refused(trusting("https" + server.origin().substr(4)));
  REQUIRE(failure);
  CHECK(failure->kind == Kind::kTls);
}

TEST_CASE("A server that ends the handshake is refused") {
  auto options = tls();
  options.silent = true;
  const Server server(options, [](Connection& connection) { connection.drop(); });
  const auto failure = refused(trusting(server.origin()));
  REQUIRE(failure);
  CHECK(failure->kind == Kind::kTls);
}

TEST_CASE("A server that knows no TLS newer than 1.1 is refused") {
  auto options = tls();
  options.tls_1_1 = true;
  const Server server(options, echo);
  const auto failure = refused(trusting(server.origin()));
  REQUIRE(failure);
  CHECK(failure->kind == Kind::kTls);
}

TEST_CASE("A host name is announced and an address isn't") {
  const std::string host = GENERATE(as<std::string>{}, "localhost", "127.0.0.1");
  const Server server(tls(), [](Connection& connection) {
    connection.read_request();
    connection.write(answer(200, "<" + connection.server_name() + ">"));
  });
  const auto result = make_transport(trusting(server.origin(host)))->send(get("/"), {});
  REQUIRE(result);
  CHECK(result->body == (host == "localhost" ? "<localhost>" : "<>"));
}

TEST_CASE("A given server name is verified and announced instead of the host") {
  const Server server(
      with(world().authority.issue(
          {.common_name = "server", .alternative_names = "DNS:kubernetes.test"})),
      [](Connection& connection) {
        const auto request = connection.read_request();
        if (!request) return;
        connection.write(answer(200, connection.server_name() + " " + request->header("Host")));
      });
  auto options = trusting(server.origin());
  CHECK(refused(options));
  options.server_name = "kubernetes.test";
  const auto result = make_transport(options)->send(get("/"), {});
  REQUIRE(result);
  CHECK(result->body == "kubernetes.test " + server.origin().substr(8));
  options.server_name = "127.0.0.1";
  CHECK(refused(options));
}

TEST_CASE("A client certificate is presented") {
  auto server_options = tls();
  server_options.client_authority = world().client_authority.pem();
  const Server server(server_options, [](Connection& connection) {
    while (connection.read_request()) connection.write(answer(200, connection.client_name()));
  });
  const auto identity =
      world().client_authority.issue({.common_name = "a client", .alternative_names = ""});
  auto options = trusting(server.origin());
  options.client_certificate = [&] {
    return http::ClientCertificate{identity.certificate, SecretString(identity.key)};
  };
  const auto transport = make_transport(options);
  const auto result = transport->send(get("/"), {});
  REQUIRE(result);
  CHECK(result->body == "a client");
  CHECK(read_all(*transport, watch("/")).bytes == "a client");
}

TEST_CASE("A client without the certificate that the server wants is refused") {
  auto server_options = tls();
  server_options.client_authority = world().client_authority.pem();
  const Server server(server_options, echo);
  const auto result = transport_to(server)->send(get("/"), {});
  REQUIRE_FALSE(result);
  // The server judges after its handshake is over for the client: it may see just the end.
  CHECK((result.error().kind == Kind::kTls || result.error().kind == Kind::kBroken));
}

TEST_CASE("A changed client certificate is used by new connections") {
  auto server_options = tls();
  server_options.client_authority = world().client_authority.pem();
  const Server server(server_options, [](Connection& connection) {
    connection.read_request();
    connection.write(answer(200, connection.client_name(), "Connection: close\r\n"));
  });
  std::mutex mutex;
  std::string name;
  auto options = trusting(server.origin());
  options.client_certificate = [&]() -> std::optional<http::ClientCertificate> {
    const std::scoped_lock lock(mutex);
    const auto identity =
        world().client_authority.issue({.common_name = name, .alternative_names = ""});
    return http::ClientCertificate{identity.certificate, SecretString(identity.key)};
  };
  const auto transport = make_transport(options);
  for (const char* next : {"first", "second"}) {
    {
      const std::scoped_lock lock(mutex);
      name = next;
    }
    const auto result = transport->send(get("/"), {});
    REQUIRE(result);
    CHECK(result->body == next);
  }
}

TEST_CASE("A client certificate that can't be used is a TLS failure that shows nothing of it") {
  const Server server(tls(), echo);
  const auto one = world().client_authority.issue({.common_name = "one", .alternative_names = ""});
  const auto two = world().client_authority.issue({.common_name = "two", .alternative_names = ""});
  const int broken = GENERATE(0, 1, 2, 3);
  auto options = trusting(server.origin());
  options.client_certificate = [&]() -> http::ClientCertificate {
    if (broken == 0) return {"s3cret", SecretString(one.key)};
    if (broken == 1) return {one.certificate, SecretString("s3cret")};
    if (broken == 2) return {one.certificate, SecretString(two.key)};
    throw std::runtime_error("no such file");
  };
  const auto failure = refused(options);
  REQUIRE(failure);
  CHECK(failure->kind == Kind::kTls);
  CHECK_THAT(failure->message, !Catch::Contains("s3cret"));
}

}  // namespace icrps::conformance
