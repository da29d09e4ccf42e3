// Where a policy opens the registry: a registry namespace, in one region or in all. Pure.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "iam/pure/policies.hpp"
#include "icr/regions.hpp"

namespace icrps::provision {

inline constexpr std::string_view kRegistryService = "container-registry";

struct Place {
  std::string ns;      ///< of the registry: "team"; empty: all of them
  std::string region;  ///< as IAM names it: "us-south", "global"; empty: every region
  friend auto operator<=>(const Place&, const Place&) = default;
};

/// "team@us-south"; "team": in every region. The region may be an id, an old name or a host.
[[nodiscard]] tl::expected<Place, icr::Mistake> parse_place(std::string_view text,
                                                            const icr::RegionTable& table);

/// "team@us-south", "team"
[[nodiscard]] std::string to_string(const Place& place);

/// What a policy of the account for this place is about. The global registry is a geography, not a
/// region.
[[nodiscard]] iam::Attributes attributes_of(const Place& place, const std::string& account);

/// The place that attributes open, if they are about the registry as a whole or a namespace of it.
[[nodiscard]] std::optional<Place> place_of(const iam::Attributes& resource);

}  // namespace icrps::provision
