#include "http/names/shortlist.hpp"

#include <algorithm>

namespace icrps::http::names {

Addresses shortlist(const Addresses& ipv4, const Addresses& ipv6) {
  Addresses chosen;
  const auto take = [&chosen](const Addresses& from, std::size_t index) {
    if (index >= from.size() || chosen.size() == kMostAddresses) return;
    if (std::find(chosen.begin(), chosen.end(), from[index]) != chosen.end()) return;
    chosen.push_back(from[index]);
  };
  for (std::size_t i = 0; i < std::max(ipv4.size(), ipv6.size()); ++i) {
    take(ipv4, i);
    take(ipv6, i);
  }
  return chosen;
}

}  // namespace icrps::http::names
