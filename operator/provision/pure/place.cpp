#include "provision/pure/place.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "icr/text.hpp"

namespace icrps::provision {
namespace {

constexpr std::string_view kGlobal = "global";

/// IBM's rule for names of registry namespaces.
bool is_registry_namespace(std::string_view text) {
  constexpr std::size_t kShortest = 4;
  constexpr std::size_t kLongest = 30;
  const auto solid = [](char c) { return icr::is_lower(c) || icr::is_digit(c); };
  return text.size() >= kShortest && text.size() <= kLongest && solid(text.front()) &&
         solid(text.back()) && std::all_of(text.begin(), text.end(), [&](char c) {
           return solid(c) || c == '-' || c == '_';
         });
}

const icr::Region* find_region(const icr::RegionTable& table, const std::string& name) {
  for (const auto& [id, region] : table.regions()) {
    const bool known =
        name == id || name == region.host || name == "private." + region.host ||
        std::find(region.aliases.begin(), region.aliases.end(), name) != region.aliases.end();
    if (known) return &region;
  }
  return nullptr;
}

/// The value of an attribute, or "".
std::string value_of(const iam::Attributes& attributes, const std::string& key) {
  const auto found = attributes.find(key);
  return found == attributes.end() ? std::string() : found->second;
}

}  // namespace

tl::expected<Place, icr::Mistake> parse_place(std::string_view text,
                                              const icr::RegionTable& table) {
  const auto whole = icr::trim(text);
  const std::size_t at = whole.find('@');
  Place place{std::string(whole.substr(0, at)), {}};
  if (!is_registry_namespace(place.ns)) {
    return tl::unexpected(icr::Mistake{fmt::format(
        "{} is no registry namespace; accepted: 4 to 30 lower-case letters, digits, - and _, "
        "then perhaps @REGION: team@us-south",
        icr::quoted(place.ns))});
  }
  if (at == std::string_view::npos) return place;
  const auto name = icr::lower(icr::trim(whole.substr(at + 1)));
  const auto* region = find_region(table, name);
  if (region == nullptr) {
    const auto known = table.select(name, icr::Endpoints::kPublic);
    return tl::unexpected(icr::Mistake{
        fmt::format("{}: {}", icr::quoted(whole),
                    known ? "name one region, or leave @ away for all" : known.error().message)});
  }
  place.region = region->id;
  return place;
}

std::string to_string(const Place& place) {
  const auto ns = place.ns.empty() ? std::string("*") : place.ns;
  return place.region.empty() ? ns : fmt::format("{}@{}", ns, place.region);
}

iam::Attributes attributes_of(const Place& place, const std::string& account) {
  iam::Attributes attributes{{"accountId", account},
                             {"serviceName", std::string(kRegistryService)},
                             {"resourceType", "namespace"},
                             {"resource", place.ns}};
  if (place.region == kGlobal) {
    attributes.emplace("geography", kGlobal);
  } else if (!place.region.empty()) {
    attributes.emplace("region", place.region);
  }
  return attributes;
}

std::optional<Place> place_of(const iam::Attributes& resource) {
  const auto service = value_of(resource, "serviceName");
  const bool all_services = service.empty() && value_of(resource, "serviceType") == "service";
  if (service != kRegistryService && !all_services) return std::nullopt;
  const auto type = value_of(resource, "resourceType");
  if (!type.empty() && type != "namespace") return std::nullopt;
  Place place{value_of(resource, "resource"), value_of(resource, "region")};
  if (value_of(resource, "geography") == kGlobal) place.region = kGlobal;
  return place;
}

}  // namespace icrps::provision
