#include "config/kubeconfig/merged.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

#include "icr/regions.hpp"

namespace icrps::config {
namespace {

void check_header(const LooseMap& root) {
  if (const auto kind = root.find("kind"); kind && root.text("kind") != "Config") {
    kind->fail(fmt::format("is {}, so this is not a kubeconfig", icr::quoted(root.text("kind"))),
               "Config");
  }
  if (const auto version = root.find("apiVersion"); version && root.text("apiVersion") != "v1") {
    version->fail(fmt::format("is {}", icr::quoted(root.text("apiVersion"))), "v1");
  }
}

/// The part of the entry called `name` in the list `kind`s of one file; adds every name of the list
/// to `names`.
std::optional<LooseMap> find_entry(const LooseMap& root, const std::string& kind,
                                   const std::string& name, std::vector<std::string>& names) {
  std::optional<LooseMap> found;
  const auto list = root.find(kind + "s");
  if (!list) return std::nullopt;
  for (const Located& item : items_of(*list, "a list")) {
    const LooseMap entry(item);
    names.push_back(icr::quoted(entry.text("name")));
    if (entry.text("name") != name) continue;
    const auto part = entry.find(kind);
    if (!part) item.fail(fmt::format("has no {}", kind), fmt::format("{}: {{…}}", kind));
    if (found) {
      part->fail(fmt::format("is the second {} called {}", kind, icr::quoted(name)),
                 "every name once");
    }
    found.emplace(*part);
  }
  return found;
}

}  // namespace

MergedKubeconfig::MergedKubeconfig(const std::vector<KubeconfigTree>& trees) : trees_(trees) {
  for (const auto& tree : trees_) {
    about(tree.file, [&tree] { check_header(LooseMap({tree.value, ""})); });
  }
}

KubeconfigPart MergedKubeconfig::named(const std::string& kind, const std::string& name) const {
  std::vector<std::string> names;
  for (const auto& tree : trees_) {
    const auto found =
        about(tree.file, [&] { return find_entry(LooseMap({tree.value, ""}), kind, name, names); });
    if (found) return {*found, tree.file};
  }
  constexpr std::size_t kShown = 10;
  const bool more = names.size() > kShown;
  if (more) names.resize(kShown);
  const auto& first = trees_.front();
  throw FileFailure{
      first.file, first.value.line,
      fmt::format("there is no {} called {}{}; accepted: {}{}", kind, icr::quoted(name),
                  trees_.size() > 1 ? " here or in the other files of KUBECONFIG" : "",
                  names.empty() ? "a file that has one" : fmt::format("{}", fmt::join(names, ", ")),
                  more ? ", …" : "")};
}

std::string MergedKubeconfig::current_context() const {
  for (const auto& tree : trees_) {
    auto name =
        about(tree.file, [&tree] { return LooseMap({tree.value, ""}).text("current-context"); });
    if (!name.empty()) return name;
  }
  throw FileFailure{trees_.front().file, 0,
                    "has no current-context; accepted: --context NAME, or a file where `kubectl "
                    "config use-context` has chosen one"};
}

KubeconfigPart MergedKubeconfig::context(std::string_view chosen) const {
  return named("context", chosen.empty() ? current_context() : std::string(chosen));
}

}  // namespace icrps::config
