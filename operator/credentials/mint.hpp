// An input of the user's (an API key, a password, a pod's token) → a login for registries. One
// function per kind of source.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include <tl/expected.hpp>

#include "iam/client.hpp"
#include "icr/docker_config.hpp"

namespace icrps::credentials {

struct Minted {
  icr::Login login;
  /// How long it is good from when it was asked for; absent: until somebody revokes it.
  std::optional<std::chrono::seconds> lifetime;
  /// How long until a new one should be fetched, where that isn't the lifetime.
  std::optional<std::chrono::seconds> refresh_within;
};

/// Blocks for as long as IAM takes. Any thread.
using Mint = std::function<tl::expected<Minted, iam::Refusal>(const SecretString& input,
                                                              const std::stop_token& stop)>;

/// The input is the password, for this user. IAM isn't asked.
[[nodiscard]] Mint mint_as_is(std::string user);
/// `iamapikey` or a trusted profile's id, and an API key, which IAM must know.
[[nodiscard]] Mint mint_api_key(std::string user, iam::Client& iam);
/// `iambearer`: an access token by an API key.
[[nodiscard]] Mint mint_access_token(iam::Client& iam);
/// `iamrefresh`: a refresh token by an API key.
[[nodiscard]] Mint mint_refresh_token(iam::Client& iam);
/// `iambearer`: an access token of a trusted profile, by the pod's projected token, which is read
/// anew from the file each time because it rotates. The input is not used.
[[nodiscard]] Mint mint_trusted_profile(std::string profile, std::string token_file,
                                        iam::Client& iam);

}  // namespace icrps::credentials
