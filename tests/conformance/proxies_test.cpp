// The way through an HTTP proxy.
#include <mutex>
#include <set>

#include "connect_proxy.hpp"
#include "http/names/resolver_cares.hpp"
#include "suite.hpp"

namespace icrps::conformance {
namespace {

using Manner = ConnectProxy::Manner;

/// Knows where the proxy is and must be asked for nothing else.
class OnlyTheProxy final : public http::Resolver {
 public:
  http::Resolution lookup(const std::string& name, std::chrono::steady_clock::time_point,
                          const std::stop_token&) override {
    const std::scoped_lock lock(mutex_);
    names_.insert(name);
    if (name == "proxy.test") return http::Addresses{"127.0.0.1"};
    return tl::unexpected(http::Failure{Kind::kConnect, "no such name"});
  }
  std::optional<http::Addresses> at_hand(const std::string&) override { return std::nullopt; }
  [[nodiscard]] std::set<std::string> names() const {
    const std::scoped_lock lock(mutex_);
    return names_;
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> names_;  // guarded by mutex_
};

/// A server that only the proxy can find.
struct Far {
  ServerOptions options = [] {
    ServerOptions made;
    made.identity =
        world().authority.issue({.common_name = "server", .alternative_names = "DNS:far.test"});
    return made;
  }();
  Server server{options, echo};
};

http::TransportOptions through(const ConnectProxy& proxy, const std::string& host = "127.0.0.1",
                               const std::string& origin = "https://far.test") {
  auto options = trusting(origin);
  options.proxy = http::Proxy{host, proxy.port(), {}};
  return options;
}

std::size_t count(const std::vector<std::string>& heads, const std::string& start) {
  std::size_t found = 0;
  for (const auto& head : heads) found += head.starts_with(start) ? 1 : 0;
  return found;
}

}  // namespace

TEST_CASE("Through a proxy TLS is with the server, whose name the proxy looks up", "[proxies]") {
  Far far;
  const ConnectProxy proxy(far.server.port());
  const auto resolver = std::make_shared<OnlyTheProxy>();
  auto options = through(proxy, GENERATE(as<std::string>{}, "127.0.0.1", "proxy.test"));
  options.resolver = resolver;
  const auto transport = make_transport(options);
  for (int i = 0; i < 3; ++i) {
    const auto result = transport->send(post("/a", "body"), {});
    REQUIRE(result);
    CHECK(result->body == "POST /a body");
  }
  CHECK(read_all(*transport, watch("/b")).bytes == "GET /b ");
  const auto asked = proxy.asked();
  CHECK(asked.size() == 2);  // the calls share a tunnel, the stream has its own
  CHECK(count(asked, "CONNECT far.test:443 HTTP/1.1\r\n") == 2);
  CHECK(asked.front().find("Authorization") == std::string::npos);
  for (const auto& name : resolver->names()) CHECK(name == "proxy.test");
}

TEST_CASE("A proxy can't pass off another server", "[proxies]") {
  const Server other(tls(), echo);  // of a trusted authority, by another name
  const ConnectProxy proxy(other.port());
  const auto result = make_transport(through(proxy))->send(get("/"), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kTls);
  CHECK_THAT(result.error().message, Catch::Contains("far.test:443 by proxy 127.0.0.1:"));
}

TEST_CASE("A proxy is told user and password, also when they change", "[proxies]") {
  Far far;
  ConnectProxy proxy(far.server.port());
  proxy.demand("Basic bWU6NWVjcmV0");  // me:5ecret
  auto options = through(proxy);
  options.proxy->login = http::ProxyLogin{"me", SecretString("0ld")};
  std::mutex mutex;
  std::optional<http::ProxyLogin> now;
  options.proxy_login = [&] {
    const std::scoped_lock lock(mutex);
    return now;
  };
  const auto transport = make_transport(options);
  const auto refused = transport->send(get("/"), {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Kind::kConnect);
  CHECK_THAT(refused.error().message,
             Catch::Contains("the proxy answers 407: user and password are missing or wrong"));
  CHECK_THAT(refused.error().message, !Catch::Contains("0ld"));
  {
    const std::scoped_lock lock(mutex);
    now = http::ProxyLogin{"me", SecretString("5ecret")};
  }
  CHECK(transport->send(get("/"), {}));
  CHECK(far.server.accepted() == 1);
}

TEST_CASE("A proxy that is silent costs a caller no more than its deadline", "[proxies]") {
  const ConnectProxy proxy(1, Manner::kSilent);
  const auto transport = make_transport(through(proxy));
  const Stopwatch late;
  const auto result = transport->send(get("/", 300ms), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kTimeout);
  CHECK(late.elapsed() < 300ms + kMoment);

  std::stop_source stop;
  const Stopwatch stopped;
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(100ms);
    stop.request_stop();
  });
  const auto canceled = transport->send(get("/"), stop.get_token());
  REQUIRE_FALSE(canceled);
  CHECK(canceled.error().kind == Kind::kCanceled);
  CHECK(stopped.elapsed() < 100ms + kMoment);
}

TEST_CASE("What goes wrong at a proxy is told as such", "[proxies]") {
  struct Row {
    Manner manner;
    const char* message;
  };
  for (const auto& [manner, message] :
       {Row{Manner::kRefuse, "the proxy answers 407"}, Row{Manner::kClose, "the proxy closed"},
        Row{Manner::kNonsense, "is no HTTP proxy"}}) {
    const ConnectProxy proxy(1, manner);
    const auto transport = make_transport(through(proxy));
    const auto result = transport->send(get("/"), {});
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == Kind::kConnect);
    CHECK_THAT(result.error().message, Catch::Contains(message));
    CHECK(read_all(*transport, watch("/")).end.failure->kind == Kind::kConnect);
  }
  std::string port;
  {
    const ConnectProxy gone(1);
    port = gone.port();
  }
  auto options = trusting("https://far.test");
  options.proxy = http::Proxy{"127.0.0.1", port, {}};
  const auto result = make_transport(options)->send(get("/"), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kConnect);
  CHECK_THAT(result.error().message, Catch::Contains("the proxy refuses connections"));
}

TEST_CASE("A tunnel that was cut is made anew", "[proxies]") {
  Far far;
  ConnectProxy proxy(far.server.port());
  const auto transport = make_transport(through(proxy));
  for (int i = 0; i < 3; ++i) {
    CHECK(transport->send(post("/a", "body"), {}));
    proxy.cut();
    CHECK(eventually([&] { return far.server.open() == 0; }));
  }
  CHECK(proxy.asked().size() == 3);
}

TEST_CASE("A proxy for a server without TLS is a mistake", "[proxies]") {
  const ConnectProxy proxy(1);
  CHECK_THROWS_AS(make_transport(through(proxy, "127.0.0.1", "http://far.test")),
                  std::invalid_argument);
}

}  // namespace icrps::conformance
