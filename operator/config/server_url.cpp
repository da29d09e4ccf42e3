#include "config/server_url.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "icr/text.hpp"

namespace icrps::config {
namespace {

std::optional<icr::Mistake> mistake(std::string_view url, std::string_view what) {
  return icr::Mistake{fmt::format("is {}{}; accepted: https://HOST:PORT",
                                  url.empty() ? "missing" : icr::quoted(url), what)};
}

}  // namespace

std::optional<icr::Mistake> check_server(std::string_view url) {
  constexpr std::string_view kHttps = "https://";
  constexpr std::string_view kHttp = "http://";
  if (url.empty()) return mistake(url, "");
  const bool https = url.starts_with(kHttps);
  if (!https && !url.starts_with(kHttp)) return mistake(url, ", without https://");

  std::string_view rest = url.substr(https ? kHttps.size() : kHttp.size());
  const auto is_path_character = [](char c) {
    return icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c) ||
           std::string_view("/-._~:").find(c) != std::string_view::npos;
  };
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view path = rest.substr(slash);
  rest = rest.substr(0, slash);
  if (rest.find('@') != std::string_view::npos) {
    return icr::Mistake{"holds a user name; accepted: https://HOST:PORT"};
  }
  if (rest.starts_with('[')) {
    return mistake(url, ", an IPv6 address, which is not supported (use a name)");
  }
  const std::size_t colon = std::min(rest.find(':'), rest.size());
  const std::string_view host = rest.substr(0, colon);
  const bool port_ok = colon == rest.size() || icr::is_port(rest.substr(colon + 1));
  if (!icr::is_dns_subdomain(icr::lower(host)) || !port_ok ||
      !std::all_of(path.begin(), path.end(), is_path_character)) {
    return mistake(url, ", which is not an address");
  }
  if (!https && host != "localhost" && host != "127.0.0.1") {
    return mistake(url, ", without encryption");
  }
  return std::nullopt;
}

}  // namespace icrps::config
