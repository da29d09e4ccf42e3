#include "kube/leader_transport.hpp"

namespace icrps::kube {

using http::Failure;
using http::Method;

http::Result LeaderTransport::send(const http::Request& request, std::stop_token stop) {
  if (request.method == Method::kGet || request.method == Method::kHead) {
    return transport_.send(request, std::move(stop));
  }
  const auto until = leads_until_();
  const auto left =
      until ? std::chrono::duration_cast<std::chrono::milliseconds>(*until - clock_.now())
            : std::chrono::milliseconds(0);
  if (left <= std::chrono::milliseconds(0)) {
    return tl::unexpected(
        Failure{Failure::Kind::kCanceled, "this process does not hold the lease"});
  }
  if (request.deadline <= left) return transport_.send(request, std::move(stop));
  auto bounded = request;
  bounded.deadline = left;
  return transport_.send(bounded, std::move(stop));
}

http::StreamEnd LeaderTransport::stream(const http::StreamRequest& request,
                                        const std::function<bool(std::string_view)>& on_bytes,
                                        std::stop_token stop) {
  return transport_.stream(request, on_bytes, std::move(stop));
}

}  // namespace icrps::kube
