// A Transport that lets writes through only while this process leads, and each of them no longer
// than its lease lasts: what another leader has begun is not written over by this one.
#pragma once

#include <functional>
#include <optional>

#include "http/transport.hpp"
#include "runtime/clock.hpp"

namespace icrps::kube {

class LeaderTransport final : public http::Transport {
 public:
  /// `leads_until`: as Elector::leads_until(). Everything passed by reference outlives this.
  LeaderTransport(http::Transport& transport, const Clock& clock,
                  std::function<std::optional<Clock::Instant>()> leads_until)
      : transport_(transport), clock_(clock), leads_until_(std::move(leads_until)) {}

  /// A write without the lease is kCanceled and does not leave the process.
  http::Result send(const http::Request& request, std::stop_token stop) override;
  http::StreamEnd stream(const http::StreamRequest& request,
                         const std::function<bool(std::string_view)>& on_bytes,
                         std::stop_token stop) override;

 private:
  http::Transport& transport_;
  const Clock& clock_;
  const std::function<std::optional<Clock::Instant>()> leads_until_;
};

}  // namespace icrps::kube
