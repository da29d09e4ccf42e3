// A collection of the core API group: which objects, and how they are asked for.
#pragma once

#include <chrono>
#include <stop_token>
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
  /// Of a page, in bytes. One object is 1.5 MiB at most where it is stored, and in JSON six times
  /// that at the very worst.
  std::size_t max_page_size = std::size_t{10} << 20U;
  std::string label_selector{};  ///< "app=shop", or empty
  std::chrono::milliseconds page_deadline = std::chrono::minutes(1);
};

/// fetch_page() takes no longer: a minute for each request, and there are not more than five.
inline constexpr std::chrono::minutes kLongestFetch{5};

/// Fetches one page of its list; an empty `continue_token` is the first. One that is larger than
/// the memory that there is for it is asked for again with fewer objects: their owners decide how
/// large they are.
[[nodiscard]] http::Result fetch_page(http::Transport& transport, const Collection& collection,
                                      const std::string& continue_token,
                                      const std::stop_token& stop);

/// A watch that the server ends after `time`.
[[nodiscard]] http::StreamRequest watch_request(const Collection& collection,
                                                const std::string& resource_version,
                                                std::chrono::seconds time);

}  // namespace icrps::kube
