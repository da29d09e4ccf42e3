#include "http/cpprest/endpoint.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <boost/asio/ip/address.hpp>

namespace icrps::http::cpprest {
namespace {

struct Authority {
  std::string host;
  std::string port;
  bool bracketed = false;
};

[[noreturn]] void refuse(const std::string& origin, std::string_view why) {
  throw std::invalid_argument("origin \"" + origin + "\": " + std::string(why));
}

Authority split_authority(const std::string& origin, std::string_view text) {
  Authority result;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) refuse(origin, "no closing bracket");
    result.host = text.substr(1, end - 1);
    result.bracketed = true;
    text.remove_prefix(end + 1);
  } else {
    const auto end = std::min(text.find(':'), text.size());
    result.host = text.substr(0, end);
    text.remove_prefix(end);
  }
  if (text.empty()) return result;
  if (text.front() != ':') refuse(origin, "text after the host");
  result.port = text.substr(1);
  return result;
}

bool is_port(const std::string& text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value > 0 && value <= 65535;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == ':';
}

}  // namespace

bool is_ip_literal(const std::string& host) {
  boost::system::error_code error;
  (void)boost::asio::ip::make_address(host, error);
  return !error;
}

Endpoint parse_origin(const std::string& origin) {
  Endpoint result;
  std::string_view rest = origin;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    result.tls = false;
  } else {
    refuse(origin, "must start with https://");
  }
  if (rest.find_first_of("?#@% ") != std::string_view::npos) {
    refuse(origin, "only scheme, host, port and a path prefix are allowed");
  }
  const auto path_at = std::min(rest.find('/'), rest.size());
  const Authority authority = split_authority(origin, rest.substr(0, path_at));
  std::string_view path = rest.substr(path_at);
  while (path.ends_with('/')) path.remove_suffix(1);

  if (authority.host.empty()) refuse(origin, "no host");
  if (!std::all_of(authority.host.begin(), authority.host.end(), is_host_character)) {
    refuse(origin, "not a host name");
  }
  result.host = authority.host;
  result.literal = is_ip_literal(result.host);
  if (authority.bracketed && !result.literal) refuse(origin, "not an IPv6 address");
  const std::string usual_port = result.tls ? "443" : "80";
  result.port = authority.port.empty() ? usual_port : authority.port;
  if (!is_port(result.port)) refuse(origin, "not a port");

  const std::string outer = authority.bracketed ? "[" + result.host + "]" : result.host;
  result.peer = outer + ":" + result.port;
  result.host_header = result.port == usual_port ? outer : result.peer;
  result.path = path;
  return result;
}

std::string base_by_proxy(const Endpoint& endpoint) {
  return "https://" + endpoint.peer + endpoint.path;
}

std::string proxy_at(const std::string& address, const std::string& port) {
  return "http://" + address + ":" + port;
}

std::string base_at(const Endpoint& endpoint, const std::string& address) {
  return (endpoint.tls ? "https://" : "http://") + address + ":" + endpoint.port + endpoint.path;
}

}  // namespace icrps::http::cpprest
