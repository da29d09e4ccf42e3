#include "provision/account.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace icrps::provision {
namespace {

using RefusalKind = iam::Refusal::Kind;
using Passes = std::function<bool(const iam::Refusal&)>;

constexpr int kTooManyRequests = 429;
constexpr int kStale = 412;
constexpr int kInTheWay = 409;
constexpr std::chrono::milliseconds kPause{2'000};

/// Of a question, or of a write that may be made twice: anything that says nothing.
bool says_nothing(const iam::Refusal& refusal) {
  return refusal.kind == RefusalKind::kUnknown && refusal.status != kInTheWay &&
         refusal.status != kStale;
}

/// Of a write that makes something each time: only what was certainly not done.
bool was_not_done(const iam::Refusal& refusal) {
  return refusal.status == kTooManyRequests;
}

/// The same, or what it is about is not known everywhere yet.
bool is_new(const iam::Refusal& refusal) {
  return was_not_done(refusal) || refusal.kind == RefusalKind::kNotFound;
}

}  // namespace

template <class Request>
auto Account::persist(Doing doing, const Request& request, const Passes& passes)
    -> Result<typename decltype(request())::value_type> {
  const auto end = waiting_.clock.now() + waiting_.patience;
  bool said = false;
  while (true) {
    auto answer = request();
    if (answer) return std::move(*answer);
    const auto& refusal = answer.error();
    const auto pause = std::max(kPause, refusal.retry_after.value_or(kPause));
    if (!passes(refusal) || waiting_.clock.now() + pause > end) {
      return tl::unexpected(explain(doing, refusal));
    }
    if (!std::exchange(said, true)) waiting_.say(refusal.message + "; trying again");
    waiting_.sleep(pause);
  }
}

namespace {

/// So that answers without content have the shape of the others.
struct Nothing {};

iam::Exchange::Result<Nothing> shaped(iam::Exchange::Result<void> answer) {
  if (!answer) return tl::unexpected(std::move(answer.error()));
  return Nothing{};
}

Account::Result<void> unshaped(Account::Result<Nothing> answer) {
  if (!answer) return tl::unexpected(std::move(answer.error()));
  return {};
}

}  // namespace

Account::Result<std::vector<iam::Identity>> Account::identities(iam::IdentityKind kind,
                                                                const std::string& name) {
  return persist(
      Doing::kListIdentities, [&] { return directory_.identities(bearer_, kind, id_, name, {}); },
      says_nothing);
}

Account::Result<std::optional<iam::Identity>> Account::identity(iam::IdentityKind kind,
                                                                const std::string& iam_id) {
  using Found = std::optional<iam::Identity>;
  constexpr std::string_view kPrefix = "iam-";
  if (!iam_id.starts_with(kPrefix)) return Found();
  bool nobodys = false;
  auto identity = persist(
      Doing::kListIdentities,
      [&] {
        auto answer = directory_.identity(bearer_, kind, iam_id.substr(kPrefix.size()), {});
        nobodys = !answer && answer.error().kind == RefusalKind::kNotFound;
        return answer;
      },
      says_nothing);
  if (identity) return Found(std::move(*identity));
  if (nobodys) return Found();
  return tl::unexpected(std::move(identity.error()));
}

Account::Result<std::vector<iam::Policy>> Account::policies(
    const iam::Directory::PolicyFilter& filter) {
  return persist(
      Doing::kListPolicies, [&] { return directory_.policies(bearer_, id_, filter, {}); },
      says_nothing);
}

Account::Result<std::vector<iam::KeyInfo>> Account::api_keys(const iam::Identity& identity) {
  return persist(
      Doing::kListKeys, [&] { return keys_.list_keys(bearer_, identity.iam_id, id_, {}); },
      says_nothing);
}

Account::Result<std::vector<iam::ProfileLink>> Account::links(const iam::Identity& identity) {
  return persist(
      Doing::kListIdentities, [&] { return directory_.links(bearer_, identity.id, {}); },
      says_nothing);
}

unsigned Account::key_limit() {
  constexpr unsigned kUsual = 20;
  const auto limit = keys_.key_limit(bearer_, id_, {});
  return limit ? *limit : kUsual;
}

Account::Result<std::optional<iam::KeyDetails>> Account::key_details(const SecretString& value,
                                                                     bool late) {
  using Found = std::optional<iam::KeyDetails>;
  const auto unknown = [](const iam::Refusal& refusal) {
    return refusal.kind == RefusalKind::kNotFound || refusal.kind == RefusalKind::kRefused;
  };
  bool nobodys = false;
  auto details = persist(
      Doing::kReadKey,
      [&] {
        auto answer = directory_.key_details(bearer_, value, {});
        nobodys = !answer && unknown(answer.error());
        return answer;
      },
      [&](const iam::Refusal& refusal) {
        return says_nothing(refusal) || (late && unknown(refusal));
      });
  if (details) return Found(std::move(*details));
  if (nobodys) return Found();
  return tl::unexpected(std::move(details.error()));
}

Account::Result<std::string> Account::role(const std::string& service, const std::string& name,
                                           const std::string& needed) {
  auto roles = persist(
      Doing::kRoles, [&] { return directory_.roles(bearer_, id_, service, {}); }, says_nothing);
  if (!roles) return tl::unexpected(std::move(roles.error()));
  const auto found = std::find_if(roles->begin(), roles->end(),
                                  [&](const iam::Role& role) { return role.name == name; });
  if (found == roles->end()) {
    return tl::unexpected(fmt::format("IAM knows no role {} of the service {}", name, service));
  }
  if (!needed.empty() && !found->actions.empty() && !found->actions.contains(needed)) {
    return tl::unexpected(
        fmt::format("the role {} of the service {} does not allow {}", name, service, needed));
  }
  return found->crn;
}

Account::Result<iam::Identity> Account::make_identity(const iam::Identity& wanted) {
  return persist(
      Doing::kMakeIdentity, [&] { return directory_.create_identity(bearer_, wanted, {}); },
      was_not_done);
}

Account::Result<void> Account::make_link(const iam::Identity& identity,
                                         const iam::ProfileLink& link, const std::string& name) {
  return unshaped(persist(
      Doing::kLink,
      [&] { return shaped(directory_.create_link(bearer_, identity.id, link, name, {})); },
      is_new));
}

Account::Result<iam::Policy> Account::make_policy(const iam::Policy& wanted) {
  // Made twice it is a 409 that names the first: asking again is safe.
  const auto passes = [](const iam::Refusal& refusal) {
    return says_nothing(refusal) || is_new(refusal);
  };
  auto created = persist(
      Doing::kPolicy, [&] { return directory_.create_policy(bearer_, wanted, {}); }, passes);
  if (!created) return tl::unexpected(std::move(created.error()));
  if (!created->existed) {
    auto policy = wanted;
    policy.id = created->id;
    return policy;
  }
  return persist(
      Doing::kPolicy, [&] { return directory_.policy(bearer_, created->id, {}); }, passes);
}

Account::Result<void> Account::change_policy(iam::Policy wanted) {
  const auto change = [&]() -> iam::Exchange::Result<Nothing> {
    auto now = directory_.policy(bearer_, wanted.id, {});
    if (!now) return tl::unexpected(std::move(now.error()));
    wanted.etag = now->etag;
    return shaped(directory_.replace_policy(bearer_, wanted, {}));
  };
  // One that somebody changed between the two is read again.
  const auto passes = [](const iam::Refusal& refusal) {
    return says_nothing(refusal) || is_new(refusal) || refusal.status == kStale;
  };
  return unshaped(persist(Doing::kPolicy, change, passes));
}

Account::Result<iam::NewKey> Account::make_key(const iam::Identity& identity,
                                               const std::string& name,
                                               const std::string& description) {
  return persist(
      Doing::kMakeKey,
      [&] { return keys_.create_key(bearer_, identity.iam_id, id_, name, description, {}); },
      is_new);
}

Account::Result<void> Account::delete_policy(const std::string& id) {
  return unshaped(persist(
      Doing::kPolicy, [&] { return shaped(directory_.delete_policy(bearer_, id, {})); },
      says_nothing));
}

Account::Result<void> Account::delete_key(const std::string& id) {
  return unshaped(persist(
      Doing::kDeleteKey, [&] { return shaped(keys_.delete_key(bearer_, id, {})); }, says_nothing));
}

Account::Result<void> Account::delete_identity(const iam::Identity& identity) {
  return unshaped(persist(
      Doing::kDeleteIdentity,
      [&] { return shaped(directory_.delete_identity(bearer_, identity, {})); }, says_nothing));
}

}  // namespace icrps::provision
