#include "runtime/http_probes.hpp"

#include <httplib.h>

#include <catch2/catch.hpp>

namespace http_probes_test {

using namespace icrps;

namespace {

struct Rig {
  std::string not_live;
  std::string not_ready;
  ProbeServer server{{"127.0.0.1", 0},
                     {[this] { return not_live; }, [this] { return not_ready; },
                      [] { return std::string("metric 1\n"); }}};

  [[nodiscard]] httplib::Result get(const char* path) const {
    httplib::Client client("127.0.0.1", server.port());
    return client.Get(path);
  }
};

}  // namespace

TEST_CASE("where to listen", "[runtime][probes]") {
  struct Case {
    const char* text;
    std::optional<std::pair<std::string, int>> address;
  };
  const auto at = [](const char* host, int port) { return std::pair(std::string(host), port); };
  for (const auto& [text, address] : std::vector<Case>{{"127.0.0.1:8080", at("127.0.0.1", 8080)},
                                                       {":8080", at("::", 8080)},
                                                       {"[::1]:8080", at("::1", 8080)},
                                                       {"[::]:0", at("::", 0)},
                                                       {"localhost:65535", at("localhost", 65535)},
                                                       {"", {}},
                                                       {":", {}},
                                                       {"8080", {}},
                                                       {"127.0.0.1", {}},
                                                       {"127.0.0.1:", {}},
                                                       {"127.0.0.1:65536", {}},
                                                       {"127.0.0.1:-1", {}},
                                                       {"127.0.0.1:+1", {}},
                                                       {"127.0.0.1: 80", {}},
                                                       {"127.0.0.1:80 ", {}},
                                                       {"127.0.0.1:http", {}},
                                                       {"127.0.0.1:99999999999", {}}}) {
    DYNAMIC_SECTION('"' << text << '"') {
      const auto parsed = parse_listen_address(text);
      REQUIRE(parsed.has_value() == address.has_value());
      if (parsed) CHECK(std::pair(parsed->host, parsed->port) == *address);
    }
  }
}

TEST_CASE("probes answer 200, or 503 with the reasons", "[runtime][probes]") {
  Rig rig;
  CHECK(rig.server.port() > 0);
  auto answer = rig.get("/livez");
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "ok\n");
  CHECK(rig.get("/readyz")->status == 200);

  rig.not_live = "worker 3 is stuck";
  rig.not_ready = "not listed yet: secrets";
  answer = rig.get("/livez");
  CHECK(answer->status == 503);
  CHECK(answer->body == "worker 3 is stuck\n");
  answer = rig.get("/readyz");
  CHECK(answer->status == 503);
  CHECK(answer->body == "not listed yet: secrets\n");
}

TEST_CASE("metrics are text in the exposition format", "[runtime][probes]") {
  const Rig rig;
  const auto answer = rig.get("/metrics");
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "metric 1\n");
  CHECK(answer->get_header_value("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
}

TEST_CASE("there is nothing else", "[runtime][probes]") {
  const Rig rig;
  for (const auto* path : {"/", "/livez/x", "/debug", "/metrics/../etc/passwd"}) {
    INFO(path);
    CHECK(rig.get(path)->status == 404);
  }
  httplib::Client client("127.0.0.1", rig.server.port());
  CHECK(client.Post("/livez", "x", "text/plain")->status == 404);
  const auto large = client.Post("/livez", std::string(100'000, 'x'), "text/plain");
  CHECK((!large || large->status >= 400));
}

TEST_CASE("an address that can't be had is an error in words", "[runtime][probes]") {
  CHECK_THROWS_WITH(ProbeServer({"192.0.2.1", 8080}, {}),  // nobody's, RFC 5737
                    Catch::Contains("can't listen on 192.0.2.1:8080"));
}

TEST_CASE("servers start and stop at once", "[runtime][probes]") {
  for (int i = 0; i < 20; ++i) {
    const Rig rig;
    CHECK(rig.server.port() > 0);
  }
}

}  // namespace http_probes_test
