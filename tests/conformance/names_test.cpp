// Names: how they are looked up, and that a silent name server holds up nobody else.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "http/names/resolver_cares.hpp"
#include "name_server.hpp"
#include "suite.hpp"

namespace icrps::conformance {
namespace {

http::names::ResolverOptions asking(const NameServer& server) {
  http::names::ResolverOptions options;
  options.servers = server.address();
  return options;
}

auto in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

std::string silent_name(int number) {
  return "silent-" + std::to_string(number) + ".test";
}

/// A server whose certificate is good for "here.test" and that can be told by other names as well.
ServerOptions named_tls() {
  static const Identity identity = world().authority.issue(
      {.common_name = "server", .alternative_names = "DNS:here.test,DNS:there.test"});
  ServerOptions options;
  options.identity = identity;
  return options;
}

http::TransportOptions by_name(const Server& server, std::shared_ptr<http::Resolver> resolver,
                               const std::string& name = "here.test") {
  auto options = trusting(server.origin(name));
  options.resolver = std::move(resolver);
  return options;
}

/// Names whose servers say nothing, and somebody who waits for each of them.
class Crowd {
 public:
  static constexpr int kSize = 26;

  explicit Crowd(std::shared_ptr<http::Resolver> resolver) {
    for (int i = 0; i < kSize; ++i) {
      callers_.push_back(std::async(std::launch::async, [this, i, resolver] {
        return resolver->lookup(silent_name(i), in(60s), stop_.get_token());
      }));
    }
  }
  ~Crowd() { stop_.request_stop(); }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  Crowd(Crowd&&) = delete;
  Crowd& operator=(Crowd&&) = delete;

 private:
  std::stop_source stop_;
  std::vector<std::future<http::Resolution>> callers_;
};

std::map<std::string, Named> with_silent_names(std::map<std::string, Named> names) {
  for (int i = 0; i < Crowd::kSize; ++i) names[silent_name(i)] = {.silent = true};
  return names;
}

bool all_asked(const NameServer& server) {
  return eventually([&] {
    for (int i = 0; i < Crowd::kSize; ++i) {
      if (server.asked(silent_name(i)) == 0) return false;
    }
    return true;
  });
}

}  // namespace

TEST_CASE("A name has the addresses of both families, IPv4 first", "[names]") {
  const NameServer server({{"a.test", {.ipv4 = {"127.0.0.1"}, .ipv6 = {"::1"}}}});
  const auto resolver = http::make_resolver(asking(server));
  CHECK(resolver->lookup("a.test", in(5s), {}).value() == http::Addresses{"127.0.0.1", "::1"});
}

TEST_CASE("Of a name with 200 addresses a few are tried", "[names]") {
  Named many;
  for (int i = 0; i < 200; ++i) many.ipv4.push_back("192.0.2." + std::to_string(i));
  many.ipv6 = {"2001:db8::1", "2001:db8::2", "2001:db8::3"};
  const NameServer server({{"many.test", many}});
  const auto resolver = http::make_resolver(asking(server));
  CHECK(resolver->lookup("many.test", in(5s), {}).value() ==
        http::Addresses{"192.0.2.0", "2001:db8::1", "192.0.2.1", "2001:db8::2"});
}

TEST_CASE("What can't be resolved is a failure to connect, and says why", "[names]") {
  struct Row {
    std::string name;
    Named answer;
    std::string reason;
  };
  const auto row = GENERATE(
      values<Row>({{"none.test", {.code = 3}, "no such name"},
                   {"empty.test", {}, "the name has no address"},
                   {"servfail.test", {.code = 2}, "no name server can be reached or finds out"},
                   {"refused.test", {.code = 5}, "no name server can be reached or finds out"},
                   {"garbage.test", {.garbage = true}, "makes no sense"}}));
  const NameServer server({{row.name, row.answer}});
  const Stopwatch watch;
  const auto answer = http::make_resolver(asking(server))->lookup(row.name, in(20s), {});
  INFO(row.name);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Kind::kConnect);
  CHECK_THAT(answer.error().message, Catch::Contains(row.reason));
  CHECK(watch.elapsed() < kMoment);
}

