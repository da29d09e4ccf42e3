#include "runtime/http_probes.hpp"

#include <charconv>
#include <utility>

namespace icrps {
namespace {

HttpAnswer answer(const std::string& reasons) {
  constexpr int kUnavailable = 503;
  if (reasons.empty()) return {.body = "ok\n"};
  return {.status = kUnavailable, .body = reasons + "\n"};
}

HttpAnswer answer(const Probes& probes, std::string_view method, std::string_view path) {
  constexpr int kNotFound = 404;
  if (method != "GET") return {.status = kNotFound, .body = {}};
  if (path == "/livez") return answer(probes.live());
  if (path == "/readyz") {
    auto ready = answer(probes.ready());
    const auto remarks = probes.remarks();
    if (ready.body == "ok\n" && !remarks.empty()) ready.body += remarks + "\n";
    return ready;
  }
  if (path == "/metrics") {
    return {.type = "text/plain; version=0.0.4; charset=utf-8", .body = probes.metrics()};
  }
  return {.status = kNotFound, .body = {}};
}

}  // namespace

std::optional<ListenAddress> parse_listen_address(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  ListenAddress address{text.substr(0, colon), 0};
  const char* const begin = text.data() + colon + 1;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(begin, end, address.port);
  constexpr int kHighestPort = 65535;
  if (begin == end || stopped != end || error != std::errc{} || address.port < 0 ||
      address.port > kHighestPort) {
    return std::nullopt;
  }
  if (address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']') {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  if (address.host.empty()) address.host = "::";
  return address;
}

ProbeServer::ProbeServer(const ListenAddress& address, Probes probes)
    : listener_(address.host, address.port,
                [probes = std::move(probes)](std::string_view method, std::string_view path) {
                  return answer(probes, method, path);
                }) {}

}  // namespace icrps
