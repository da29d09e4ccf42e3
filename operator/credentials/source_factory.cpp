#include "credentials/source_factory.hpp"

namespace icrps::credentials {
namespace {

constexpr auto kApiKeyUser = "iamapikey";

KeeperKind kind_of(const config::ApiKeySource& source, iam::Client& iam) {
  return {"apiKey",    source.secret_ref,      icr::parse_api_key, mint_api_key(kApiKeyUser, iam),
          kApiKeyUser, mint_as_is(kApiKeyUser)};
}

KeeperKind kind_of(const config::AccessTokenSource& source, iam::Client& iam) {
  const auto mint = mint_access_token(iam);
  return {"accessToken", source.api_key, icr::parse_api_key, mint, {}, mint};
}

KeeperKind kind_of(const config::RefreshTokenSource& source, iam::Client& iam) {
  const auto mint = mint_refresh_token(iam);
  return {"refreshToken", source.api_key, icr::parse_api_key, mint, {}, mint};
}

KeeperKind kind_of(const config::TrustedProfileSource& source, iam::Client& iam) {
  const auto mint = mint_trusted_profile(source.id, source.token_file, iam);
  return {"trustedProfile", {}, {}, mint, {}, mint};
}

KeeperKind kind_of(const config::ProfileKeySource& source, iam::Client& iam) {
  return {"profileKey", source.secret_ref,    icr::parse_api_key, mint_api_key(source.id, iam),
          source.id,    mint_as_is(source.id)};
}

KeeperKind kind_of(const config::BasicSource& source, iam::Client& /*iam*/) {
  const auto mint = mint_as_is(source.username);
  return {"basic", source.password, icr::parse_password, mint, source.username, mint};
}

KeeperKind kind_of(const config::ServiceIdSource& /*source*/, iam::Client& /*iam*/) {
  return {};
}

}  // namespace

KeeperKind keeper_kind(const config::Credential& credential, iam::Client& iam) {
  return std::visit([&](const auto& source) { return kind_of(source, iam); }, credential.source);
}

std::string source_secret(const config::Credential& credential) {
  return std::visit(
      [&](const auto& source) -> std::string {
        using Kind = std::decay_t<decltype(source)>;
        if constexpr (std::is_same_v<Kind, config::TrustedProfileSource>) {
          return {};
        } else if constexpr (std::is_same_v<Kind, config::ServiceIdSource>) {
          return "icr-pull-secrets-state-" + credential.name;
        } else if constexpr (std::is_same_v<Kind, config::BasicSource>) {
          return source.password.name;
        } else if constexpr (requires { source.api_key; }) {
          return source.api_key.name;
        } else {
          return source.secret_ref.name;
        }
      },
      credential.source);
}

std::unique_ptr<Source> make_source(const config::Credential& credential, iam::Client& iam,
                                    SourceContext& context) {
  return std::make_unique<Keeper>(credential, keeper_kind(credential, iam), context);
}

}  // namespace icrps::credentials