TEST_CASE("A server that is silent, or sends noise, is waited for as long as is said", "[names]") {
  const auto answer = GENERATE(values<Named>({{.silent = true}, {.noise = true}}));
  const NameServer server({{"x.test", answer}});
  auto options = asking(server);
  SECTION("by the rounds of questions") {
    options.first_try = 100ms;
    options.rounds = 2;
  }
  SECTION("and in all") {
    options.limits.longest = 300ms;
  }
  const Stopwatch watch;
  const auto result = http::make_resolver(options)->lookup("x.test", in(20s), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kConnect);
  CHECK_THAT(result.error().message, Catch::StartsWith("no name server answer"));
  CHECK(watch.elapsed() >= 250ms);
  CHECK(watch.elapsed() < 300ms + kMoment);
}

TEST_CASE("A question that is lost is asked again", "[names]") {
  NameServer server({{"x.test", {.silent = true}}});
  auto options = asking(server);
  options.first_try = 200ms;
  const auto resolver = http::make_resolver(options);
  auto answer =
      std::async(std::launch::async, [&] { return resolver->lookup("x.test", in(20s), {}); });
  REQUIRE(eventually([&] { return server.asked("x.test") == 1; }));
  server.set("x.test", {.ipv4 = {"127.0.0.1"}});
  CHECK(answer.get().value() == http::Addresses{"127.0.0.1"});
}

TEST_CASE("A deadline ends the waiting, and so does a stop request", "[names]") {
  const NameServer server({{"x.test", {.silent = true}}});
  const auto resolver = http::make_resolver(asking(server));
  const Stopwatch watch;
  SECTION("deadline") {
    const auto answer = resolver->lookup("x.test", in(200ms), {});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Kind::kTimeout);
    CHECK(watch.elapsed() >= 200ms);
  }
  SECTION("stop") {
    std::stop_source stop;
    const std::jthread stopper([&] {
      std::this_thread::sleep_for(100ms);
      stop.request_stop();
    });
    const auto answer = resolver->lookup("x.test", in(20s), stop.get_token());
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Kind::kCanceled);
  }
  CHECK(watch.elapsed() < 200ms + kMoment);
}

TEST_CASE("Those who want the same name share one question, and its answer for a while",
          "[names]") {
  NameServer server({{"x.test", {.ipv4 = {"127.0.0.1"}, .after = 200ms}}});
  auto options = asking(server);
  options.limits.kept = 500ms;
  const auto resolver = http::make_resolver(options);
  std::vector<std::future<http::Resolution>> callers;
  for (int i = 0; i < 20; ++i) {
    callers.push_back(
        std::async(std::launch::async, [&] { return resolver->lookup("x.test", in(20s), {}); }));
  }
  for (auto& caller : callers) CHECK(caller.get().value() == http::Addresses{"127.0.0.1"});
  CHECK(resolver->at_hand("x.test") == http::Addresses{"127.0.0.1"});
  CHECK(server.asked("x.test") == 1);
  std::this_thread::sleep_for(500ms);
  server.set("x.test", {.ipv4 = {"127.0.0.2"}});
  CHECK(resolver->lookup("x.test", in(20s), {}).value() == http::Addresses{"127.0.0.2"});
  CHECK(server.asked("x.test") == 2);
}

TEST_CASE("What is not at hand is soon", "[names]") {
  const NameServer server({{"x.test", {.ipv4 = {"127.0.0.1"}}}});
  const auto resolver = http::make_resolver(asking(server));
  CHECK_FALSE(resolver->at_hand("x.test"));
  CHECK(eventually([&] { return resolver->at_hand("x.test").has_value(); }));
  CHECK(server.asked("x.test") == 1);
}

