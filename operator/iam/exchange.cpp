#include "iam/exchange.hpp"

#include <fmt/format.h>

#include "iam/pure/token.hpp"
#include "iam/wipe.hpp"

namespace icrps::iam {
namespace {

constexpr std::chrono::milliseconds kDeadline{10'000};
constexpr std::size_t kMaxBody = std::size_t{1} << 20U;

std::string bearer_header(const SecretString& bearer) {
  constexpr std::string_view kBearer = "Bearer ";
  std::string value;
  value.reserve(kBearer.size() + bearer.size());
  value += kBearer;
  value += bearer.reveal();
  return value;
}

}  // namespace

Refusal if_coded(Refusal refusal) {
  const bool says_no =
      refusal.kind != Refusal::Kind::kUnknown && refusal.kind != Refusal::Kind::kCanceled;
  if (says_no && refusal.code.empty()) refusal.kind = Refusal::Kind::kUnknown;
  return refusal;
}

http::Request iam_request(http::Method method, std::string target) {
  http::Request request;
  request.method = method;
  request.target = std::move(target);
  request.headers = {{"Accept", "application/json"}};
  request.deadline = kDeadline;
  request.max_body = kMaxBody;
  return request;
}

http::Request iam_request(http::Method method, std::string target, std::string json) {
  auto request = iam_request(method, std::move(target));
  request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(json);
  return request;
}

Exchange::Result<http::Response> Exchange::send(std::string_view what, http::Request request,
                                                const std::stop_token& stop) const {
  const RequestWiper wiper(request);
  auto result = transport_.send(request, stop);
  if (!result) {
    observer_(what, http::to_string(result.error().kind));
    return tl::unexpected(refusal_of(host_, result.error()));
  }
  observer_(what, std::to_string(result->status));
  return std::move(*result);
}

Exchange::Result<http::Response> Exchange::ask(std::string_view what, http::Request request,
                                               const SecretString& bearer,
                                               const std::stop_token& stop) const {
  request.headers.push_back({"Authorization", bearer_header(bearer)});
  return send(what, std::move(request), stop);
}

Exchange::Result<http::Response> Exchange::call(std::string_view what, http::Request request,
                                                const SecretString& bearer,
                                                const std::stop_token& stop) const {
  auto answer = ask(what, std::move(request), bearer, stop);
  if (answer && !is_success(answer->status)) {
    return tl::unexpected(if_coded(refusal_of(host_, *answer, {bearer.reveal()})));
  }
  return answer;
}

Exchange::Result<void> Exchange::follow(const Pages& pages, const ReadPage& read,
                                        const SecretString& bearer,
                                        const std::stop_token& stop) const {
  std::string from;
  for (unsigned asked = 0; asked < pages.most; ++asked) {
    const auto target =
        from.empty() ? pages.target : fmt::format("{}&{}={}", pages.target, pages.next, from);
    auto answer = call(pages.what, iam_request(http::Method::kGet, target), bearer, stop);
    if (!answer) return tl::unexpected(std::move(answer.error()));
    const BodyWiper wiper(*answer);  // values of keys that IAM was told to keep may be in it
    auto next = read(answer->body);
    if (!next) return tl::unexpected(senseless(host_, *answer, pages.unreadable));
    if (next->empty()) return {};
    if (*next == from) break;
    from = std::move(*next);
  }
  Refusal refusal;
  refusal.who = host_;
  refusal.message = fmt::format("{}: a list of {} without an end", host_, pages.of);
  return tl::unexpected(std::move(refusal));
}

}  // namespace icrps::iam
