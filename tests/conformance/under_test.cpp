// The implementation that the suite is run on. Everything else knows the interface only.
#include "suite.hpp"

namespace icrps::conformance {

void initialize_under_test() {
  http::initialize_http();
}

std::unique_ptr<http::Transport> make_transport(http::TransportOptions options) {
  return http::make_cpprest_transport(std::move(options));
}

}  // namespace icrps::conformance
