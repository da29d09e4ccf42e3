// Who is in an IBM Cloud account and what they may do: service IDs, trusted profiles, policies and
// roles. API keys are in iam/client.hpp.
//
// Sources: the IAM Identity Services API (v1) and the IAM Policy Management API (v2); IBM's
// platform-services-go-sdk for what the documentation leaves open.
// Thread safety: all methods may be called from any thread at once; they block the caller. `bearer`
// is an access token that may do this.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "iam/exchange.hpp"
#include "iam/pure/identities.hpp"
#include "iam/pure/policies.hpp"

namespace icrps::iam {

class Directory {
 public:
  template <typename T>
  using Result = tl::expected<T, Refusal>;

  explicit Directory(Exchange exchange) : exchange_(std::move(exchange)) {}

  /// Whose key it is. kNotFound or kRefused: nobody's.
  Result<KeyDetails> key_details(const SecretString& bearer, const SecretString& api_key,
                                 const std::stop_token& stop) const;

  /// All of that name, which is compared to the letter; all of the account when it is empty.
  Result<std::vector<Identity>> identities(const SecretString& bearer, IdentityKind kind,
                                           const std::string& account, const std::string& name,
                                           const std::stop_token& stop) const;
  /// By its id, which does not wait for the lists.
  Result<Identity> identity(const SecretString& bearer, IdentityKind kind, const std::string& id,
                            const std::stop_token& stop) const;
  /// After kUnknown one may have been made all the same.
  Result<Identity> create_identity(const SecretString& bearer, const Identity& wanted,
                                   const std::stop_token& stop) const;
  /// One that does not exist counts as deleted.
  Result<void> delete_identity(const SecretString& bearer, const Identity& identity,
                               const std::stop_token& stop) const;

  Result<std::vector<ProfileLink>> links(const SecretString& bearer, const std::string& profile,
                                         const std::stop_token& stop) const;
  Result<void> create_link(const SecretString& bearer, const std::string& profile,
                           const ProfileLink& link, const std::string& name,
                           const std::stop_token& stop) const;

  /// Access policies that the caller may see: of one identity, or about one service; an empty text
  /// asks for all.
  struct PolicyFilter {
    std::string iam_id;
    std::string service;
  };
  Result<std::vector<Policy>> policies(const SecretString& bearer, const std::string& account,
                                       const PolicyFilter& filter,
                                       const std::stop_token& stop) const;
  /// With its etag. A new one may be kNotFound for a while.
  Result<Policy> policy(const SecretString& bearer, const std::string& id,
                        const std::stop_token& stop) const;
  struct Created {
    std::string id;
    bool existed = false;  ///< IAM says that this policy is in the way, or the same already
  };
  Result<Created> create_policy(const SecretString& bearer, const Policy& wanted,
                                const std::stop_token& stop) const;
  /// `wanted` carries id and etag of the policy as it was read. Somebody else's change in between
  /// is a refusal with status 412 or 409.
  Result<void> replace_policy(const SecretString& bearer, const Policy& wanted,
                              const std::stop_token& stop) const;
  /// One that does not exist counts as deleted.
  Result<void> delete_policy(const SecretString& bearer, const std::string& id,
                             const std::stop_token& stop) const;

  /// With their names in English.
  Result<std::vector<Role>> roles(const SecretString& bearer, const std::string& account,
                                  const std::string& service, const std::stop_token& stop) const;

 private:
  /// All pages of a list; `next` as in Exchange::Pages.
  Result<void> pages(std::string_view what, const SecretString& bearer, const std::string& target,
                     std::string_view next, const Exchange::ReadPage& read,
                     const std::stop_token& stop) const;
  Result<void> remove(std::string_view what, const SecretString& bearer, std::string target,
                      const std::stop_token& stop) const;

  Exchange exchange_;
};

}  // namespace icrps::iam
