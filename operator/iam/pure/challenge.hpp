// `WWW-Authenticate` of a registry (RFC 7235 section 2.1 and 4.1) and where its token endpoint may
// be. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace icrps::iam {

struct BearerChallenge {
  std::string realm;
  std::string service;
  std::string scope;
};

/// The first Bearer challenge of the header's value, or nothing. Parameters may be tokens or quoted
/// strings, with any spacing around "=" and ",": IBM's registry has been seen both ways.
[[nodiscard]] std::optional<BearerChallenge> parse_challenge(std::string_view header);

/// Whether the header's value offers a Basic challenge, by itself or beside others.
[[nodiscard]] bool offers_basic(std::string_view header);

/// A token endpoint that a credential may be sent to.
struct TokenEndpoint {
  std::string origin;  ///< "https://us.icr.io"
  std::string target;  ///< "/oauth/token", with its query if it had one
};

/// The realm, if it is https, without user information or fragment, and its host is `registry_host`
/// itself or in the same registrable domain (the last two labels of the registry's host; for an
/// address or a host of one label: the very same host). Otherwise why the credential must not be
/// sent there. `registry_host` may carry a port; then a realm at that host must carry the same.
[[nodiscard]] tl::expected<TokenEndpoint, std::string> token_endpoint(
    std::string_view realm, std::string_view registry_host);

}  // namespace icrps::iam
