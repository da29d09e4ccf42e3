#include "http/proxy.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <utility>

#include "icr/text.hpp"

namespace icrps::http {
namespace {

constexpr std::size_t kIpv4Bytes = 4;
constexpr std::size_t kIpv6Bytes = 16;
constexpr unsigned kByte = 8;

/// The bytes of an IP address; empty: it is none. An IPv4 address in the clothes of IPv6 is one of
/// IPv4.
std::string bytes_of(const std::string& address) {
  std::string bytes(kIpv6Bytes, '\0');
  if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return bytes.substr(0, kIpv4Bytes);
  if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return {};
  static const std::string mapped = std::string(10, '\0') + "\xff\xff";
  return bytes.starts_with(mapped) ? bytes.substr(mapped.size()) : bytes;
}

bool is_loopback(const std::string& bytes) {
  if (bytes.size() == kIpv4Bytes) return bytes.front() == 127;
  return bytes == std::string(kIpv6Bytes - 1, '\0') + '\x01';
}

bool in_network(const std::string& bytes, const std::string& network, unsigned bits) {
  if (bytes.size() != network.size()) return false;
  const auto whole = bits / kByte;
  if (bytes.compare(0, whole, network, 0, whole) != 0) return false;
  const auto rest = bits % kByte;
  if (rest == 0) return true;
  const auto upper = [&](const std::string& of) {
    return static_cast<unsigned char>(of[whole]) >> (kByte - rest);
  };
  return upper(bytes) == upper(network);
}

struct HostPort {
  std::string host;  ///< without brackets
  std::string port;  ///< or empty
};

/// "HOST", "HOST:PORT", "[IPv6]", "[IPv6]:PORT", and an IPv6 address as it is.
std::optional<HostPort> split_host_port(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    return HostPort{std::string(text.substr(1, end - 1)),
                    std::string(rest.substr(std::min<std::size_t>(1, rest.size())))};
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) {
    return HostPort{std::string(text), {}};
  }
  return HostPort{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (text.front() != '%') {
      plain += text.front();
      text.remove_prefix(1);
      continue;
    }
    unsigned char byte = 0;
    const auto hex = text.substr(1, 2);
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), byte, 16);
    if (error != std::errc{} || hex.size() != 2 || end != hex.data() + 2) return std::nullopt;
    plain += static_cast<char>(byte);
    text.remove_prefix(3);
  }
  return plain;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_host(const std::string& host) {
  if (!bytes_of(host).empty()) return true;
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return icr::is_lower(c) || icr::is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

std::string Proxy::address() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return (ipv6 ? "[" + host + "]" : host) + ":" + port;
}

tl::expected<Proxy, std::string> parse_proxy(std::string_view url) {
  const auto refuse = [](const std::string& what) {
    return tl::unexpected(what + "; accepted: http://[USER:PASSWORD@]HOST:PORT");
  };
  const auto scheme_end = url.find("://");
  if (scheme_end != std::string_view::npos) {
    const auto scheme = icr::lower(url.substr(0, scheme_end));
    if (scheme == "https" || scheme.starts_with("socks")) {
      return refuse("names a proxy of the kind " + scheme + ", which is not supported");
    }
    if (scheme != "http") return refuse("is not the address of an HTTP proxy");
    url.remove_prefix(scheme_end + 3);
  }
  while (url.ends_with('/')) url.remove_suffix(1);
  Proxy proxy;
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    const auto colon = std::min(url.substr(0, at).find(':'), at);
    auto user = percent_decoded(url.substr(0, colon));
    auto password =
        percent_decoded(url.substr(std::min(colon + 1, at), at - std::min(colon + 1, at)));
    if (!user || !password || user->empty() || has_control(*user) || has_control(*password)) {
      return refuse("holds a user or a password that is not percent-encoded");
    }
    proxy.login = ProxyLogin{std::move(*user), SecretString(std::move(*password))};
    url.remove_prefix(at + 1);
  }
  auto where = split_host_port(icr::lower(url));
  const bool bracketed = url.starts_with('[');
  if (!where || !is_host(where->host) ||
      (bracketed && bytes_of(where->host).size() != kIpv6Bytes)) {
    return refuse("is not the address of an HTTP proxy");
  }
  proxy.host = std::move(where->host);
  proxy.port = where->port.empty() ? "80" : std::move(where->port);
  if (!icr::is_port(proxy.port)) return refuse("has a port that is none");
  return proxy;
}

std::optional<ProxyLogin> parse_proxy_login(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || has_control(text)) return std::nullopt;
  return ProxyLogin{std::string(text.substr(0, colon)),
                    SecretString(std::string(text.substr(colon + 1)))};
}

NoProxy::NoProxy(std::string_view list) {
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    add(icr::lower(icr::trim(list.substr(0, end))));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

void NoProxy::add(const std::string& entry) {
  if (entry.empty()) return;
  if (entry == "*") {
    all_ = true;
    return;
  }
  if (const auto slash = entry.find('/'); slash != std::string::npos) {
    auto bytes = bytes_of(entry.substr(0, slash));
    const auto bits = number(std::string_view(entry).substr(slash + 1));
    if (!bytes.empty() && bits && *bits <= bytes.size() * kByte) {
      networks_.push_back({std::move(bytes), *bits, {}});
      return;
    }
  }
  const auto where = split_host_port(entry);
  if (!where || where->host.empty()) return;
  if (auto bytes = bytes_of(where->host); !bytes.empty()) {
    const auto bits = static_cast<unsigned>(bytes.size()) * kByte;
    networks_.push_back({std::move(bytes), bits, where->port});
    return;
  }
  std::string suffix = where->host.starts_with("*.") ? where->host.substr(1) : where->host;
  const bool itself = suffix.front() != '.';
  if (itself) suffix.insert(0, ".");
  domains_.push_back({std::move(suffix), where->port, itself});
}

bool NoProxy::matches(std::string_view host, std::string_view port) const {
  const auto name = icr::lower(icr::trim(host));
  const auto bytes = bytes_of(name);
  if (name == "localhost" || (!bytes.empty() && is_loopback(bytes)) || all_) return true;
  const auto of_port = [&](const std::string& wanted) { return wanted.empty() || wanted == port; };
  if (!bytes.empty()) {
    const bool known = std::any_of(networks_.begin(), networks_.end(), [&](const Network& one) {
      return in_network(bytes, one.bytes, one.bits) && of_port(one.port);
    });
    if (known) return true;
  }
  return std::any_of(domains_.begin(), domains_.end(), [&](const Domain& one) {
    const bool same = name.ends_with(one.suffix) || (one.itself && name == one.suffix.substr(1));
    return same && of_port(one.port);
  });
}

std::optional<Proxy> ProxyRules::for_origin(std::string_view origin) const {
  if (!proxy) return std::nullopt;
  if (const auto scheme = origin.find("://"); scheme != std::string_view::npos) {
    origin.remove_prefix(scheme + 3);
  }
  const auto where = split_host_port(origin.substr(0, origin.find('/')));
  if (!where) return std::nullopt;
  if (no_proxy.matches(where->host, where->port.empty() ? "443" : where->port)) {
    return std::nullopt;
  }
  return proxy;
}

}  // namespace icrps::http
