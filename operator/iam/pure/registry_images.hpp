// What the registry's management API (`GET /api/v1/images`) answers. Pure.
//
// Source: IBM's container-registry-go-sdk (containerregistryv1, ListImages).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace icrps::iam {

struct ImageList {
  std::string first;  ///< "us.icr.io/team/app:1", or with "@sha256:…"; empty: there is no image
};

/// Nothing: not such an answer.
[[nodiscard]] std::optional<ImageList> read_image_list(std::string_view body);

}  // namespace icrps::iam
