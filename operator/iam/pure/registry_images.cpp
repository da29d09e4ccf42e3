#include "iam/pure/registry_images.hpp"

#include "iam/pure/json_scalars.hpp"

namespace icrps::iam {

std::optional<ImageList> read_image_list(std::string_view body) {
  ImageList list;
  std::string by_digest;
  bool listed = false;
  const auto take = [](std::string& field, Scalar& value) {
    const auto* text = text_of(value);
    if (text != nullptr && field.empty()) field = text->reveal();
  };
  const bool json = read_scalars(
      body, {.leaf =
                 [&](std::string_view path, Scalar&& value) {
                   if (path == "[]/RepoTags/[]") take(list.first, value);
                   if (path == "[]/RepoDigests/[]") take(by_digest, value);
                 },
             .array_end = [&](std::string_view path) { listed = listed || path.empty(); }});
  if (!json || !listed) return std::nullopt;
  if (list.first.empty()) list.first = std::move(by_digest);
  return list;
}

}  // namespace icrps::iam
