// Gives apps of a space another login for their images.
// Thread safety: none; blocks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "cf/api.hpp"
#include "iam/registry_probe.hpp"
#include "icr/docker_config.hpp"

namespace icrps::cf {

/// What became of one app.
struct AppOutcome {
  enum class Result {
    kChanged,
    kWouldChange,  ///< a dry run
    kSkipped,      ///< it has no image of IBM's registry
    kRefused,      ///< the login may not pull its image: nothing was changed
    kFailed,
  };
  std::string app;
  Result result = Result::kFailed;
  std::string detail;
};

/// "changed", "would change", …
[[nodiscard]] std::string_view to_string(AppOutcome::Result result);

struct RotationWish {
  std::string space_guid;
  std::vector<std::string> apps;  ///< by name; empty: all of the space
  icr::Login login;
  bool dry_run = false;
};

/// Whether the login may pull the image: empty, or why not.
using Prove = std::function<std::string(const iam::ImageReference& image)>;

/// One for each app, in the order of the API, and for each name that is no app. An error: the apps
/// can't be listed. No app is changed whose image the login may not pull.
[[nodiscard]] tl::expected<std::vector<AppOutcome>, std::string> rotate_apps(
    Api& api, const RotationWish& wish, const Prove& prove);

}  // namespace icrps::cf
