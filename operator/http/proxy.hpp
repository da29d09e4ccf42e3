// HTTP proxies: where one is, and for whom it is used. Pure. As Go's
// golang.org/x/net/http/httpproxy reads HTTPS_PROXY and NO_PROXY, which people set for everything
// else in a cluster.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "runtime/secret_string.hpp"

namespace icrps::http {

struct ProxyLogin {
  std::string user;
  SecretString password;
  friend bool operator==(const ProxyLogin&, const ProxyLogin&) = default;
};

/// A proxy that takes CONNECT without encryption; what goes through is encrypted from end to end.
struct Proxy {
  std::string host;  ///< an IPv6 address without its brackets
  std::string port;
  std::optional<ProxyLogin> login{};

  /// "proxy.example:3128", for people: never with the login.
  [[nodiscard]] std::string address() const;
  friend bool operator==(const Proxy&, const Proxy&) = default;
};

/// "[http://][USER:PASSWORD@]HOST[:PORT][/]", USER and PASSWORD percent-encoded; port 80 unless
/// given. The error continues a sentence that began with the name of the setting, and repeats
/// nothing of the text.
[[nodiscard]] tl::expected<Proxy, std::string> parse_proxy(std::string_view url);

/// "USER:PASSWORD" as it is, line ends around it apart. Nothing: there is no colon or no user, or
/// a control character in it.
[[nodiscard]] std::optional<ProxyLogin> parse_proxy_login(std::string_view text);

/// Who is reached without the proxy: a list as NO_PROXY has it, separated by commas. "example.com"
/// and what ends in ".example.com"; ".example.com" and "*.example.com" for the latter alone; IP
/// addresses and CIDRs, which match addresses and no names; each but a CIDR with a port or without;
/// "*" for everybody. localhost and loopback addresses are always reached without.
class NoProxy {
 public:
  NoProxy() = default;
  explicit NoProxy(std::string_view list);

  /// `host` without brackets.
  [[nodiscard]] bool matches(std::string_view host, std::string_view port) const;

 private:
  struct Domain {
    std::string suffix;  ///< with a dot at its beginning
    std::string port;
    bool itself = false;  ///< also without anything before the suffix
  };
  struct Network {
    std::string bytes;  ///< 4 or 16
    unsigned bits = 0;
    std::string port;
  };
  void add(const std::string& entry);

  bool all_ = false;
  std::vector<Domain> domains_;
  std::vector<Network> networks_;
};

/// By which road servers are reached.
struct ProxyRules {
  std::optional<Proxy> proxy{};
  NoProxy no_proxy{};
  /// The login, anew for each connection; empty, or when it gives nothing: the proxy's own.
  std::function<std::optional<ProxyLogin>()> login{};

  /// Nothing: without one. `origin`: "https://HOST[:PORT]…".
  [[nodiscard]] std::optional<Proxy> for_origin(std::string_view origin) const;
};

}  // namespace icrps::http
