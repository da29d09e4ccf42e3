#include "cli/outside.hpp"

#include <fmt/format.h>

#include "config/read_file.hpp"
#include "http/names/resolver_cares.hpp"
#include "http/transport_cpprest.hpp"

namespace icrps::cli {
namespace {

// To one origin: IAM is asked by each credential's own thread, a registry once in a connection.
constexpr unsigned kInFlight = 4;

tl::expected<std::string, std::string> authorities(const std::string& file) {
  if (file.empty()) return std::string();  // the system's
  auto text = config::read_file(file);
  if (!text) return tl::unexpected(text.error().message);
  return std::move(*text);
}

std::unique_ptr<http::Transport> connect(const std::string& origin, const std::string& ca_pem,
                                         const std::optional<SecretString>& authorization,
                                         std::shared_ptr<http::Resolver> resolver) {
  http::TransportOptions options;
  options.origin = origin;
  options.ca_pem = ca_pem;
  options.max_in_flight = kInFlight;
  options.resolver = std::move(resolver);
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
  const auto iam_ca = authorities(config.iam.ca_file);
  if (!iam_ca) return tl::unexpected("iam.caFile: " + iam_ca.error());
  auto registry_ca = authorities(config.registry.ca_file);
  if (!registry_ca) return tl::unexpected("registry.caFile: " + registry_ca.error());
  try {
    // The registries' authorities are read by each connection; a mistake in them shows here.
    http::names::ResolverOptions names;
    names.observer = std::move(observers.lookup);
    const auto resolver = http::make_resolver(std::move(names));
    static_cast<void>(connect("https://registry.invalid", *registry_ca, std::nullopt, resolver));
    auto transport = connect(config.iam.origin, *iam_ca, std::nullopt, resolver);
    auto client = std::make_unique<iam::Client>(*transport, host_of(config.iam.origin),
                                                std::move(observers.iam));
    return Outside{std::move(transport), std::move(client),
                   iam::RegistryProbe([ca = std::move(*registry_ca), resolver](
                                          const std::string& origin,
                                          const std::optional<SecretString>& authorization) {
                     return connect(origin, ca, authorization, resolver);
                   })};
  } catch (const std::invalid_argument& error) {
    return tl::unexpected(fmt::format("iam.caFile or registry.caFile: {}", error.what()));
  }
}

}  // namespace icrps::cli
