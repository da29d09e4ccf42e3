#include "iam/client.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <optional>

#include <nlohmann/json.hpp>

#include "http/percent.hpp"
#include "iam/pure/form.hpp"
#include "iam/wipe.hpp"

namespace icrps::iam {
namespace {

using http::Method;

constexpr unsigned kPageSize = 100;  // the most that IAM gives at once
constexpr unsigned kMostPages = 50;
constexpr std::string_view kServiceId = "iam-ServiceId-";

constexpr std::string_view kGrantApiKey = "urn:ibm:params:oauth:grant-type:apikey";
constexpr std::string_view kGrantComputeResource = "urn:ibm:params:oauth:grant-type:cr-token";
constexpr std::string_view kGrantAssume = "urn:ibm:params:oauth:grant-type:assume";
/// The public client of IBM's command line, "bx:bx": without a client there is no refresh token.
constexpr std::string_view kCommandLineClient = "Basic Yng6Yng=";

std::string key_target(const std::string& id) {
  return "/v1/apikeys/" + http::percent_encode(id);
}

std::string list_target(const std::string& iam_id, const std::string& account_id) {
  std::string target =
      fmt::format("/v1/apikeys?account_id={}&iam_id={}&pagesize={}",
                  http::percent_encode(account_id), http::percent_encode(iam_id), kPageSize);
  if (iam_id.starts_with(kServiceId)) target += "&type=serviceid";
  return target;
}

}  // namespace

Client::Result<Token> Client::token(const SecretString& form, const SecretString& credential,
                                    std::string_view client, const std::stop_token& stop) {
  auto question = iam_request(Method::kPost, "/identity/token");
  question.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  if (!client.empty()) question.headers.push_back({"Authorization", std::string(client)});
  question.body = form.reveal();
  auto answer = exchange_.send("token", std::move(question), stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  const BodyWiper wiper(*answer);
  auto token = read_token(exchange_.host(), *answer, {credential.reveal()});
  if (!token) return tl::unexpected(if_coded(std::move(token.error())));
  return token;
}

Client::Result<Token> Client::token_by_api_key(const SecretString& api_key,
                                               const std::stop_token& stop) {
  return token(encode_form({{"grant_type", kGrantApiKey},
                            {"response_type", "cloud_iam"},
                            {"apikey", api_key.reveal()}}),
               api_key, {}, stop);
}

Client::Result<Token> Client::session_by_api_key(const SecretString& api_key,
                                                 const std::stop_token& stop) {
  return token(encode_form({{"grant_type", kGrantApiKey},
                            {"response_type", "cloud_iam"},
                            {"apikey", api_key.reveal()}}),
               api_key, kCommandLineClient, stop);
}

Client::Result<Token> Client::token_by_compute_resource(const SecretString& cr_token,
                                                        const std::string& profile,
                                                        const std::stop_token& stop) {
  return token(encode_form({{"grant_type", kGrantComputeResource},
                            {"profile_id", profile},
                            {"cr_token", cr_token.reveal()}}),
               cr_token, {}, stop);
}

Client::Result<Token> Client::token_by_profile(const SecretString& bearer,
                                               const std::string& profile,
                                               const std::stop_token& stop) {
  return token(encode_form({{"grant_type", kGrantAssume},
                            {"profile_id", profile},
                            {"access_token", bearer.reveal()}}),
               bearer, {}, stop);
}

Client::Result<NewKey> Client::create_key(const SecretString& bearer, const std::string& iam_id,
                                          const std::string& account_id, const std::string& name,
                                          const std::string& description,
                                          const std::stop_token& stop) {
  // `store_value`: a value that IAM keeps could be read again by whoever may read the key.
  const nlohmann::json body{{"name", name},
                            {"iam_id", iam_id},
                            {"account_id", account_id},
                            {"description", description},
                            {"store_value", false}};
  auto question = iam_request(Method::kPost, "/v1/apikeys",
                              body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  auto answer = exchange_.call("create key", std::move(question), bearer, stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  const BodyWiper wiper(*answer);
  auto key = read_new_key(answer->body);
  if (!key) {
    return tl::unexpected(
        senseless(exchange_.host(), *answer, "without the key that was perhaps made"));
  }
  return std::move(*key);
}

Client::Result<std::vector<KeyInfo>> Client::list_keys(const SecretString& bearer,
                                                       const std::string& iam_id,
                                                       const std::string& account_id,
                                                       const std::stop_token& stop) {
  std::vector<KeyInfo> keys;
  const auto read = [&](const std::string& body) -> std::optional<std::string> {
    auto page = read_key_page(body);
    if (!page) return std::nullopt;
    std::copy_if(std::make_move_iterator(page->keys.begin()),
                 std::make_move_iterator(page->keys.end()), std::back_inserter(keys),
                 [&](const KeyInfo& key) { return key.iam_id == iam_id; });
    return std::move(page->next);
  };
  auto all = exchange_.follow({.what = "list keys",
                               .target = list_target(iam_id, account_id),
                               .next = "pagetoken",
                               .most = kMostPages,
                               .of = "keys",
                               .unreadable = "without a readable list of keys"},
                              read, bearer, stop);
  if (!all) return tl::unexpected(std::move(all.error()));
  return keys;
}

Client::Result<void> Client::disable_key(const SecretString& bearer, const std::string& id,
                                         const std::stop_token& stop) {
  auto answer = exchange_.call(
      "disable key", iam_request(Method::kPost, key_target(id) + "/disable"), bearer, stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  return {};
}

Client::Result<void> Client::delete_key(const SecretString& bearer, const std::string& id,
                                        const std::stop_token& stop) {
  auto answer =
      exchange_.call("delete key", iam_request(Method::kDelete, key_target(id)), bearer, stop);
  if (!answer && answer.error().kind != Refusal::Kind::kNotFound) {
    return tl::unexpected(std::move(answer.error()));
  }
  return {};
}

Client::Result<unsigned> Client::key_limit(const SecretString& bearer,
                                           const std::string& account_id,
                                           const std::stop_token& stop) {
  auto answer =
      exchange_.call("key limit",
                     iam_request(Method::kGet, "/v1/accounts/" + http::percent_encode(account_id) +
                                                   "/limits/identity"),
                     bearer, stop);
  if (!answer) return tl::unexpected(std::move(answer.error()));
  const auto limit = read_key_limit(answer->body);
  if (!limit)
    return tl::unexpected(senseless(exchange_.host(), *answer, "without apikeys_per_identity"));
  return *limit;
}

}  // namespace icrps::iam
