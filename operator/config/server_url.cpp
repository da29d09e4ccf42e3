#include "config/server_url.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>

#include "icr/text.hpp"

namespace icrps::config {
namespace {

constexpr std::string_view kAcceptedServer = "https://HOST:PORT";

tl::unexpected<icr::Mistake> wrong_server(std::string_view url, std::string_view what) {
  return tl::unexpected(icr::Mistake{fmt::format(
      "is {}{}; accepted: {}", url.empty() ? "missing" : icr::quoted(url), what, kAcceptedServer)});
}

bool is_ipv6(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

bool is_label(std::string_view text) {
  constexpr std::size_t kLongestLabel = 63;
  return !text.empty() && text.size() <= kLongestLabel && text.front() != '-' &&
         text.back() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
           return icr::is_lower(c) || icr::is_digit(c) || c == '-' || c == '_';
         });
}

/// Name servers know more names than Kubernetes has for its objects.
bool is_name(std::string_view text) {
  constexpr std::size_t kLongestName = 253;
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.size() > kLongestName) return false;
  while (true) {
    const auto dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_this_machine(const std::string& host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

bool is_path(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c) ||
           std::string_view("/-._~:").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::optional<Authority> read_authority(std::string_view text) {
  Authority found;
  const auto bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const auto end =
      bracket == std::string_view::npos ? std::min(text.find(':'), text.size()) : bracket + 1;
  found.host = icr::lower(text.substr(0, end));
  const auto rest = text.substr(end);
  const bool good = bracket == std::string_view::npos
                        ? is_name(found.host)
                        : is_ipv6(found.host.substr(1, found.host.size() - 2));
  if (!good || (!rest.empty() && rest.front() != ':')) return std::nullopt;
  if (rest.size() > 1) found.port = rest.substr(1);
  if (!found.port.empty() && !icr::is_port(found.port)) return std::nullopt;
  return found;
}

tl::expected<std::string, icr::Mistake> read_server(std::string_view url) {
  if (url.empty()) return wrong_server(url, "");
  const auto scheme_end = url.find("://");
  const bool given = scheme_end != std::string_view::npos;
  const auto scheme = given ? icr::lower(url.substr(0, scheme_end)) : std::string("https");
  if (scheme != "https" && scheme != "http") return wrong_server(url, ", without https://");

  std::string_view rest = given ? url.substr(scheme_end + 3) : url;
  if (rest.substr(0, rest.find('/')).find('@') != std::string_view::npos) {
    return tl::unexpected(
        icr::Mistake{fmt::format("holds a user name; accepted: {}", kAcceptedServer)});
  }
  std::string_view path = rest.substr(std::min(rest.find('/'), rest.size()));
  rest.remove_suffix(path.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!given && !path.empty()) return wrong_server(url, ", with a path and without https://");
  const auto authority = read_authority(rest);
  if (!authority || !is_path(path)) return wrong_server(url, ", which is not an address");
  if (scheme == "http" && !is_this_machine(authority->host)) {
    return wrong_server(url, ", without encryption");
  }
  return fmt::format("{}://{}{}{}{}", scheme, authority->host, authority->port.empty() ? "" : ":",
                     authority->port, path);
}

}  // namespace icrps::config
