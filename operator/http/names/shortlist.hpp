// Of the addresses of a name those that are worth a try. Pure.
#pragma once

#include <cstddef>

#include "http/resolver.hpp"

namespace icrps::http::names {

/// A name may have hundreds of addresses: whoever has tried a few has waited long enough.
inline constexpr std::size_t kMostAddresses = 4;

/// One of each family in turn, IPv4 first, each address once, the first kMostAddresses. A family
/// that has no road costs nothing (the kernel refuses at once), and where both have one, that of
/// IPv4 is the one that clusters and registries are tried on.
[[nodiscard]] Addresses shortlist(const Addresses& ipv4, const Addresses& ipv6);

}  // namespace icrps::http::names
