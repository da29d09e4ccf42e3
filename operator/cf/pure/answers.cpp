#include "cf/pure/answers.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "iam/pure/error_text.hpp"

namespace icrps::cf {
namespace {

using Json = nlohmann::json;

/// Follows names; null where there is nothing.
const Json& at(const Json& object, std::initializer_list<const char*> path) {
  static const Json nothing;
  const Json* here = &object;
  for (const auto* name : path) {
    if (!here->is_object()) return nothing;
    const auto found = here->find(name);
    if (found == here->end()) return nothing;
    here = &*found;
  }
  return *here;
}

std::string words_at(const Json& object, std::initializer_list<const char*> path) {
  const auto& found = at(object, path);
  return found.is_string() ? found.get<std::string>() : std::string();
}

Json parse(std::string_view body) {
  return Json::parse(body, nullptr, /*allow_exceptions=*/false);
}

}  // namespace

std::optional<Apps> read_apps(std::string_view body) {
  const auto tree = parse(body);
  const auto& list = at(tree, {"resources"});
  if (!list.is_array()) return std::nullopt;
  Apps result;
  for (const auto& entry : list) {
    App app{words_at(entry, {"guid"}), words_at(entry, {"name"}),
            words_at(entry, {"lifecycle", "type"})};
    if (app.guid.empty()) return std::nullopt;
    result.apps.push_back(std::move(app));
  }
  result.more = at(tree, {"pagination", "next"}).is_object();
  return result;
}

std::optional<Package> read_first_package(std::string_view body) {
  const auto tree = parse(body);
  const auto& list = at(tree, {"resources"});
  if (!list.is_array()) return std::nullopt;
  if (list.empty()) return Package{};
  const auto& first = list.front();
  Package package{words_at(first, {"guid"}), words_at(first, {"data", "image"}),
                  words_at(first, {"data", "username"})};
  if (package.guid.empty()) return std::nullopt;
  return package;
}

std::string read_droplet_package(std::string_view body) {
  const auto link = words_at(parse(body), {"links", "package", "href"});
  return link.substr(link.rfind('/') + 1);
}

std::string read_error(std::string_view body) {
  const auto tree = parse(body);
  const auto& errors = at(tree, {"errors"});
  if (!errors.is_array() || errors.empty()) return {};
  const auto title = words_at(errors.front(), {"title"});
  const auto detail = words_at(errors.front(), {"detail"});
  return iam::one_line(title.empty() ? detail : fmt::format("{}: {}", title, detail));
}

}  // namespace icrps::cf
