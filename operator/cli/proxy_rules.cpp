#include "cli/proxy_rules.hpp"

#include <utility>

#include "config/read_file.hpp"

namespace icrps::cli {
namespace {

using Env = std::function<std::optional<std::string>(const std::string&)>;
using Rules = tl::expected<http::ProxyRules, std::string>;

std::string first_of(const Env& env, const char* upper, const char* lower) {
  auto value = env(upper);
  if (!value) value = env(lower);
  return value.value_or(std::string());
}

Rules of_environment(const Env& env) {
  http::ProxyRules rules;
  const auto url = first_of(env, "HTTPS_PROXY", "https_proxy");
  if (url.empty()) return rules;
  auto proxy = http::parse_proxy(url);
  if (!proxy) return tl::unexpected("HTTPS_PROXY " + proxy.error());
  rules.proxy = std::move(*proxy);
  rules.no_proxy = http::NoProxy(first_of(env, "NO_PROXY", "no_proxy"));
  return rules;
}

/// Read for each request: a Secret that is rotated counts at once. Nothing when it can't be read.
std::optional<http::ProxyLogin> login_in(const std::string& file) {
  const auto text = config::read_file(file);
  return text ? http::parse_proxy_login(*text) : std::nullopt;
}

}  // namespace

Rules proxy_rules(const config::Config& config, const Env& env) {
  if (!config.proxy) return of_environment(env);
  http::ProxyRules rules;
  const auto& wanted = *config.proxy;
  if (wanted.url == "none") return rules;
  auto proxy = http::parse_proxy(wanted.url);
  if (!proxy) return tl::unexpected("proxy.url " + proxy.error());
  rules.proxy = std::move(*proxy);
  rules.no_proxy = http::NoProxy(wanted.no_proxy);
  const auto& file = wanted.credentials_file;
  if (file.empty()) return rules;
  if (const auto text = config::read_file(file); !text) {
    return tl::unexpected("proxy.credentialsFile: " + text.error().message);
  }
  if (!login_in(file)) {
    return tl::unexpected("proxy.credentialsFile: " + file +
                          ": holds no login; accepted: USER:PASSWORD in one line");
  }
  rules.login = [file] { return login_in(file); };
  return rules;
}

}  // namespace icrps::cli
