#include "cf/rotation.hpp"

#include <algorithm>

#include "icr/regions.hpp"

namespace icrps::cf {
namespace {

using AppResult = AppOutcome::Result;

/// The image, if it is in IBM's registry.
std::optional<iam::ImageReference> image_of(const Package& package) {
  auto image = iam::parse_image_reference(package.image);
  if (!image || !icr::RegionTable::builtin().known_hosts().contains(image->host)) {
    return std::nullopt;
  }
  return image;
}

AppOutcome rotate_package(Api& api, const App& app, const Package& package,
                          const RotationWish& wish, const Prove& prove) {
  const auto image = image_of(package);
  if (!image) return {app.name, AppResult::kSkipped, package.image + " is not in IBM's registry"};
  if (auto why = prove(*image); !why.empty()) return {app.name, AppResult::kRefused, why};
  const auto running = api.running_package(app);
  if (!running) return {app.name, AppResult::kFailed, running.error()};
  const bool newer = !running->empty() && *running != package.guid;
  const auto detail =
      package.image +
      (newer ? "; a restage deploys this image, which is newer than the one that runs" : "");
  if (wish.dry_run) return {app.name, AppResult::kWouldChange, detail};
  if (const auto set = api.set_login(package, wish.login); !set) {
    return {app.name, AppResult::kFailed, set.error()};
  }
  return {app.name, AppResult::kChanged, detail};
}

AppOutcome rotate_app(Api& api, const App& app, const RotationWish& wish, const Prove& prove) {
  if (app.lifecycle != "docker") return {app.name, AppResult::kSkipped, "it is built from source"};
  const auto package = api.newest_package(app);
  if (!package) return {app.name, AppResult::kFailed, package.error()};
  if (!*package) return {app.name, AppResult::kSkipped, "it has no image"};
  return rotate_package(api, app, **package, wish, prove);
}

}  // namespace

std::string_view to_string(AppOutcome::Result result) {
  switch (result) {
    case AppResult::kChanged:
      return "changed";
    case AppResult::kWouldChange:
      return "would change";
    case AppResult::kSkipped:
      return "skipped";
    case AppResult::kRefused:
      return "refused";
    case AppResult::kFailed:
      return "failed";
  }
  return "";
}

tl::expected<std::vector<AppOutcome>, std::string> rotate_apps(Api& api, const RotationWish& wish,
                                                               const Prove& prove) {
  const auto apps = api.apps(wish.space_guid, wish.apps);
  if (!apps) return tl::unexpected(apps.error());
  std::vector<AppOutcome> outcomes;
  for (const auto& app : *apps) outcomes.push_back(rotate_app(api, app, wish, prove));
  for (const auto& name : wish.apps) {
    const bool there =
        std::any_of(apps->begin(), apps->end(), [&](const App& app) { return app.name == name; });
    if (there) continue;
    outcomes.push_back({name, AppResult::kFailed, "there is no such app in this space"});
  }
  return outcomes;
}

}  // namespace icrps::cf