TEST_CASE("A server that never answers for IPv6 holds up IPv4 only for a moment", "[names]") {
  const NameServer server({{"x.test", {.ipv4 = {"127.0.0.1"}, .silent_for_ipv6 = true}}});
  const Stopwatch watch;
  const auto answer = http::make_resolver(asking(server))->lookup("x.test", in(20s), {});
  CHECK(answer.value() == http::Addresses{"127.0.0.1"});
  CHECK(watch.elapsed() < 200ms + kMoment);
}

TEST_CASE("While 26 names hang, others are found as fast as ever", "[names]") {
  const NameServer server(with_silent_names({{"x.test", {.ipv4 = {"127.0.0.1"}}}}));
  auto options = asking(server);
  options.limits.kept = 0ms;
  const auto resolver = http::make_resolver(options);
  const Crowd crowd(resolver);
  REQUIRE(all_asked(server));
  std::chrono::milliseconds slowest{0};
  for (int i = 0; i < 20; ++i) {
    const Stopwatch watch;
    CHECK(resolver->lookup("x.test", in(20s), {}));
    slowest = std::max(slowest, watch.elapsed());
  }
  CHECK(slowest < kMoment);
}

TEST_CASE("The number of look-ups at once is bounded, and each has its turn", "[names]") {
  const NameServer server(with_silent_names({{"x.test", {.ipv4 = {"127.0.0.1"}}}}));
  auto options = asking(server);
  options.limits.at_once = 4;
  options.limits.longest = 100ms;
  const auto resolver = http::make_resolver(options);
  const auto before = open_descriptors();
  const Crowd crowd(resolver);
  REQUIRE(
      eventually([&] { return server.asked(silent_name(0)) > 0 || open_descriptors() > before; }));
  CHECK(resolver->lookup("x.test", in(20s), {}));
  CHECK(open_descriptors() <= before + 4 * 2 + 2);
}

TEST_CASE("The hosts file and the search list count", "[names]") {
  NameServer server(
      {{"registry.cluster.test", {.ipv4 = {"127.0.0.1"}}}, {"a.b.c", {.ipv4 = {"127.0.0.3"}}}});
  const auto file =
      std::filesystem::temp_directory_path() / ("resolv.conf." + std::to_string(::getpid()));
  std::ofstream(file) << "search other.test cluster.test\noptions ndots:5\n";
  auto options = asking(server);
  options.resolv_conf = file;
  const auto resolver = http::make_resolver(options);
  CHECK(resolver->lookup("registry", in(20s), {}).value() == http::Addresses{"127.0.0.1"});
  CHECK(resolver->lookup("a.b.c", in(20s), {}).value() == http::Addresses{"127.0.0.3"});
  CHECK(server.asked("a.b.c.cluster.test") == 1);
  const auto local = resolver->lookup("localhost", in(20s), {});
  REQUIRE(local);
  CHECK(local->front() == "127.0.0.1");
  CHECK(server.asked("localhost") == 0);
  std::filesystem::remove(file);
}

TEST_CASE("A resolver goes with what is under way, and leaves no descriptor", "[names]") {
  const NameServer server({{"x.test", {.silent = true}}});
  const auto before = open_descriptors();
  {
    const auto resolver = http::make_resolver(asking(server));
    static_cast<void>(resolver->lookup("x.test", in(50ms), {}));
    CHECK(open_descriptors() > before);
  }
  CHECK(open_descriptors() == before);
}

// What a transport makes of it.

TEST_CASE("A server with a name is told it, and is checked for it", "[names][tls]") {
  const NameServer names({{"here.test", {.ipv4 = {"127.0.0.1"}}}});
  std::atomic<unsigned> announced{0};
  const Server server(named_tls(), [&](Connection& connection) {
    if (connection.server_name() == "here.test") ++announced;
    while (const auto request = connection.read_request()) {
      if (!connection.write(answer(200, request->header("Host")))) return;
    }
  });
  const auto transport = make_transport(by_name(server, http::make_resolver(asking(names))));
  const auto result = transport->send(get("/"), {});
  REQUIRE(result);
  CHECK(result->body == "here.test:" + std::to_string(server.port()));
  const auto streamed = read_all(*transport, watch("/"));
  CHECK(streamed.bytes == result->body);
  CHECK(announced == 2);
}

