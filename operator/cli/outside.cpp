#include "cli/outside.hpp"

#include <fmt/format.h>

#include "cli/proxy_rules.hpp"
#include "cli/setup.hpp"
#include "config/read_file.hpp"
#include "http/names/resolver_cares.hpp"
#include "http/transport_cpprest.hpp"

namespace icrps::cli {
namespace {

// To one origin: IAM is asked by each credential's own thread, a registry once in a connection.
constexpr unsigned kInFlight = 4;

/// What is wrong with a file of authorities; an empty name stands for the system's.
std::optional<std::string> unreadable(const std::string& file) {
  if (file.empty()) return std::nullopt;
  const auto text = config::read_file(file);
  return text ? std::nullopt : std::optional(text.error().message);
}

/// They are read for each new connection.
std::function<std::string()> authorities(const std::string& file) {
  if (file.empty()) return {};
  return [file] {
    auto text = config::read_file(file);
    if (!text) throw std::runtime_error(text.error().message);
    return std::move(*text);
  };
}

/// How all of them are reached.
struct Way {
  std::shared_ptr<http::Resolver> resolver;
  http::ProxyRules rules;
};

std::unique_ptr<http::Transport> connect(const std::string& origin, const std::string& ca_file,
                                         const std::optional<SecretString>& authorization,
                                         const Way& way) {
  http::TransportOptions options;
  options.origin = origin;
  options.authorities = authorities(ca_file);
  options.max_in_flight = kInFlight;
  options.resolver = way.resolver;
  options.proxy = way.rules.for_origin(origin);
  options.proxy_login = way.rules.login;
  if (authorization) options.authorization = [authorization] { return authorization; };
  return http::make_cpprest_transport(std::move(options));
}

std::string host_of(const std::string& origin) {
  const auto scheme_end = origin.find("://");
  return scheme_end == std::string::npos ? origin : origin.substr(scheme_end + 3);
}

}  // namespace

tl::expected<Outside, std::string> roads_outside(const config::Config& config,
                                                 OutsideObservers observers) {
  if (const auto why = unreadable(config.iam.ca_file)) return tl::unexpected("iam.caFile: " + *why);
  if (const auto why = unreadable(config.registry.ca_file)) {
    return tl::unexpected("registry.caFile: " + *why);
  }
  auto rules = proxy_rules(config, environment);
  if (!rules) return tl::unexpected(std::move(rules.error()));
  try {
    // The registries' authorities are read by each connection; a mistake in them shows here.
    http::names::ResolverOptions names;
    names.observer = std::move(observers.lookup);
    const Way way{http::make_resolver(std::move(names)), std::move(*rules)};
    static_cast<void>(
        connect("https://registry.invalid", config.registry.ca_file, std::nullopt, way));
    auto transport = connect(config.iam.origin, config.iam.ca_file, std::nullopt, way);
    auto client = std::make_unique<iam::Client>(*transport, host_of(config.iam.origin),
                                                std::move(observers.iam));
    const iam::RegistryProbe::Connect registries =
        [ca = config.registry.ca_file, way](const std::string& origin,
                                            const std::optional<SecretString>& authorization) {
          return connect(origin, ca, authorization, way);
        };
    return Outside{host_of(config.iam.origin),
                   std::move(transport),
                   std::move(client),
                   registries,
                   iam::RegistryProbe(registries),
                   way.rules};
  } catch (const std::invalid_argument& error) {
    return tl::unexpected(fmt::format("iam.caFile or registry.caFile: {}", error.what()));
  }
}

}  // namespace icrps::cli
