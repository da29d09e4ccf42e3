#include "credentials/mint.hpp"

#include <fmt/format.h>

#include "kube/token_file.hpp"

namespace icrps::credentials {
namespace {

using namespace std::chrono_literals;

// IAM does not say how long a refresh token lasts, only "up to 72 hours", and an account may set
// less; a new one every few hours stays clear of that.
constexpr auto kRefreshTokenUse = 4h;

iam::Refusal not_known(std::string who, std::string what) {
  iam::Refusal refusal;
  refusal.message = fmt::format("{}: {}", who, what);
  refusal.who = std::move(who);
  return refusal;
}

tl::expected<SecretString, iam::Refusal> read_token(const std::string& file) {
  if (auto token = kube::read_token_file(file)) return std::move(*token);
  return tl::unexpected(not_known(
      file, "there is no service-account token; mount a projected token with the audience iam"));
}

}  // namespace

Mint mint_as_is(std::string user) {
  return [user = std::move(user)](const SecretString& input, const std::stop_token&) {
    return tl::expected<Minted, iam::Refusal>(Minted{{user, input}, {}, {}});
  };
}

Mint mint_api_key(std::string user, iam::Client& iam) {
  return [user = std::move(user), &iam](
             const SecretString& input,
             const std::stop_token& stop) -> tl::expected<Minted, iam::Refusal> {
    const auto token = iam.token_by_api_key(input, stop);
    if (!token) return tl::unexpected(token.error());
    return Minted{{user, input}, {}, {}};
  };
}

Mint mint_access_token(iam::Client& iam) {
  return [&iam](const SecretString& input,
                const std::stop_token& stop) -> tl::expected<Minted, iam::Refusal> {
    auto token = iam.token_by_api_key(input, stop);
    if (!token) return tl::unexpected(token.error());
    return Minted{{icr::kBearerUser, std::move(token->access)}, token->lifetime, {}};
  };
}

Mint mint_refresh_token(iam::Client& iam) {
  return [&iam](const SecretString& input,
                const std::stop_token& stop) -> tl::expected<Minted, iam::Refusal> {
    auto token = iam.session_by_api_key(input, stop);
    if (!token) return tl::unexpected(token.error());
    if (token->refresh.empty()) {
      return tl::unexpected(not_known("IAM",
                                      "gave no refresh token for this API key; service IDs "
                                      "get none in some accounts: use accessToken"));
    }
    return Minted{{icr::kRefreshUser, std::move(token->refresh)}, {}, kRefreshTokenUse};
  };
}

Mint mint_trusted_profile(std::string profile, std::string token_file, iam::Client& iam) {
  return [profile = std::move(profile), file = std::move(token_file), &iam](
             const SecretString& /*input*/,
             const std::stop_token& stop) -> tl::expected<Minted, iam::Refusal> {
    const auto projected = read_token(file);
    if (!projected) return tl::unexpected(projected.error());
    auto token = iam.token_by_compute_resource(*projected, profile, stop);
    if (!token) return tl::unexpected(token.error());
    return Minted{{icr::kBearerUser, std::move(token->access)}, token->lifetime, {}};
  };
}

}  // namespace icrps::credentials