TEST_CASE("A certificate for another name is refused, though the address is the same",
          "[names][tls]") {
  const NameServer names({{"wrong.test", {.ipv4 = {"127.0.0.1"}}}});
  const Server server(named_tls(), echo);
  const auto result =
      make_transport(by_name(server, http::make_resolver(asking(names)), "wrong.test"))
          ->send(get("/"), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kTls);
  CHECK_THAT(result.error().message, Catch::Contains("wrong.test"));
}

TEST_CASE("Two names of one address share no connection", "[names][tls]") {
  const NameServer names(
      {{"here.test", {.ipv4 = {"127.0.0.1"}}}, {"there.test", {.ipv4 = {"127.0.0.1"}}}});
  const auto resolver = http::make_resolver(asking(names));
  const Server server(named_tls(), [](Connection& connection) {
    while (connection.read_request()) {
      if (!connection.write(answer(200, connection.server_name()))) return;
    }
  });
  const auto here = make_transport(by_name(server, resolver, "here.test"));
  const auto there = make_transport(by_name(server, resolver, "there.test"));
  for (int i = 0; i < 5; ++i) {
    CHECK(here->send(get("/"), {}).value().body == "here.test");
    CHECK(there->send(get("/"), {}).value().body == "there.test");
  }
  CHECK(server.accepted() == 2);
}

TEST_CASE("When the first address refuses, the next one is tried", "[names]") {
  const NameServer names(
      {{"here.test", {.ipv4 = {"127.0.0.9", "127.0.0.1"}, .ipv6 = {"2001:db8::1"}}}});
  const Server server(named_tls(), echo);
  const auto transport = make_transport(by_name(server, http::make_resolver(asking(names))));
  for (int i = 0; i < 5; ++i) CHECK(transport->send(get("/"), {}));
  CHECK(server.accepted() == 1);
  CHECK(read_all(*transport, watch("/")).bytes == "GET / ");
}

TEST_CASE("A name with a dot at its end is looked up, announced and checked", "[names]") {
  const NameServer names({{"here.test", {.ipv4 = {"127.0.0.1"}}}});
  const Server server(named_tls(), [](Connection& connection) {
    connection.read_request();
    connection.write(answer(200, connection.server_name()));
  });
  const auto resolver = http::make_resolver(asking(names));
  const auto result =
      make_transport(by_name(server, resolver, "here.test."))->send(get("/", 5s), {});
  REQUIRE(result);
  CHECK(result->body == "here.test");
}

TEST_CASE("An address of IPv6 is as good", "[names]") {
  const NameServer names({{"here.test", {.ipv6 = {"::1"}}}});
  const auto transport = make_transport([&] {
    auto options = trusting("https://here.test:1");
    options.resolver = http::make_resolver(asking(names));
    return options;
  }());
  const auto result = transport->send(get("/", 5s), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kConnect);
  CHECK_THAT(result.error().message, Catch::Contains("refused"));  // found and gone to
}

TEST_CASE("An address that is silent has its share of the time, and is not tried first again",
          "[names]") {
  const DeafPort deaf;  // its 127.0.0.1 takes no connection
  const auto port = std::stoi(deaf.origin().substr(deaf.origin().rfind(':') + 1));
  const NameServer names({{"here.test", {.ipv4 = {"127.0.0.1", "127.0.0.9"}}}});
  auto options = trusting("https://here.test:" + std::to_string(port));
  options.resolver = http::make_resolver(asking(names));
  const auto transport = make_transport(options);
  const Stopwatch watch;
  const auto result = transport->send(get("/", 2s), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kConnect);  // of the second one, which refuses
  CHECK(watch.elapsed() >= 900ms);
  CHECK(watch.elapsed() < 2s);
}

