// JSON from the API server → Object, without a document tree: one pass, only what is kept is
// copied (managedFields alone would be more than half of a list). Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "kube/pure/object.hpp"

namespace icrps::kube {

struct ListMeta {
  std::string resource_version;
  std::string continue_token;
};

struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark, kError };
  Type type = Type::kError;
  Object object;
  Status status;  ///< of an ERROR event
};

/// What is kept of an object besides what Object says.
struct Keep {
  std::vector<std::string> labels;  ///< keys
  /// Names of pull secrets: these are kept of a list that is unwieldy as a whole.
  std::vector<std::string> pull_secrets{};
};

/// What was wrong with the text, without quoting it: it may hold a credential.
struct DecodeError {
  std::string message;
};

/// Calls `on_item` for each item in order.
[[nodiscard]] tl::expected<ListMeta, DecodeError> decode_list(
    std::string_view body, const std::function<void(Object&&)>& on_item, const Keep& keep = {});

/// One line of a watch.
[[nodiscard]] tl::expected<WatchEvent, DecodeError> decode_event(std::string_view line,
                                                                 const Keep& keep = {});

[[nodiscard]] tl::expected<Object, DecodeError> decode_object(std::string_view body,
                                                              const Keep& keep = {});

/// A body that is no Status (a proxy's HTML page) gives an empty one.
[[nodiscard]] Status decode_status(std::string_view body);

}  // namespace icrps::kube
