// IBM Cloud IAM: tokens, and the API keys of service IDs.
//
// Sources: IBM Cloud docs, "Generating an IAM token"; the IAM Identity Services API (v1); IBM's
// go-sdk-core and platform-services-go-sdk for what the documentation leaves open.
// Thread safety: all methods may be called from any thread at once; they block the caller.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "http/transport.hpp"
#include "iam/exchange.hpp"
#include "iam/pure/keys.hpp"
#include "iam/pure/token.hpp"

namespace icrps::iam {

class Client {
 public:
  /// `transport` leads to IAM and adds no Authorization of its own; it outlives the client. `host`
  /// is for messages.
  Client(http::Transport& transport, std::string host, Observer observer)
      : exchange_(transport, std::move(host), std::move(observer)) {}

  template <typename T>
  using Result = tl::expected<T, Refusal>;

  /// Grant apikey, without a client: an access token only.
  Result<Token> token_by_api_key(const SecretString& api_key, const std::stop_token& stop);
  /// The same as the client `bx`, which gets a refresh token too.
  Result<Token> session_by_api_key(const SecretString& api_key, const std::stop_token& stop);
  /// Grant cr-token: a projected service-account token for a trusted profile's token.
  Result<Token> token_by_compute_resource(const SecretString& cr_token, const std::string& profile,
                                          const std::stop_token& stop);

  /// Grant assume: an identity's token for one of a trusted profile that trusts it.
  Result<Token> token_by_profile(const SecretString& bearer, const std::string& profile,
                                 const std::stop_token& stop);

  /// `bearer`: an access token that may do this. After kUnknown a key may have been made all the
  /// same, and even two: the name is what finds them.
  Result<NewKey> create_key(const SecretString& bearer, const std::string& iam_id,
                            const std::string& account_id, const std::string& name,
                            const std::string& description, const std::stop_token& stop);
  /// All keys of the identity, page by page; keys of others are left out, whatever IAM sends.
  Result<std::vector<KeyInfo>> list_keys(const SecretString& bearer, const std::string& iam_id,
                                         const std::string& account_id,
                                         const std::stop_token& stop);
  /// One that is disabled already stays so.
  Result<void> disable_key(const SecretString& bearer, const std::string& id,
                           const std::stop_token& stop);
  /// A key that does not exist counts as deleted.
  Result<void> delete_key(const SecretString& bearer, const std::string& id,
                          const std::stop_token& stop);
  /// `apikeys_per_identity` of the account's limits.
  Result<unsigned> key_limit(const SecretString& bearer, const std::string& account_id,
                             const std::stop_token& stop);

 private:
  Result<Token> token(const SecretString& form, const SecretString& credential,
                      std::string_view client, const std::stop_token& stop);

  const Exchange exchange_;
};

}  // namespace icrps::iam