TEST_CASE("A name that can't be resolved is a failure that names it", "[names]") {
  const NameServer names({{"garbage.test", {.garbage = true}}, {"silent.test", {.silent = true}}});
  auto options = asking(names);
  options.limits.longest = 300ms;
  const std::string name = GENERATE(as<std::string>{}, "garbage.test", "silent.test", "none.test");
  auto to_it = trusting("https://" + name);
  to_it.resolver = http::make_resolver(options);
  const auto transport = make_transport(to_it);
  const auto result = transport->send(get("/"), {});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Kind::kConnect);
  CHECK_THAT(result.error().message,
             Catch::StartsWith(name + ":443: the name can't be resolved: "));
  const auto streamed = read_all(*transport, watch("/"));
  REQUIRE(streamed.end.failure);
  CHECK(streamed.end.failure->message == result.error().message);
}

TEST_CASE("A call whose name hangs ends with its deadline, or when it is stopped", "[names]") {
  const NameServer names({{"silent.test", {.silent = true}}});
  auto options = trusting("https://silent.test");
  options.resolver = http::make_resolver(asking(names));
  const auto transport = make_transport(options);
  const Stopwatch watch;
  const auto late = transport->send(get("/", 200ms), {});
  REQUIRE_FALSE(late);
  CHECK(late.error().kind == Kind::kTimeout);
  std::stop_source stop;
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(100ms);
    stop.request_stop();
  });
  const auto stopped = transport->send(get("/"), stop.get_token());
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().kind == Kind::kCanceled);
  CHECK(watch.elapsed() < 300ms + kMoment);
}

TEST_CASE("While 26 names hang, calls to other names and to addresses are as fast as ever",
          "[names]") {
  const NameServer names(with_silent_names({{"here.test", {.ipv4 = {"127.0.0.1"}}}}));
  const auto resolver = http::make_resolver(asking(names));
  const Server server(named_tls(), echo);
  const Server numbered(tls(), always(answer(200, "", "Connection: close\r\n")));
  const Crowd crowd(resolver);
  std::stop_source stop;
  std::vector<std::jthread> calls;  // through transports as well
  for (int i = 0; i < Crowd::kSize; ++i) {
    calls.emplace_back([&, i] {
      auto options = trusting("https://" + silent_name(i));
      options.resolver = resolver;
      static_cast<void>(make_transport(options)->send(get("/", 60s), stop.get_token()));
    });
  }
  REQUIRE(all_asked(names));
  const auto by_address = transport_to(numbered);
  std::chrono::milliseconds slowest{0};
  for (int i = 0; i < 20; ++i) {
    const Stopwatch watch;
    // A fresh transport has no connection: name and handshake anew.
    CHECK(make_transport(by_name(server, resolver))->send(get("/"), {}));
    CHECK(by_address->send(get("/"), {}));
    slowest = std::max(slowest, watch.elapsed());
  }
  stop.request_stop();
  CHECK(slowest < kMoment);
}

TEST_CASE("A server that answers is called on when its name can't be resolved any more",
          "[names]") {
  NameServer names({{"here.test", {.ipv4 = {"127.0.0.1"}}}});
  auto options = asking(names);
  options.limits.kept = 10ms;
  const Server server(named_tls(), echo);
  const auto transport = make_transport(by_name(server, http::make_resolver(options)));
  REQUIRE(transport->send(get("/"), {}));
  names.set("here.test", {.silent = true});
  for (int i = 0; i < 10; ++i) {
    std::this_thread::sleep_for(20ms);
    const Stopwatch watch;
    CHECK(transport->send(get("/"), {}));
    CHECK(watch.elapsed() < kMoment);
  }
  CHECK(server.accepted() == 1);
}

TEST_CASE("A server that has moved is found at its new address", "[names]") {
  NameServer names({{"here.test", {.ipv4 = {"127.0.0.9"}}}});
  auto options = asking(names);
  options.limits.kept = 10ms;
  const Server server(named_tls(), echo);
  const auto transport = make_transport(by_name(server, http::make_resolver(options)));
  REQUIRE_FALSE(transport->send(get("/", 2s), {}));
  names.set("here.test", {.ipv4 = {"127.0.0.1"}});
  std::this_thread::sleep_for(20ms);
  CHECK(transport->send(get("/"), {}));
}

}  // namespace icrps::conformance
