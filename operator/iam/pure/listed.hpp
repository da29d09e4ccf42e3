// A list in an answer of IAM: the objects of one array, and the link to the next page. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "iam/pure/json_scalars.hpp"

namespace icrps::iam {

template <class Entry>
struct Listed {
  std::vector<Entry> entries;
  std::string link;  ///< to the next page, as IAM writes it; empty: this is the last
};

/// `take_field(entry, field, value)` is called with each leaf of an entry, as "id" or "link/crn".
/// Nothing: it is not JSON, or the array `list` is not there.
template <class Entry, class TakeField>
std::optional<Listed<Entry>> read_list(std::string_view body, const std::string& list,
                                       const TakeField& take_field) {
  const std::string entry = list + "/[]";
  const std::string fields = entry + "/";
  Listed<Entry> read;
  Entry current;
  bool listed = false;
  const bool json = read_scalars(
      body, {.leaf =
                 [&](std::string_view path, Scalar&& value) {
                   if (path == "next") take(read.link, value);
                   if (path.starts_with(fields))
                     take_field(current, path.substr(fields.size()), value);
                 },
             .object_end =
                 [&](std::string_view path) {
                   if (path == entry) read.entries.push_back(std::exchange(current, {}));
                 },
             .array_end = [&](std::string_view path) { listed = listed || path == list; }});
  if (!json || !listed) return std::nullopt;
  return read;
}

}  // namespace icrps::iam
