#include "kube/elector.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "runtime/pause.hpp"

namespace icrps::kube {
namespace {

using http::Method;
using Kind = ApiError::Kind;

// A process that is told to end has little time left.
constexpr std::chrono::milliseconds kReleasePatience{2'000};

/// Somebody else wrote first, or it is gone.
bool is_stale(const ApiError& error) {
  return error.kind == Kind::kConflict || error.kind == Kind::kAlreadyExists ||
         error.kind == Kind::kNotFound;
}

std::string collection(const Elector::Name& name) {
  return fmt::format("/apis/coordination.k8s.io/v1/namespaces/{}/leases", name.ns);
}

http::Request request(Method method, std::string target, std::string body,
                      std::chrono::milliseconds deadline) {
  http::Request request;
  request.method = method;
  request.target = std::move(target);
  request.headers = {{"Accept", "application/json"}};
  if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  request.deadline = deadline;
  constexpr std::size_t kLargestLease = 1U << 20U;
  request.max_body = kLargestLease;
  return request;
}

}  // namespace

Elector::Elector(Name name, Election::Settings settings, Environment environment)
    : name_(std::move(name)),
      settings_(std::move(settings)),
      environment_(std::move(environment)),
      election_(settings_),
      last_step_(environment_.clock.now().time_since_epoch().count()) {}

Elector::End Elector::run(const std::stop_token& stop, const std::function<void()>& on_lead) {
  bool leads = false;
  const auto& clock = environment_.clock;
  while (!stop.stop_requested()) {
    last_step_ = clock.now().time_since_epoch().count();
    if (election_.lost(clock.now())) {
      leads_until_ = 0;
      return End::kLost;
    }
    const auto step = election_.next(clock.now(), clock.wall(), environment_.random);
    if (const auto* wait = std::get_if<Election::Sleep>(&step)) {
      pause_until(wait->until, stop);
    } else if (const auto* claim = std::get_if<Election::Write>(&step)) {
      write(*claim, election_.patience(clock.now()), stop);
    } else {
      read(stop);
    }
    publish();
    if (!leads && election_.leads_until()) {
      leads = true;
      environment_.log.info("leading", {{"lease", name_.lease}, {"identity", settings_.identity}});
      on_lead();
    }
  }
  release();
  leads_until_ = 0;
  return End::kStopped;
}

http::Result Elector::exchange(const http::Request& request, const std::stop_token& stop) const {
  auto result = environment_.transport.send(request, stop);
  environment_.on_request(
      http::to_string(request.method), "leases",
      result ? std::to_string(result->status) : std::string(http::to_string(result.error().kind)));
  return result;
}

void Elector::read(const std::stop_token& stop) {
  const auto result = exchange(request(Method::kGet, collection(name_) + "/" + name_.lease, {},
                                       election_.patience(environment_.clock.now())),
                               stop);
  const auto now = environment_.clock.now();
  if (result && result->status / 100 == 2) {
    if (const auto lease = decode_lease(result->body)) return election_.read(*lease, now);
  } else if (result && error_of(*result).kind == Kind::kNotFound) {
    return election_.read(std::nullopt, now);
  }
  failed(result);
}

bool Elector::write(const Election::Write& write, std::chrono::milliseconds patience,
                    const std::stop_token& stop) {
  const bool create = write.resource_version.empty();
  const auto asked = environment_.clock.now();
  const auto result =
      exchange(request(create ? Method::kPost : Method::kPut,
                       collection(name_) + (create ? "" : "/" + name_.lease),
                       lease_body(name_.lease, write.spec, write.resource_version, write.metadata),
                       patience),
               stop);
  if (result && result->status / 100 == 2) {
    if (const auto lease = decode_lease(result->body)) {
      complained_ = false;
      election_.written(*lease, asked);
      return true;
    }
  }
  if (result && is_stale(error_of(*result))) {
    election_.conflicted(environment_.clock.now());
  } else {
    failed(result);
  }
  return false;
}

void Elector::failed(const http::Result& result) {
  complain(result ? error_of(*result) : error_of(result.error()));
  election_.failed(environment_.clock.now(), environment_.random);
}

/// Not under the stop token, which has been requested. One attempt: without it the others wait for
/// the lease to run out.
void Elector::release() {
  if (election_.lost(environment_.clock.now())) return;
  const auto last = election_.release(environment_.clock.wall());
  if (!last) return;
  const auto patience = std::min(kReleasePatience, election_.patience(environment_.clock.now()));
  if (write(*last, patience, {})) {
    environment_.log.info("lease released", {{"lease", name_.lease}});
  } else {
    environment_.log.warn("lease not released, the others wait until it has run out",
                          {{"lease", name_.lease}});
  }
}

/// Once for each time that it begins to fail; and who leads is told whenever that changes.
void Elector::complain(const ApiError& error) {
  if (complained_ || error.kind == Kind::kCanceled) return;
  complained_ = true;
  environment_.log.warn("the lease can't be read or written",
                        {{"lease", name_.lease},
                         {"namespace", name_.ns},
                         {"error", error.message},
                         {"leads", election_.leads_until().has_value()}});
}

void Elector::publish() {
  const auto until = election_.leads_until();
  leads_until_ = until ? until->time_since_epoch().count() : 0;
  if (election_.holder() == told_holder_ || until) return;
  told_holder_ = election_.holder();
  environment_.log.info("standing by", {{"lease", name_.lease}, {"leader", told_holder_}});
}

Clock::Instant Elector::last_step() const {
  return Clock::Instant(Clock::Instant::duration(last_step_.load()));
}

std::optional<Clock::Instant> Elector::leads_until() const {
  const auto ticks = leads_until_.load();
  if (ticks == 0) return std::nullopt;
  return Clock::Instant(Clock::Instant::duration(ticks));
}

}  // namespace icrps::kube
