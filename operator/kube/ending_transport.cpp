#include "kube/ending_transport.hpp"

namespace icrps::kube {
namespace {

/// A token that stops when either of two does.
class Either {
 public:
  Either(const std::stop_token& one, const std::stop_token& other)
      : on_one_(one, Relay{source_}), on_other_(other, Relay{source_}) {}

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  struct Relay {
    std::stop_source source;
    void operator()() { source.request_stop(); }
  };

  std::stop_source source_;
  std::stop_callback<Relay> on_one_;
  std::stop_callback<Relay> on_other_;
};

}  // namespace

http::Result EndingTransport::send(const http::Request& request, std::stop_token stop) {
  const Either either(stop, end_);
  return transport_.send(request, either.token());
}

http::StreamEnd EndingTransport::stream(const http::StreamRequest& request,
                                        const std::function<bool(std::string_view)>& on_bytes,
                                        std::stop_token stop) {
  const Either either(stop, end_);
  return transport_.stream(request, on_bytes, either.token());
}

}  // namespace icrps::kube
