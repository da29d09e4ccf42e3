// An IBM Cloud account as `provision` works in it: refusals in words for a person, and patience
// with what is busy or not known everywhere yet.
//
// Thread safety: none; one run uses it. Blocks.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "iam/client.hpp"
#include "iam/directory.hpp"
#include "provision/pure/words.hpp"
#include "runtime/clock.hpp"

namespace icrps::provision {

/// How a run waits, and what it says meanwhile.
struct Waiting {
  const Clock& clock;
  std::function<void(std::chrono::milliseconds)> sleep;
  std::function<void(const std::string&)> say = [](const std::string&) {};
  /// For what is busy, and for what was made a moment ago.
  std::chrono::seconds patience{60};
};

class Account {
 public:
  template <typename T>
  using Result = tl::expected<T, std::string>;

  /// `keys` and `directory` outlive it. `bearer`: an access token.
  Account(iam::Client& keys, const iam::Directory& directory, SecretString bearer, std::string id,
          Waiting waiting)
      : keys_(keys),
        directory_(directory),
        bearer_(std::move(bearer)),
        id_(std::move(id)),
        waiting_(std::move(waiting)) {}

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const Waiting& waiting() const { return waiting_; }

  Result<std::vector<iam::Identity>> identities(iam::IdentityKind kind, const std::string& name);
  /// Whose `iam_id` this is; nothing: nobody's of that kind. It does not wait for the lists.
  Result<std::optional<iam::Identity>> identity(iam::IdentityKind kind, const std::string& iam_id);
  Result<std::vector<iam::Policy>> policies(const iam::Directory::PolicyFilter& filter);
  Result<std::vector<iam::KeyInfo>> api_keys(const iam::Identity& identity);
  Result<std::vector<iam::ProfileLink>> links(const iam::Identity& identity);
  /// 20, IBM's usual one, when it can't be read.
  unsigned key_limit();
  /// Nothing: IAM knows no such key. A value that was stored a moment ago is waited for with
  /// `late`.
  Result<std::optional<iam::KeyDetails>> key_details(const SecretString& value, bool late);
  /// The CRN of a role by its English name. `needed`: an action that it must have; or empty.
  Result<std::string> role(const std::string& service, const std::string& name,
                           const std::string& needed);

  Result<iam::Identity> make_identity(const iam::Identity& wanted);
  Result<void> make_link(const iam::Identity& identity, const iam::ProfileLink& link,
                         const std::string& name);
  /// The policy that is there now: the new one, or the one that IAM says is in the way.
  Result<iam::Policy> make_policy(const iam::Policy& wanted);
  Result<void> change_policy(iam::Policy wanted);
  Result<iam::NewKey> make_key(const iam::Identity& identity, const std::string& name,
                               const std::string& description);

  Result<void> delete_policy(const std::string& id);
  Result<void> delete_key(const std::string& id);
  Result<void> delete_identity(const iam::Identity& identity);

 private:
  /// Calls `request` again while IAM is busy, or `passes` says so of its refusal.
  template <class Request>
  auto persist(Doing doing, const Request& request,
               const std::function<bool(const iam::Refusal&)>& passes)
      -> Result<typename decltype(request())::value_type>;

  iam::Client& keys_;
  const iam::Directory& directory_;
  const SecretString bearer_;
  const std::string id_;
  const Waiting waiting_;
};

}  // namespace icrps::provision
