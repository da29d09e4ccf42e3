#include "credentials/source_factory.hpp"

#include "credentials/keeper.hpp"
#include "credentials/rotated_source.hpp"
#include "credentials/rotation/kube_state_store.hpp"
#include "credentials/rotation/pure/codec.hpp"

namespace icrps::credentials {
namespace {

KeeperKind kind_of(const config::ApiKeySource& source, iam::Client& iam) {
  return {"apiKey", source.secret_ref, parse_key_or_file, mint_api_key(icr::kApiKeyUser, iam),
          icr::kApiKeyUser};
}

KeeperKind kind_of(const config::AccessTokenSource& source, iam::Client& iam) {
  return {"accessToken", source.api_key, parse_key_or_file, mint_access_token(iam), {}};
}

KeeperKind kind_of(const config::RefreshTokenSource& source, iam::Client& iam) {
  return {"refreshToken", source.api_key, parse_key_or_file, mint_refresh_token(iam), {}};
}

KeeperKind kind_of(const config::TrustedProfileSource& source, iam::Client& iam) {
  return {"trustedProfile", {}, {}, mint_trusted_profile(source.id, source.token_file, iam), {},
          source.id};
}

KeeperKind kind_of(const config::ProfileKeySource& source, iam::Client& iam) {
  return {"profileKey", source.secret_ref, parse_key_or_file, mint_api_key(source.id, iam),
          source.id};
}

KeeperKind kind_of(const config::BasicSource& source, iam::Client& /*iam*/) {
  return {"basic", source.password, icr::parse_password, mint_as_is(source.username),
          source.username};
}

/// The key in force, as the rotation keeps it.
tl::expected<icr::ApiKey, icr::Mistake> current_key(std::string_view text) {
  auto key = rotation::read_current_key(SecretString(std::string(text)));
  if (!key) return tl::unexpected(icr::Mistake{key.error().message});
  return icr::ApiKey{std::move(*key), false};
}

config::SecretKeyRef state_of(const config::Credential& credential) {
  return {rotation::state_secret_name(credential.name), rotation::kStateKey};
}

KeeperKind kind_of(const config::Credential& credential, iam::Client& iam) {
  return {"serviceId", state_of(credential), current_key, mint_api_key(icr::kApiKeyUser, iam),
          icr::kApiKeyUser};
}

}  // namespace

KeeperKind keeper_kind(const config::Credential& credential, iam::Client& iam) {
  return std::visit(
      [&](const auto& source) {
        if constexpr (std::is_same_v<std::decay_t<decltype(source)>, config::ServiceIdSource>) {
          return kind_of(credential, iam);
        } else {
          return kind_of(source, iam);
        }
      },
      credential.source);
}

KeeperKind manager_kind(const config::ServiceIdSource& source, iam::Client& iam) {
  if (const auto* profile = std::get_if<config::TrustedProfileSource>(&source.manager)) {
    return kind_of(*profile, iam);
  }
  const auto& key = std::get<config::ApiKeySource>(source.manager);
  return kind_of(config::AccessTokenSource{key.secret_ref}, iam);
}

std::optional<StandingLogin> standing_login(const config::Credential& credential) {
  return std::visit(
      [&](const auto& source) -> std::optional<StandingLogin> {
        using Kind = std::decay_t<decltype(source)>;
        if constexpr (std::is_same_v<Kind, config::ApiKeySource>) {
          return StandingLogin{source.secret_ref, parse_key_or_file, icr::kApiKeyUser};
        } else if constexpr (std::is_same_v<Kind, config::ProfileKeySource>) {
          return StandingLogin{source.secret_ref, parse_key_or_file, source.id};
        } else if constexpr (std::is_same_v<Kind, config::BasicSource>) {
          return StandingLogin{source.password, icr::parse_password, source.username};
        } else if constexpr (std::is_same_v<Kind, config::ServiceIdSource>) {
          return StandingLogin{state_of(credential), current_key, icr::kApiKeyUser};
        } else {
          return std::nullopt;
        }
      },
      credential.source);
}

std::string source_secret(const config::Credential& credential) {
  return std::visit(
      [&](const auto& source) -> std::string {
        using Kind = std::decay_t<decltype(source)>;
        if constexpr (std::is_same_v<Kind, config::TrustedProfileSource>) {
          return {};
        } else if constexpr (std::is_same_v<Kind, config::ServiceIdSource>) {
          return rotation::state_secret_name(credential.name);
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

bool hands_out_tokens(const config::Credential& credential) {
  const auto& source = credential.source;
  return std::holds_alternative<config::AccessTokenSource>(source) ||
         std::holds_alternative<config::RefreshTokenSource>(source) ||
         std::holds_alternative<config::TrustedProfileSource>(source);
}

std::unique_ptr<Source> make_source(const config::Credential& credential, iam::Client& iam,
                                    SourceContext& context) {
  if (std::holds_alternative<config::ServiceIdSource>(credential.source)) {
    return std::make_unique<RotatedSource>(credential, iam, context);
  }
  return std::make_unique<Keeper>(credential, keeper_kind(credential, iam), context);
}

}  // namespace icrps::credentials
