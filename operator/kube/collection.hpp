// A collection of the core API group: which objects, and how they are asked for.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "http/transport.hpp"
#include "kube/pure/decode.hpp"

namespace icrps::kube {

/// What to list or watch.
struct Collection {
  std::string name;            ///< for logs and metrics: "namespaces", "secrets"
  std::string resource;        ///< "namespaces"
  std::string ns;              ///< empty: all namespaces
  std::string field_selector;  ///< "metadata.name=icr-default", or empty
  bool metadata_only = false;  ///< ask for PartialObjectMetadata
  unsigned page = 500;         ///< objects per page of a list
  Keep keep{};                 ///< what is kept of each object besides the usual
  /// Of a page, in bytes; a larger one is no answer.
  std::size_t max_page_size = http::Request{}.max_body;
};

/// One page of its list; an empty `continue_token` is the first.
[[nodiscard]] http::Request list_request(const Collection& collection,
                                         const std::string& continue_token);

/// A watch that the server ends after `time`.
[[nodiscard]] http::StreamRequest watch_request(const Collection& collection,
                                                const std::string& resource_version,
                                                std::chrono::seconds time);

}  // namespace icrps::kube
