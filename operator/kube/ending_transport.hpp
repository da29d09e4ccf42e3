// A transport that can be ended: from then on nothing waits for an answer any more. For a process
// that was told to end and must not be held up by a server that hangs.
// Thread safety: as for any Transport; end it from any thread.
#pragma once

#include <memory>
#include <stop_token>

#include "http/transport.hpp"

namespace icrps::kube {

class EndingTransport final : public http::Transport {
 public:
  /// `end`: what is under way then and what comes later ends with kCanceled.
  EndingTransport(std::unique_ptr<http::Transport> transport, std::stop_token end)
      : owned_(std::move(transport)), transport_(*owned_), end_(std::move(end)) {}
  /// `transport` outlives it.
  EndingTransport(http::Transport& transport, std::stop_token end)
      : transport_(transport), end_(std::move(end)) {}

  http::Result send(const http::Request& request, std::stop_token stop) override;
  http::StreamEnd stream(const http::StreamRequest& request,
                         const std::function<bool(std::string_view)>& on_bytes,
                         std::stop_token stop) override;

 private:
  const std::unique_ptr<http::Transport> owned_;
  http::Transport& transport_;
  const std::stop_token end_;
};

}  // namespace icrps::kube
