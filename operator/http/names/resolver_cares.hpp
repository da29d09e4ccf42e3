// The Resolver over c-ares: what the hosts file and the name servers of resolv.conf say.
// docs/decisions/0011-name-resolution.md tells why.
#pragma once

#include <memory>

#include "http/names/resolver_options.hpp"
#include "http/resolver.hpp"

namespace icrps::http {

/// One thread, begun with the first question, carries out all look-ups side by side and never
/// blocks on one of them. The end of the resolver ends what is under way.
[[nodiscard]] std::shared_ptr<Resolver> make_resolver(names::ResolverOptions options = {});

}  // namespace icrps::http
