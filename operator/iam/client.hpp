// IBM Cloud IAM: tokens, and the API keys of service IDs.
//
// Sources: IBM Cloud docs, "Generating an IAM token"; the IAM Identity Services API (v1); IBM's
// go-sdk-core and platform-services-go-sdk for what the documentation leaves open.
// Thread safety: all methods may be called from any thread at once; they block the caller.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "http/transport.hpp"
#include "iam/pure/token.hpp"

namespace icrps::iam {

/// An API key as IAM describes it, without its value.
struct KeyInfo {
  std::string id;  ///< "ApiKey-…": names are not unique, this is
  std::string name;
  std::string iam_id;  ///< whose it is: "iam-ServiceId-…"
  std::string account_id;
  std::string created_at;  ///< as IAM writes it: "2026-11-23T09:10+0000"
  bool disabled = false;
  bool locked = false;  ///< protected from changes; it can still log in
};

struct NewKey {
  std::string id;
  SecretString value;
};

/// Called after each request: what was asked ("token", "create key", …) and the HTTP status, or the
/// kind of failure ("timeout").
using Observer = std::function<void(std::string_view what, std::string_view code)>;

class Client {
 public:
  /// `transport` leads to IAM and adds no Authorization of its own; it outlives the client. `host`
  /// is for messages.
  Client(http::Transport& transport, std::string host, Observer observer);

  template <typename T>
  using Result = tl::expected<T, Refusal>;

  /// Grant apikey, without a client: an access token only.
  Result<Token> token_by_api_key(const SecretString& api_key, const std::stop_token& stop);
  /// The same as the client `bx`, which gets a refresh token too.
  Result<Token> session_by_api_key(const SecretString& api_key, const std::stop_token& stop);
  /// Grant cr-token: a projected service-account token for a trusted profile's token.
  Result<Token> token_by_compute_resource(const SecretString& cr_token, const std::string& profile,
                                          const std::stop_token& stop);

  /// `bearer`: an access token that may do this.
  Result<NewKey> create_key(const SecretString& bearer, const std::string& iam_id,
                            const std::string& account_id, const std::string& name,
                            const std::string& description, const std::stop_token& stop);
  /// All keys of the identity, page by page.
  Result<std::vector<KeyInfo>> list_keys(const SecretString& bearer, const std::string& iam_id,
                                         const std::string& account_id,
                                         const std::stop_token& stop);
  Result<void> disable_key(const SecretString& bearer, const std::string& id,
                           const std::stop_token& stop);
  /// A key that does not exist counts as deleted.
  Result<void> delete_key(const SecretString& bearer, const std::string& id,
                          const std::stop_token& stop);
  /// `apikeys_per_identity` of the account's limits.
  Result<unsigned> key_limit(const SecretString& bearer, const std::string& account_id,
                             const std::stop_token& stop);

 private:
  http::Transport& transport_;
  const std::string host_;
  const Observer observer_;
};

}  // namespace icrps::iam
