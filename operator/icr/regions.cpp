#include "icr/regions.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "icr/text.hpp"

namespace icrps::icr {
namespace {

constexpr std::string_view kPrivatePrefix = "private.";
constexpr std::string_view kAll = "all";
constexpr std::string_view kNone = "none";
constexpr std::size_t kMistakesShown = 3;
constexpr std::size_t kRegionsShown = 40;

std::string private_host(const std::string& host) {
  return host.starts_with(kPrivatePrefix) ? host : std::string(kPrivatePrefix) + host;
}

void add_hosts(Hosts& hosts, const Region& region, Endpoints endpoints) {
  if (endpoints != Endpoints::kPrivate) hosts.insert(region.host);
  if (endpoints != Endpoints::kPublic) hosts.insert(private_host(region.host));
}

bool is_name_of(const Region& region, std::string_view name) {
  return name == region.host ||
         std::find(region.aliases.begin(), region.aliases.end(), name) != region.aliases.end();
}

/// Adds what one entry, already in lower case, asks for. False: nobody knows it.
bool add_entry(Hosts& hosts, const std::map<std::string, Region>& regions, const std::string& entry,
               Endpoints endpoints) {
  if (entry == kAll) {
    for (const auto& [id, region] : regions) add_hosts(hosts, region, endpoints);
    return true;
  }
  if (const auto found = regions.find(entry); found != regions.end()) {
    add_hosts(hosts, found->second, endpoints);
    return true;
  }
  for (const auto& [id, region] : regions) {
    const bool itself = entry == private_host(region.host) || entry == region.legacy_host;
    if (!itself && !is_name_of(region, entry)) continue;
    add_hosts(hosts, region, endpoints);
    if (itself) hosts.insert(entry);
    return true;
  }
  return false;
}

/// The entries of a comma list in lower case; empty ones (a comma too many) are dropped.
std::set<std::string> entries_of(std::string_view value) {
  std::set<std::string> entries;
  while (true) {
    const std::size_t comma = value.find(',');
    if (const auto entry = trim(value.substr(0, comma)); !entry.empty()) {
      entries.insert(lower(entry));
    }
    if (comma == std::string_view::npos) return entries;
    value.remove_prefix(comma + 1);
  }
}

std::string accepted_values(const std::map<std::string, Region>& regions) {
  std::vector<std::string_view> ids;
  for (const auto& [id, region] : regions) {
    if (id != "global" && ids.size() < kRegionsShown) ids.push_back(id);
  }
  return fmt::format("{}{}, their old names and hosts (us.icr.io), global, all; none by itself",
                     fmt::join(ids, ", "), regions.size() > kRegionsShown + 1 ? ", …" : "");
}

/// What the writer of an unknown entry probably wanted, as the end of a sentence about it.
std::string hint(const std::map<std::string, Region>& regions, std::string_view entry) {
  if (entry == "us-east") return " (it has no registry of its own, its images are at global)";
  if (entry == "cp.icr.io") return " (the entitled registry takes no IBM Cloud API key)";
  if (const auto scheme = entry.find("://"); scheme != std::string_view::npos) {
    entry.remove_prefix(scheme + 3);
  }
  entry = entry.substr(0, entry.find('/'));

  // Hosts differ in two letters: apart from their common end, one is not a slip for another.
  std::vector<std::string> words{std::string(kAll), std::string(kNone)};
  Hosts exact;
  for (const auto& [id, region] : regions) {
    words.push_back(id);
    words.insert(words.end(), region.aliases.begin(), region.aliases.end());
    exact.insert({id, region.host, private_host(region.host), region.legacy_host});
  }
  for (const std::string_view end : {"", ".icr.io"}) {
    const std::string name = fmt::format("{}{}", entry.substr(0, 253), end);
    if (!entry.empty() && exact.count(name) != 0)
      return fmt::format(" (did you mean {}?)", icr::quoted(name));
  }
  const auto near = nearest(entry, words);
  return near ? fmt::format(" (did you mean {}?)", icr::quoted(*near)) : "";
}

Mistake unknown_entries(const std::map<std::string, Region>& regions,
                        const std::vector<std::string>& unknown) {
  std::vector<std::string> shown;
  for (const std::string& entry : unknown) {
    if (shown.size() == kMistakesShown) break;
    shown.push_back(icr::quoted(entry, 40) + hint(regions, entry));
  }
  const std::size_t more = unknown.size() - shown.size();
  return {fmt::format("unknown region{} {}{}; accepted: {}", unknown.size() > 1 ? "s" : "",
                      fmt::join(shown, ", "), more > 0 ? fmt::format(" and {} more", more) : "",
                      accepted_values(regions))};
}

}  // namespace

std::string_view to_string(Endpoints endpoints) {
  switch (endpoints) {
    case Endpoints::kPublic:
      return "public";
    case Endpoints::kPrivate:
      return "private";
    case Endpoints::kAll:
      return "all";
  }
  return "?";
}

std::optional<Endpoints> parse_endpoints(std::string_view text) {
  const std::string word = lower(trim(text).substr(0, 16));
  for (const Endpoints endpoints : {Endpoints::kPublic, Endpoints::kPrivate, Endpoints::kAll}) {
    if (word == to_string(endpoints)) return endpoints;
  }
  return std::nullopt;
}

RegionTable RegionTable::builtin() {
  static const std::vector<Region> ibm_regions{
      {"global", "icr.io", {}, "registry.bluemix.net"},
      {"us-south", "us.icr.io", {}, "registry.ng.bluemix.net"},
      {"eu-gb", "uk.icr.io", {"uk-south"}, "registry.eu-gb.bluemix.net"},
      {"eu-de", "de.icr.io", {"eu-central"}, "registry.eu-de.bluemix.net"},
      {"au-syd", "au.icr.io", {"ap-south"}, "registry.au-syd.bluemix.net"},
      {"jp-tok", "jp.icr.io", {"ap-north"}, ""},
      {"jp-osa", "jp2.icr.io", {}, ""},
      {"ca-tor", "ca.icr.io", {}, ""},
      {"ca-mon", "ca2.icr.io", {}, ""},
      {"br-sao", "br.icr.io", {}, ""},
      {"eu-es", "es.icr.io", {}, ""},
      {"in-che", "in.icr.io", {}, ""},
      {"in-mum", "in2.icr.io", {}, ""},
      {"eu-fr2", "fr2.icr.io", {}, ""},
  };
  RegionTable table;
  for (const Region& region : ibm_regions) table.regions_.emplace(region.id, region);
  return table;
}

void RegionTable::set(std::string id, std::string host) {
  Region& region = regions_[id];
  region.id = std::move(id);
  region.host = std::move(host);
}

std::set<std::string> RegionTable::known_hosts() const {
  std::set<std::string> hosts;
  for (const auto& [id, region] : regions_) {
    add_hosts(hosts, region, Endpoints::kAll);
    if (!region.legacy_host.empty()) hosts.insert(region.legacy_host);
  }
  return hosts;
}

tl::expected<Hosts, Mistake> RegionTable::select(std::string_view value,
                                                 Endpoints endpoints) const {
  const std::set<std::string> entries = entries_of(value);
  if (entries.empty()) {
    return tl::make_unexpected(
        Mistake{fmt::format("no region given; accepted: {}", accepted_values(regions_))});
  }
  if (entries.count(std::string(kNone)) != 0) {
    if (entries.size() == 1) return Hosts{};
    return tl::make_unexpected(Mistake{fmt::format(
        "none stands beside other regions; accepted: none by itself, or regions without it "
        "({})",
        accepted_values(regions_))});
  }

  Hosts hosts;
  std::vector<std::string> unknown;
  for (const std::string& entry : entries) {
    if (!add_entry(hosts, regions_, entry, endpoints)) unknown.push_back(entry);
  }
  if (!unknown.empty()) return tl::make_unexpected(unknown_entries(regions_, unknown));
  return hosts;
}

std::optional<Mistake> check_region_id(std::string_view id) {
  if (id == kAll || id == kNone) {
    return Mistake{fmt::format("{} is a reserved word and can't name a region", icr::quoted(id))};
  }
  if (is_dns_label(id)) return std::nullopt;
  return Mistake{
      fmt::format("{} is not a region id; accepted: 1 to 63 lower-case letters, digits "
                  "and inner hyphens, such as eu-de",
                  icr::quoted(id))};
}

std::optional<Mistake> check_host(std::string_view host) {
  const std::size_t colon = host.find(':');
  const std::string_view name = host.substr(0, colon);
  const bool port_ok = colon == std::string_view::npos || is_port(host.substr(colon + 1));
  if (port_ok && is_dns_subdomain(name) && name.find('.') != std::string_view::npos) {
    return std::nullopt;
  }
  return Mistake{
      fmt::format("{} is not a registry host; accepted: a lower-case DNS name of at "
                  "least two labels, with a port if need be, without https:// and "
                  "path, such as xx.icr.io or registry.example.com:5000",
                  icr::quoted(host))};
}

std::string quoted(std::string_view text, std::size_t limit) {
  std::string result = "\"";
  for (const char c : text.substr(0, limit)) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\r') {
      result += "\\r";
    } else if (c == '\t') {
      result += "\\t";
    } else if (code < 0x20U || code >= 0x7fU) {
      result += fmt::format("\\x{:02x}", code);
    } else {
      result += c;
    }
  }
  if (text.size() > limit) result += "…";
  return result + '"';
}

}  // namespace icrps::icr
