#include "cli/login/auth_targets.hpp"

#include <algorithm>

#include "icr/text.hpp"

namespace icrps::cli {
namespace {

using Wrong = tl::unexpected<std::string>;

std::vector<std::string> comma_list(const std::string& text) {
  std::vector<std::string> words;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    words.emplace_back(icr::trim(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return words;
}

}  // namespace

tl::expected<icr::Hosts, std::string> wished_hosts(const HostWish& wish,
                                                   const std::string& fallback) {
  const auto endpoints = icr::parse_endpoints(wish.endpoints);
  if (!endpoints) {
    return Wrong("--endpoints " + icr::quoted(wish.endpoints) + ": accepted: public, private, all");
  }
  icr::Hosts hosts;
  for (const auto& text : wish.hosts) {
    auto host = icr::lower(text);
    if (const auto mistake = icr::check_host(host)) return Wrong(mistake->message);
    hosts.insert(std::move(host));
  }
  auto regions = wish.regions;
  if (regions.empty() && hosts.empty()) regions = fallback.empty() ? "all" : fallback;
  if (regions.empty()) return hosts;
  const auto selected = icr::RegionTable::builtin().select(regions, *endpoints);
  if (!selected) return Wrong("--regions: " + selected.error().message);
  hosts.insert(selected->begin(), selected->end());
  if (hosts.empty()) return Wrong("--regions " + icr::quoted(regions) + " means no host");
  return hosts;
}

tl::expected<std::vector<AuthTarget>, std::string> auth_targets(
    const std::string& clients, const std::string& file, const authfile::Lookup& environment) {
  std::vector<AuthTarget> targets;
  for (const auto& word : comma_list(clients)) {
    if (word != "docker" && word != "podman") {
      return Wrong("--for " + icr::quoted(word) +
                   ": accepted: docker, podman, or both with a comma");
    }
    const auto client = word == "docker" ? AuthClient::kDocker : AuthClient::kPodman;
    auto path = file;
    if (path.empty()) {
      path = client == AuthClient::kDocker ? authfile::docker_file(environment)
                                           : authfile::podman_file(environment);
    }
    if (path.empty()) return Wrong("HOME is not set; accepted: --authfile FILE");
    const bool known = std::any_of(targets.begin(), targets.end(),
                                   [&](const AuthTarget& one) { return one.file == path; });
    if (!known) targets.push_back({client, path});
  }
  if (targets.empty()) return Wrong("--for: accepted: docker, podman, or both with a comma");
  return targets;
}

}  // namespace icrps::cli
