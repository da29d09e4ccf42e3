#include "cli/run/leadership.hpp"

#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/exit_codes.hpp"
#include "plan/names.hpp"

namespace icrps::cli {
namespace {

/// The pod's name tells people who leads; the rest tells a restarted container from the one before.
std::string identity(const Random& random) {
  constexpr std::size_t kLongestName = 254;
  std::array<char, kLongestName> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  constexpr double kNumbers = 4294967296.0;  // eight hexadecimal digits
  return fmt::format("{}_{:08x}", host.data(), static_cast<std::uint32_t>(random() * kNumbers));
}

kube::Election::Settings settings_of(const config::LeaderElection& settings, const Random& random) {
  return {identity(random), settings.lease_duration, settings.renew_deadline,
          settings.retry_period};
}

}  // namespace

Leadership::Leadership(const config::LeaderElection& settings, Environment environment)
    : environment_(std::move(environment)),
      lease_duration_(settings.lease_duration),
      elector_(
          {environment_.own_namespace, std::string(plan::kLease)},
          settings_of(settings, environment_.random),
          {*environment_.roads.election, environment_.clock, environment_.log, environment_.random,
           [this](auto verb, auto resource, auto code) { requested(verb, resource, code); }}),
      own_(*environment_.roads.own, environment_.clock, [this] { return elector_.leads_until(); }),
      work_(*environment_.roads.work, environment_.clock,
            [this] { return elector_.leads_until(); }),
      thread_([this](const std::stop_token& stop) { elect(stop); }) {}

Leadership::~Leadership() {
  resign();
}

void Leadership::resign() {
  std::call_once(resigned_, [this] {
    thread_.request_stop();
    thread_.join();
  });
}

void Leadership::elect(const std::stop_token& stop) {
  environment_.metrics.set_leader(false);
  const auto end = elector_.run(stop, [this] {
    {
      const std::lock_guard lock(mutex_);
      leads_ = true;
    }
    environment_.metrics.set_leader(true);
    changed_.notify_all();
  });
  if (end == kube::Elector::End::kStopped) return;
  environment_.log.error("the lease is lost, and with it the right to write; ending at once",
                         {{"lease", plan::kLease}, {"identity", elector_.identity()}});
  std::_Exit(kLeaseLost);
}

bool Leadership::leads() const {
  const std::lock_guard lock(mutex_);
  return leads_;
}

void Leadership::requested(std::string_view verb, std::string_view resource,
                           std::string_view code) {
  environment_.metrics.api_request(verb, resource, code);
  {
    const auto now = environment_.clock.now();
    const std::lock_guard lock(mutex_);
    controller::count(requests_, code, now);
  }
  environment_.stall("election");
}

controller::ElectionFacts Leadership::facts() const {
  const std::lock_guard lock(mutex_);
  return {elector_.last_step(), lease_duration_, requests_};
}

bool Leadership::wait(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  return changed_.wait(lock, stop, [this] { return leads_; });
}

}  // namespace icrps::cli
