#include "config/proxy.hpp"

#include "http/proxy.hpp"

namespace icrps::config {
namespace {

/// The messages don't repeat the address: it may hold a user name and a password.
std::string proxy_url(const Located& at) {
  constexpr std::string_view kAcceptedProxy = "http://HOST:PORT, or none";
  const std::string& text = text_of(at, kAcceptedProxy);
  if (text == "none") return text;
  if (text.find('@') != std::string::npos) {
    at.fail("holds a user or a password, which anybody may read here",
            "http://HOST:PORT, and proxy.credentialsFile with USER:PASSWORD in a mounted Secret");
  }
  const auto proxy = http::parse_proxy(text);
  if (!proxy) at.fail("is not the address of an HTTP proxy", kAcceptedProxy);
  return text;
}

std::string no_proxy_list(const Located& at) {
  constexpr std::string_view kAcceptedEntry =
      "a list of hosts, domains such as .example.com, IP addresses and CIDRs, each but a CIDR "
      "with a port if wanted, or \"*\"";
  std::string joined;
  for (const Located& item : items_of(at, kAcceptedEntry)) {
    const std::string& entry = text_of(item, kAcceptedEntry);
    if (entry.empty() || entry.find_first_of(", \t\n") != std::string::npos) {
      item.fail("is not one host, domain, address or CIDR", kAcceptedEntry);
    }
    if (!joined.empty()) joined += ',';
    joined += entry;
  }
  return joined;
}

}  // namespace

Proxy read_proxy(const Located& at) {
  const Fields fields(at, {"url", "noProxy", "credentialsFile"});
  Proxy proxy;
  proxy.url = proxy_url(fields.need("url", "http://HOST:PORT, or none"));
  if (const auto list = fields.find("noProxy")) proxy.no_proxy = no_proxy_list(*list);
  if (const auto file = fields.find("credentialsFile")) proxy.credentials_file = path_of(*file);
  return proxy;
}

}  // namespace icrps::config
