#include "iam/directory.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include <nlohmann/json.hpp>

#include "http/percent.hpp"
#include "iam/pure/token.hpp"
#include "iam/wipe.hpp"

namespace icrps::iam {
namespace {

using http::percent_encode;
using Verb = http::Method;

constexpr unsigned kEntriesAtOnce = 100;  // the most that IAM gives
constexpr unsigned kPagesAtMost = 100;
constexpr int kHttpConflict = 409;

std::string collection(IdentityKind kind) {
  // The slash at the end is the API's.
  return kind == IdentityKind::kServiceId ? "/v1/serviceids/" : "/v1/profiles";
}

std::string place_of(IdentityKind kind, const std::string& id) {
  const auto base = collection(kind);
  return base + (base.ends_with('/') ? "" : "/") + percent_encode(id);
}

std::string links_of(const std::string& profile) {
  return fmt::format("/v1/profiles/{}/links", percent_encode(profile));
}

std::string policy_target(const std::string& id) {
  return "/v2/policies/" + percent_encode(id);
}

/// Roles are found by their names, which are translated otherwise.
http::Request in_english(http::Request request) {
  request.headers.push_back({"Accept-Language", "en"});
  return request;
}

}  // namespace

Directory::Result<void> Directory::pages(std::string_view what, const SecretString& bearer,
                                         const std::string& target, std::string_view next,
                                         const Exchange::ReadPage& read,
                                         const std::stop_token& stop) const {
  return exchange_.follow({.what = what,
                           .target = target,
                           .next = next,
                           .most = kPagesAtMost,
                           .of = "pages",
                           .unreadable = fmt::format("that is no answer to \"{}\"", what)},
                          read, bearer, stop);
}

Directory::Result<void> Directory::remove(std::string_view what, const SecretString& bearer,
                                          std::string target, const std::stop_token& stop) const {
  auto answer = exchange_.call(what, iam_request(Verb::kDelete, std::move(target)), bearer, stop);
  if (!answer && answer.error().kind != Refusal::Kind::kNotFound) {
    return tl::unexpected(std::move(answer.error()));
  }
  return {};
}

Directory::Result<KeyDetails> Directory::key_details(const SecretString& bearer,
                                                     const SecretString& api_key,
                                                     const std::stop_token& stop) const {
  constexpr std::string_view kWhat = "key details";
  auto question = iam_request(Verb::kGet, "/v1/apikeys/details");
  question.headers.push_back({"IAM-ApiKey", api_key.reveal()});
  auto answer = exchange_.ask(kWhat, std::move(question), bearer, stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  const BodyWiper wiper(*answer);
  if (!is_success(answer->status)) {
    return tl::unexpected(
        refusal_of(exchange_.host(), *answer, {bearer.reveal(), api_key.reveal()}));
  }
  auto details = read_key_details(answer->body);
  if (!details) {
    return tl::unexpected(senseless(exchange_.host(), *answer, "without the details of a key"));
  }
  return std::move(*details);
}

Directory::Result<std::vector<Identity>> Directory::identities(const SecretString& bearer,
                                                               IdentityKind kind,
                                                               const std::string& account,
                                                               const std::string& name,
                                                               const std::stop_token& stop) const {
  auto target = fmt::format("{}?account_id={}&pagesize={}", collection(kind),
                            percent_encode(account), kEntriesAtOnce);
  if (!name.empty()) target += "&name=" + percent_encode(name);
  std::vector<Identity> found;
  const auto read = [&](const std::string& body) -> std::optional<std::string> {
    auto page = read_identity_page(kind, body);
    if (!page) return std::nullopt;
    std::copy_if(std::make_move_iterator(page->identities.begin()),
                 std::make_move_iterator(page->identities.end()), std::back_inserter(found),
                 [&](const Identity& one) { return name.empty() || one.name == name; });
    return page->next;
  };
  const auto what = fmt::format("list {}s", to_string(kind));
  auto read_all = pages(what, bearer, target, "pagetoken", read, stop);
  if (!read_all) return tl::unexpected(std::move(read_all.error()));
  return found;
}

Directory::Result<Identity> Directory::identity(const SecretString& bearer, IdentityKind kind,
                                                const std::string& id,
                                                const std::stop_token& stop) const {
  auto answer = exchange_.call(fmt::format("read {}", to_string(kind)),
                               iam_request(Verb::kGet, place_of(kind, id)), bearer, stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  auto identity = read_identity(kind, answer->body);
  if (!identity) return tl::unexpected(senseless(exchange_.host(), *answer, "without an identity"));
  return std::move(*identity);
}

Directory::Result<Identity> Directory::create_identity(const SecretString& bearer,
                                                       const Identity& wanted,
                                                       const std::stop_token& stop) const {
  const nlohmann::json body{{"name", wanted.name},
                            {"account_id", wanted.account_id},
                            {"description", wanted.description}};
  auto question = iam_request(Verb::kPost, collection(wanted.kind),
                              body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  auto answer = exchange_.call(fmt::format("create {}", to_string(wanted.kind)),
                               std::move(question), bearer, stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  auto identity = read_identity(wanted.kind, answer->body);
  if (!identity) {
    return tl::unexpected(
        senseless(exchange_.host(), *answer,
                  fmt::format("without the {} that was perhaps made", to_string(wanted.kind))));
  }
  return std::move(*identity);
}

Directory::Result<void> Directory::delete_identity(const SecretString& bearer,
                                                   const Identity& identity,
                                                   const std::stop_token& stop) const {
  return remove(fmt::format("delete {}", to_string(identity.kind)), bearer,
                place_of(identity.kind, identity.id), stop);
}

Directory::Result<std::vector<ProfileLink>> Directory::links(const SecretString& bearer,
                                                             const std::string& profile,
                                                             const std::stop_token& stop) const {
  auto answer =
      exchange_.call("list links", iam_request(Verb::kGet, links_of(profile)), bearer, stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  auto links = read_profile_links(answer->body);
  if (!links)
    return tl::unexpected(senseless(exchange_.host(), *answer, "without a list of links"));
  return std::move(*links);
}

Directory::Result<void> Directory::create_link(const SecretString& bearer,
                                               const std::string& profile, const ProfileLink& link,
                                               const std::string& name,
                                               const std::stop_token& stop) const {
  auto question = iam_request(Verb::kPost, links_of(profile), profile_link_json(link, name));
  auto answer = exchange_.call("create link", std::move(question), bearer, stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  return {};
}

Directory::Result<std::vector<Policy>> Directory::policies(const SecretString& bearer,
                                                           const std::string& account,
                                                           const PolicyFilter& filter,
                                                           const std::stop_token& stop) const {
  auto target = fmt::format("/v2/policies?account_id={}&type=access&state=active&limit={}",
                            percent_encode(account), kEntriesAtOnce);
  if (!filter.iam_id.empty()) target += "&iam_id=" + percent_encode(filter.iam_id);
  if (!filter.service.empty()) target += "&service_name=" + percent_encode(filter.service);
  std::vector<Policy> found;
  const auto read = [&](const std::string& body) -> std::optional<std::string> {
    auto page = read_policy_page(body);
    if (!page) return std::nullopt;
    std::copy_if(
        std::make_move_iterator(page->policies.begin()),
        std::make_move_iterator(page->policies.end()), std::back_inserter(found),
        [&](const Policy& one) { return filter.iam_id.empty() || one.iam_id == filter.iam_id; });
    return page->next;
  };
  auto read_all = pages("list policies", bearer, target, "start", read, stop);
  if (!read_all) return tl::unexpected(std::move(read_all.error()));
  return found;
}

Directory::Result<Policy> Directory::policy(const SecretString& bearer, const std::string& id,
                                            const std::stop_token& stop) const {
  auto answer =
      exchange_.call("read policy", iam_request(Verb::kGet, policy_target(id)), bearer, stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  auto policy = read_policy(answer->body);
  if (!policy) return tl::unexpected(senseless(exchange_.host(), *answer, "without a policy"));
  policy->etag = answer->header("ETag").value_or("");
  return std::move(*policy);
}

Directory::Result<Directory::Created> Directory::create_policy(const SecretString& bearer,
                                                               const Policy& wanted,
                                                               const std::stop_token& stop) const {
  auto answer = exchange_.ask(
      "create policy", iam_request(Verb::kPost, "/v2/policies", policy_json(wanted)), bearer, stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  if (answer->status == kHttpConflict) {
    if (auto id = read_conflicting_policy(answer->body)) return Created{std::move(*id), true};
  }
  if (!is_success(answer->status)) {
    return tl::unexpected(refusal_of(exchange_.host(), *answer, {bearer.reveal()}));
  }
  auto policy = read_policy(answer->body);
  if (!policy) {
    return tl::unexpected(
        senseless(exchange_.host(), *answer, "without the policy that was perhaps made"));
  }
  return Created{std::move(policy->id), false};
}

Directory::Result<void> Directory::replace_policy(const SecretString& bearer, const Policy& wanted,
                                                  const std::stop_token& stop) const {
  auto question = iam_request(Verb::kPut, policy_target(wanted.id), policy_json(wanted));
  question.headers.push_back({"If-Match", wanted.etag});
  auto answer = exchange_.call("change policy", std::move(question), bearer, stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  return {};
}

Directory::Result<void> Directory::delete_policy(const SecretString& bearer, const std::string& id,
                                                 const std::stop_token& stop) const {
  return remove("delete policy", bearer, policy_target(id), stop);
}

Directory::Result<std::vector<Role>> Directory::roles(const SecretString& bearer,
                                                      const std::string& account,
                                                      const std::string& service,
                                                      const std::stop_token& stop) const {
  const auto target = fmt::format("/v2/roles?account_id={}&service_name={}",
                                  percent_encode(account), percent_encode(service));
  auto answer =
      exchange_.call("list roles", in_english(iam_request(Verb::kGet, target)), bearer, stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  auto roles = read_roles(answer->body);
  if (!roles)
    return tl::unexpected(senseless(exchange_.host(), *answer, "without a list of roles"));
  return std::move(*roles);
}

}  // namespace icrps::iam
