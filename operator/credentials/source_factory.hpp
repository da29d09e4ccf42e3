// A credential of the configuration → the source that keeps it good.
#pragma once

#include <memory>
#include <optional>

#include "config/config.hpp"
#include "credentials/keeper.hpp"
#include "credentials/source.hpp"
#include "iam/client.hpp"

namespace icrps::credentials {

/// What makes this credential's source differ from others, for all but a `serviceId`, whose current
/// key it takes from the state that the rotation keeps.
[[nodiscard]] KeeperKind keeper_kind(const config::Credential& credential, iam::Client& iam);

/// The access token of the identity that makes and deletes the keys of a `serviceId`.
[[nodiscard]] KeeperKind manager_kind(const config::ServiceIdSource& source, iam::Client& iam);

/// Where a login stands as it is handed out.
struct StandingLogin {
  config::SecretKeyRef secret;  ///< in the operator's namespace
  SecretFeed::Parse parse;
  std::string user;
};

/// Nothing for credentials whose logins are made at IAM.
[[nodiscard]] std::optional<StandingLogin> standing_login(const config::Credential& credential);

/// The Secret in the operator's namespace that it comes from; empty: none.
[[nodiscard]] std::string source_secret(const config::Credential& credential);

/// Whether it hands out tokens that replace each other every hour or so, and not keys of which an
/// old one has to be revoked by somebody.
[[nodiscard]] bool hands_out_tokens(const config::Credential& credential);

/// `iam` and `context` outlive the source.
[[nodiscard]] std::unique_ptr<Source> make_source(const config::Credential& credential,
                                                  iam::Client& iam, SourceContext& context);

}  // namespace icrps::credentials
