#include "cli/run/roads.hpp"

#include <utility>

#include "controller/side_tasks.hpp"
#include "controller/work_queue.hpp"
#include "http/names/resolver_cares.hpp"
#include "kube/ending_transport.hpp"

namespace icrps::cli {
namespace {

// A renewal, and the request that gives the lease back while it hangs.
constexpr unsigned kElectionPlaces = 2;
// Pages of lists; a watch needs no place.
constexpr unsigned kReadingPlaces = 8;
constexpr unsigned kOwnPlaces = 16;
// As many as there can be workers, so that they are the limit, the one that rescues, and those that
// write Events.
constexpr unsigned kWorkPlaces = 64 + controller::kSpareWorkers + 1 + controller::kSideThreads;

}  // namespace

Roads make_roads(http::TransportOptions options, std::function<void(std::string_view)> observer) {
  http::names::ResolverOptions names;
  names.observer = std::move(observer);
  options.resolver = http::make_resolver(std::move(names));
  const auto road = [&options](unsigned places) {
    options.max_in_flight = places;
    return http::make_cpprest_transport(options);
  };
  std::stop_source end;
  const auto ending_road = [&](unsigned places) {
    return std::make_unique<kube::EndingTransport>(road(places), end.get_token());
  };
  return {road(kElectionPlaces), ending_road(kReadingPlaces), ending_road(kOwnPlaces),
          ending_road(kWorkPlaces), end};
}

}  // namespace icrps::cli
