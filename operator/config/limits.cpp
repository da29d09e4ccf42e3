#include "config/limits.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/selector.hpp"
#include "icr/text.hpp"

namespace icrps::config {
namespace {

constexpr std::size_t kLongestNamespace = 63;
// IBM wants 4 to 30 of new ones; icr.io has older and shorter ones, a mirror may have longer ones.
constexpr std::size_t kLongestRegistryNamespace = 255;
constexpr std::string_view kNamespaces =
    "a list of names and globs, or {matchLabels: …, matchExpressions: …}; [\"*\"] for all";
constexpr std::string_view kNamespaceRule =
    "the name of a namespace: lower-case letters, digits and inner hyphens, at most 63, with * for "
    "any text and ? for any character";
constexpr std::string_view kRegistryNamespaceRule =
    "the name of a registry namespace: lower-case letters, digits, inner -, _ and ., without a "
    "slash";

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

bool is_namespace_pattern(std::string_view text) {
  const auto is_wildcard = [](char c) { return c == '*' || c == '?'; };
  if (std::none_of(text.begin(), text.end(), is_wildcard)) return icr::is_dns_label(text);
  return text.size() <= kLongestNamespace && std::all_of(text.begin(), text.end(), [&](char c) {
           return icr::is_lower(c) || icr::is_digit(c) || c == '-' || is_wildcard(c);
         });
}

void read_namespaces(const Located& at, plan::Limits& limits) {
  if (at.value.kind == YamlValue::Kind::kMap) {
    limits.selector = read_selector(at);
    return;
  }
  limits.namespaces = read_namespace_patterns(at, kNamespaces);
  if (limits.namespaces.empty()) at.fail("is an empty list", kNamespaces);
}

/// The regions of these hosts by all their names: public, private and legacy.
icr::Hosts with_legacy_names(icr::Hosts hosts, const icr::RegionTable& table) {
  icr::Hosts legacy;
  for (const auto& [id, region] : table.regions()) {
    if (hosts.contains(region.host) && !region.legacy_host.empty()) {
      legacy.insert(region.legacy_host);
    }
  }
  hosts.merge(legacy);
  return hosts;
}

/// Absent: no limit.
std::optional<icr::Hosts> read_regions(const Located& at, const icr::RegionTable& table) {
  constexpr std::string_view kRegions =
      "a list of region ids, old names and hosts, as in the annotation; [all] for no limit";
  const std::vector<Located> items = items_of(at, kRegions);
  if (items.empty()) at.fail("is an empty list", kRegions);
  icr::Hosts hosts;
  for (const Located& item : items) {
    const std::string& text = text_of(item, "a region");
    const std::string word = icr::lower(icr::trim(text));
    if (word == "all") {
      if (items.size() == 1) return std::nullopt;
      item.fail("is \"all\" beside other regions", "[all], or regions without it");
    }
    if (word == "none" || text.find(',') != std::string::npos) {
      item.fail(fmt::format("is {}", icr::quoted(text)), "one region an entry; [all] for no limit");
    }
    auto found = table.select(text, icr::Endpoints::kAll);
    if (!found) {
      throw Failure{item.value.line, fmt::format("{}: {}", item.path, found.error().message)};
    }
    hosts.merge(*found);
  }
  return with_legacy_names(std::move(hosts), table);
}

bool is_registry_namespace(std::string_view text) {
  const auto alphanumeric = [](char c) { return icr::is_lower(c) || icr::is_digit(c); };
  return !text.empty() && text.size() <= kLongestRegistryNamespace && alphanumeric(text.front()) &&
         alphanumeric(text.back()) && std::all_of(text.begin(), text.end(), [&](char c) {
           return alphanumeric(c) || c == '-' || c == '_' || c == '.';
         });
}

std::vector<std::string> read_registry_namespaces(const Located& at) {
  std::vector<std::string> names;
  for (const Located& item : items_of(at, "a list of registry namespaces; [] for no limit")) {
    const std::string& name = text_of(item, kRegistryNamespaceRule);
    if (!is_registry_namespace(name)) {
      item.fail(fmt::format("is {}", icr::quoted(name)), kRegistryNamespaceRule);
    }
    if (name == "v1" || name == "v2") {
      item.fail(fmt::format("is {}, which programs take for the version of a registry's API",
                            icr::quoted(name)),
                kRegistryNamespaceRule);
    }
    add_once(names, name);
  }
  return names;
}

/// "team/app": parts of lower-case letters, digits and inner separators.
bool is_repository(std::string_view text) {
  while (true) {
    const std::size_t slash = text.find('/');
    if (!is_registry_namespace(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_tag(std::string_view text) {
  constexpr std::size_t kLongestTag = 128;
  const auto is_word = [](char c) {
    return icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c) || c == '_';
  };
  return !text.empty() && text.size() <= kLongestTag && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_word(c) || c == '-' || c == '.'; });
}

bool is_digest(std::string_view text) {
  constexpr std::string_view kAlgorithm = "sha256:";
  constexpr std::size_t kDigits = 64;
  return text.starts_with(kAlgorithm) && text.size() == kAlgorithm.size() + kDigits &&
         text.find_first_not_of("0123456789abcdef", kAlgorithm.size()) == std::string_view::npos;
}

}  // namespace

std::vector<std::string> read_namespace_patterns(const Located& at, std::string_view accepted) {
  std::vector<std::string> patterns;
  for (const Located& item : items_of(at, accepted)) {
    const std::string& pattern = text_of(item, kNamespaceRule);
    if (!is_namespace_pattern(pattern)) {
      item.fail(fmt::format("is {}", icr::quoted(pattern)), kNamespaceRule);
    }
    add_once(patterns, pattern);
  }
  return patterns;
}

plan::Limits read_limits(const Fields& fields, const Source& source,
                         const icr::RegionTable& regions) {
  plan::Limits limits;
  const auto* basic = std::get_if<BasicSource>(&source);
  if (basic != nullptr) limits.fixed_hosts = basic->hosts;
  if (const auto at = fields.find("namespaces")) read_namespaces(*at, limits);
  if (const auto at = fields.find("regions")) {
    if (basic != nullptr) at->fail("stands beside basic", "basic alone, which names its hosts");
    limits.hosts = read_regions(*at, regions);
  }
  if (const auto at = fields.find("registryNamespaces")) {
    limits.registry_namespaces = read_registry_namespaces(*at);
  }
  return limits;
}

std::string read_probe_image(const Located& at, const plan::Limits& limits,
                             const icr::RegionTable& regions) {
  constexpr std::string_view kImage =
      "an image by its full name, such as us.icr.io/team/app:1 or us.icr.io/team/app@sha256:…";
  const std::string& image = text_of(at, kImage);
  const std::string_view text = image;
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view host = text.substr(0, slash);
  const std::string_view name = text.substr(std::min(slash + 1, text.size()));
  const std::size_t border = std::min(name.find_first_of(":@"), name.size());
  const std::string_view repository = name.substr(0, border);
  const std::string_view reference = name.substr(std::min(border + 1, name.size()));
  const bool reference_ok =
      border == name.size() || (name[border] == '@' ? is_digest(reference) : is_tag(reference));
  if (icr::check_host(host) || !is_repository(repository) || !reference_ok) {
    at.fail("is not the full name of an image", kImage);
  }
  const icr::Hosts& hosts = !limits.fixed_hosts.empty() ? limits.fixed_hosts
                            : limits.hosts              ? *limits.hosts
                                                        : regions.known_hosts();
  if (!hosts.contains(std::string(host))) {
    at.fail(fmt::format("is at {}, which this credential isn't for", icr::quoted(host)),
            "an image at a host of its regions, or of basic");
  }
  const std::vector<std::string>& spaces = limits.registry_namespaces;
  const std::size_t end = std::min(repository.find('/'), repository.size());
  const bool inside =
      end < repository.size() &&
      std::find(spaces.begin(), spaces.end(), repository.substr(0, end)) != spaces.end();
  if (!spaces.empty() && !inside) {
    at.fail("is outside of registryNamespaces", "an image in one of them");
  }
  return image;
}

}  // namespace icrps::config
