#include "kube/client.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "kube/pure/decode.hpp"
#include "kube/pure/managed_fields.hpp"

namespace icrps::kube {
namespace {

using Kind = ApiError::Kind;
using http::Method;

constexpr std::size_t kLongestMessage = 500;
constexpr int kTooMany = 429;
constexpr int kGone = 410;
// Each brings at least a page, so that this is a list of tens of thousands, read very slowly.
constexpr unsigned kMostSnapshots = 100;

/// Only the form in seconds: the API server sends no other.
std::optional<std::chrono::seconds> retry_after_of(const http::ResponseHead& head) {
  const auto text = head.header("retry-after");
  if (!text) return std::nullopt;
  long seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (error != std::errc{} || end != text->data() + text->size() || seconds < 0) {
    return std::nullopt;
  }
  return std::min(std::chrono::seconds(seconds), kLongestRetryAfter);
}

Kind kind_of(const Status& status) {
  if (!status.from_api_server && status.code != kTooMany) return Kind::kServer;
  switch (status.code) {
    case 401:
      return Kind::kServer;
    case 403:
      return status.has_cause("NamespaceTerminating") ? Kind::kTerminating : Kind::kForbidden;
    case 404:
      return Kind::kNotFound;
    case 409:
      return status.reason == "AlreadyExists" ? Kind::kAlreadyExists : Kind::kConflict;
    case kTooMany:
      return Kind::kThrottled;
    default:
      return status.code >= 500 || status.code < 400 ? Kind::kServer : Kind::kInvalid;
  }
}

/// How the API server reports that a JSON patch could not be applied, be it that its `test` failed.
/// Admission and validation answer with 422, too, and in other words. Source: k8s.io/apimachinery
/// pkg/api/errors (NewGenericServerResponse), as called in k8s.io/apiserver
/// pkg/endpoints/handlers/patch.go.
bool is_failed_patch(const Status& status) {
  constexpr int kUnprocessable = 422;
  return status.from_api_server && status.code == kUnprocessable &&
         status.message.starts_with(
             "the server rejected our request due to an error in our "
             "request");
}

std::string_view content_type(Client::PatchType type) {
  return type == Client::PatchType::kJson ? "application/json-patch+json"
                                          : "application/merge-patch+json";
}

http::Request request(Method method, const Path& path, std::string_view type, std::string body) {
  http::Request request;
  request.method = method;
  request.target = path.target();
  request.headers = {{"Accept", "application/json"}};
  if (!body.empty()) request.headers.push_back({"Content-Type", std::string(type)});
  request.body = std::move(body);
  return request;
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::kNotFound:
      return "not_found";
    case Kind::kAlreadyExists:
      return "already_exists";
    case Kind::kConflict:
      return "conflict";
    case Kind::kTerminating:
      return "terminating";
    case Kind::kForbidden:
      return "forbidden";
    case Kind::kThrottled:
      return "throttled";
    case Kind::kServer:
      return "server";
    case Kind::kNoAnswer:
      return "no_answer";
    case Kind::kCanceled:
      return "canceled";
    case Kind::kInvalid:
      return "invalid";
  }
  return "unknown";
}

std::string Path::target() const {
  std::string target = group.empty() ? "/api/v1" : fmt::format("/apis/{}", group);
  if (!ns.empty()) target += fmt::format("/namespaces/{}", ns);
  target += fmt::format("/{}", resource);
  if (!name.empty()) target += fmt::format("/{}", name);
  if (!subresource.empty()) target += fmt::format("/{}", subresource);
  if (!query.empty()) target += fmt::format("?{}", query);
  return target;
}

std::string Path::kind() const {
  return subresource.empty() ? std::string(resource) : fmt::format("{}/{}", resource, subresource);
}

Status status_of(const http::Response& response) {
  Status status = decode_status(response.body);
  status.code = response.status;
  if (const auto after = retry_after_of(response)) status.retry_after = after;
  if (!status.from_api_server && response.status != kTooMany) {
    status.message = fmt::format(
        "HTTP status {} without the API server's own words: something between it and the operator "
        "answers",
        response.status);
  }
  if (status.message.empty()) status.message = fmt::format("HTTP status {}", response.status);
  if (status.message.size() > kLongestMessage) status.message.resize(kLongestMessage);
  return status;
}

ApiError error_of(const http::Response& response) {
  const Status status = status_of(response);
  ApiError error{kind_of(status), status.code,        status.message,
                 std::nullopt,    refuser_of(status), cause_of(status)};
  if (status.retry_after) error.retry_after = *status.retry_after;
  error.unprocessable = is_failed_patch(status);
  return error;
}

ApiError error_of(const http::Failure& failure) {
  const bool canceled = failure.kind == http::Failure::Kind::kCanceled;
  return {canceled ? Kind::kCanceled : Kind::kNoAnswer, 0, failure.message, std::nullopt};
}

tl::expected<void, ApiError> Client::list(const Collection& collection,
                                          const std::function<void(Object&&)>& on_item,
                                          const std::stop_token& stop) {
  std::string continue_token;
  unsigned snapshots = 0;
  do {
    const auto result = fetch_page(transport_, collection, continue_token, stop);
    observer_("LIST", collection.name,
              result ? std::to_string(result->status)
                     : std::string(http::to_string(result.error().kind)));
    if (!result) return tl::unexpected(error_of(result.error()));
    if (result->status == kGone && ++snapshots < kMostSnapshots) {
      auto status = status_of(*result);
      if (status.from_api_server && !status.continue_token.empty()) {
        continue_token = std::move(status.continue_token);
        continue;
      }
    }
    constexpr int kOk = 200;
    if (result->status != kOk) return tl::unexpected(error_of(*result));
    auto page = decode_list(result->body, on_item, collection.keep);
    if (!page) {
      return tl::unexpected(ApiError{Kind::kServer, result->status,
                                     "unreadable answer: " + page.error().message, std::nullopt});
    }
    continue_token = std::move(page->continue_token);
  } while (!continue_token.empty());
  return {};
}

Reply Client::get(const Path& path, const std::stop_token& stop) {
  return send(path, request(Method::kGet, path, {}, {}), stop);
}

tl::expected<std::vector<std::string>, ApiError> Client::field_managers(
    const Path& path, std::string_view owned, const std::stop_token& stop) {
  const auto answer = exchange(path, request(Method::kGet, path, {}, {}), stop);
  if (!answer) return tl::unexpected(answer.error());
  return kube::field_managers(answer->body, owned);
}

tl::expected<std::string, ApiError> Client::get_text(const Path& path,
                                                     const std::stop_token& stop) {
  auto answer = exchange(path, request(Method::kGet, path, {}, {}), stop);
  if (!answer) return tl::unexpected(answer.error());
  return std::move(answer->body);
}

Reply Client::create(const Path& collection, std::string body, const std::stop_token& stop) {
  return send(collection, request(Method::kPost, collection, "application/json", std::move(body)),
              stop);
}

Reply Client::patch(const Path& path, PatchType type, std::string body,
                    const std::stop_token& stop) {
  auto reply = send(path, request(Method::kPatch, path, content_type(type), std::move(body)), stop);
  if (!reply && type == PatchType::kJson && reply.error().unprocessable) {
    reply.error().kind = Kind::kConflict;
  }
  return reply;
}

Reply Client::remove(const Path& path, std::string options, const std::stop_token& stop) {
  return send(path, request(Method::kDelete, path, "application/json", std::move(options)), stop);
}

tl::expected<http::Response, ApiError> Client::exchange(const Path& path,
                                                        const http::Request& request,
                                                        const std::stop_token& stop) {
  auto result = transport_.send(request, stop);
  const auto verb = http::to_string(request.method);
  if (!result) {
    observer_(verb, path.kind(), http::to_string(result.error().kind));
    return tl::unexpected(error_of(result.error()));
  }
  observer_(verb, path.kind(), std::to_string(result->status));
  if (result->status < 200 || result->status > 299) return tl::unexpected(error_of(*result));
  return std::move(*result);
}

Reply Client::send(const Path& path, const http::Request& request, const std::stop_token& stop) {
  const auto result = exchange(path, request, stop);
  if (!result) return tl::unexpected(result.error());
  if (request.method == Method::kDelete || !path.subresource.empty()) return Object{};
  auto object = decode_object(result->body, keep_);
  if (!object) {
    return tl::unexpected(ApiError{Kind::kServer, result->status,
                                   "unreadable answer: " + object.error().message, std::nullopt});
  }
  return std::move(*object);
}

}  // namespace icrps::kube
