#include "kube/collection.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "http/percent.hpp"
#include "kube/client.hpp"

namespace icrps::kube {
namespace {

using namespace std::chrono_literals;

// A server that does not end a watch in time, nor sends bookmarks (about one a minute), is gone.
constexpr auto kIdleSlack = 10s;

constexpr unsigned kSmaller = 8;

std::string accept(const Collection& collection, bool list) {
  if (!collection.metadata_only) return "application/json";
  // The wrong kind of the two makes a watch succeed and stay silent for ever.
  return fmt::format("application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1",
                     list ? "List" : "");
}

std::string base_target(const Collection& collection) {
  const Path path{collection.resource, collection.ns, {}};
  auto target = path.target() + "?";
  if (!collection.field_selector.empty()) {
    target += fmt::format("fieldSelector={}&", collection.field_selector);
  }
  if (!collection.label_selector.empty()) {
    target += fmt::format("labelSelector={}&", http::percent_encode(collection.label_selector));
  }
  return target;
}

http::Request list_request(const Collection& collection, const std::string& continue_token,
                           unsigned page) {
  http::Request request;
  request.target = base_target(collection) + fmt::format("limit={}", page);
  if (!continue_token.empty())
    request.target += "&continue=" + http::percent_encode(continue_token);
  request.headers = {{"Accept", accept(collection, true)}};
  request.deadline = collection.page_deadline;
  request.max_body = collection.max_page_size;
  return request;
}

}  // namespace

http::Result fetch_page(http::Transport& transport, const Collection& collection,
                        const std::string& continue_token, const std::stop_token& stop) {
  for (unsigned page = collection.page;; page = std::max(page / kSmaller, 1U)) {
    auto result = transport.send(list_request(collection, continue_token, page), stop);
    const bool too_large = !result && result.error().kind == http::Failure::Kind::kTooLarge;
    if (!too_large || page == 1) return result;
  }
}

http::StreamRequest watch_request(const Collection& collection, const std::string& resource_version,
                                  std::chrono::seconds time) {
  http::StreamRequest request;
  request.target = base_target(collection) + fmt::format(
                                                 "watch=1&allowWatchBookmarks=true"
                                                 "&timeoutSeconds={}&resourceVersion={}",
                                                 time.count(), resource_version);
  request.headers = {{"Accept", accept(collection, false)}};
  request.idle_limit = time + kIdleSlack;
  return request;
}

}  // namespace icrps::kube
