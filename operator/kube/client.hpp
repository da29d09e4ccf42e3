// The Kubernetes REST API: the few calls this program makes, and its refusals as values.
//
// Thread safety: all methods may be called from any thread at once; they block the caller.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "http/transport.hpp"
#include "kube/collection.hpp"
#include "kube/pure/object.hpp"
#include "kube/pure/refusal.hpp"

namespace icrps::kube {

/// Sorted by what the caller must do about it. Only a Status of the API server means what it says:
/// the 404, 403 or 422 of something in between is kServer. A 429 is believed from everybody.
struct ApiError {
  enum class Kind {
    kNotFound,       ///< 404: the object, or its namespace, is gone
    kAlreadyExists,  ///< 409 on a create: read it and compare, it may be one's own
    kConflict,       ///< 409, and 422 of a JSON patch whose test failed: read again, decide again
    kTerminating,    ///< 403 because the namespace is being deleted: nothing to do any more
    kForbidden,      ///< 403: a person must mend the permissions
    kThrottled,      ///< 429: not before retry_after
    kServer,         ///< nothing is known (5xx, 401, no Status): try again later
    kNoAnswer,       ///< the transport failed; a write may have happened
    kCanceled,       ///< the caller's stop token
    kInvalid,        ///< any other 4xx: asking again will not help
  };
  Kind kind = Kind::kServer;
  int status = 0;       ///< HTTP, 0 without an answer
  std::string message;  ///< the API server's words; for people
  std::optional<std::chrono::milliseconds> retry_after;
  Refuser refuser = Refuser::kUnknown;
  std::string cause{};         ///< cause_of()
  bool unprocessable = false;  ///< 422: the patch itself could not be applied
};

[[nodiscard]] std::string_view to_string(ApiError::Kind kind);

using Reply = tl::expected<Object, ApiError>;

/// A collection, an object, or a subresource of one.
struct Path {
  std::string_view resource;       ///< "secrets"
  std::string_view ns;             ///< empty: cluster-wide
  std::string_view name;           ///< empty: the collection
  std::string_view subresource{};  ///< "eviction"; empty: the object itself
  std::string_view group{};        ///< "apps/v1"; empty: the core group
  std::string_view query{};        ///< "labelSelector=app%3Dweb", percent-encoded; empty: none

  /// "/api/v1/namespaces/shop/secrets/icr-default"
  [[nodiscard]] std::string target() const;
  /// "pods/eviction", as RBAC has it.
  [[nodiscard]] std::string kind() const;
};

/// Called after each request: "POST", "secrets" or "pods/eviction", "201" or "timeout".
using RequestObserver =
    std::function<void(std::string_view verb, std::string_view resource, std::string_view code)>;

class Client {
 public:
  enum class PatchType { kJson, kMerge };

  /// `transport` outlives the client. `keep`: of the objects in the replies.
  Client(http::Transport& transport, RequestObserver observer, Keep keep = {})
      : transport_(transport), observer_(std::move(observer)), keep_(std::move(keep)) {}

  /// All objects of a collection, page by page. When it takes longer than the API server keeps a
  /// snapshot, the rest is as of later.
  tl::expected<void, ApiError> list(const Collection& collection,
                                    const std::function<void(Object&&)>& on_item,
                                    const std::stop_token& stop = {});
  Reply get(const Path& path, const std::stop_token& stop = {});
  /// As JSON text, for what an Object does not hold.
  tl::expected<std::string, ApiError> get_text(const Path& path, const std::stop_token& stop = {});
  /// Who wrote the object, the last one first; with `owned` only who wrote something below that
  /// key.
  tl::expected<std::vector<std::string>, ApiError> field_managers(const Path& path,
                                                                  std::string_view owned = {},
                                                                  const std::stop_token& stop = {});
  /// Of a subresource the Reply's object is empty.
  Reply create(const Path& collection, std::string body, const std::stop_token& stop = {});
  Reply patch(const Path& path, PatchType type, std::string body, const std::stop_token& stop = {});
  /// `options`: a DeleteOptions object. The Reply's object may be empty.
  Reply remove(const Path& path, std::string options, const std::stop_token& stop = {});

 private:
  Reply send(const Path& path, const http::Request& request, const std::stop_token& stop);
  /// An answer that is 2xx.
  tl::expected<http::Response, ApiError> exchange(const Path& path, const http::Request& request,
                                                  const std::stop_token& stop);

  http::Transport& transport_;
  const RequestObserver observer_;
  const Keep keep_;
};

/// An answer that is not 2xx, or none at all. Pure.
[[nodiscard]] ApiError error_of(const http::Response& response);
[[nodiscard]] ApiError error_of(const http::Failure& failure);

/// The Status in the body of an answer, with the code and the Retry-After of its head. Pure.
[[nodiscard]] Status status_of(const http::Response& response);

}  // namespace icrps::kube
