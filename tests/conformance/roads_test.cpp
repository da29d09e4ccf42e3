// The roads to the API server, as the program makes them.
#include "cli/run/roads.hpp"

#include "suite.hpp"

namespace icrps::conformance {
namespace {

/// Hangs on what is written and answers all else.
void hang_on_writes(Connection& connection) {
  while (const auto request = connection.read_request()) {
    if (request->method == "POST") return connection.hold();
    if (!connection.write(answer(200, "ok"))) return;
  }
}

}  // namespace

TEST_CASE("While 116 writes hang on one road, the lease's and all others are as fast as ever",
          "[roads]") {
  constexpr unsigned kCallers = 116;
  const Server server(tls(), hang_on_writes);
  const auto roads = cli::make_roads(trusting(server.origin()));
  std::stop_source stop;
  std::vector<std::jthread> callers;
  for (unsigned i = 0; i < kCallers; ++i) {
    callers.emplace_back([&] {
      auto request = post("/", "x");
      request.deadline = 60s;
      static_cast<void>(roads.work->send(request, stop.get_token()));
    });
  }
  const bool all_hang = eventually([&] { return server.open() >= 64; });
  std::chrono::milliseconds slowest{0};
  int answered = 0;
  for (int i = 0; i < 10; ++i) {
    for (auto* const road : {roads.election.get(), roads.reading.get(), roads.own.get()}) {
      const Stopwatch watch;
      answered += road->send(get("/"), {}) ? 1 : 0;
      slowest = std::max(slowest, watch.elapsed());
    }
  }
  stop.request_stop();
  CHECK(all_hang);
  CHECK(answered == 30);
  CHECK(slowest < kMoment);
}

}  // namespace icrps::conformance
