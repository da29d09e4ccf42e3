#include "cli/rights.hpp"

#include <fmt/format.h>
#include <map>

#include "controller/collections.hpp"
#include "credentials/source_factory.hpp"
#include "plan/names.hpp"

namespace icrps::cli {
namespace {

/// What is listed, by what it is called in messages.
using Needs = std::map<std::string, kube::Collection>;

Needs needs_of(const config::Config& config, const std::string& own_namespace) {
  Needs needs;
  const auto copies = [&](const std::string& credential) {
    const auto name = plan::copy_name(credential);
    needs.emplace(fmt::format("Secrets called {} in all namespaces", name),
                  controller::named_secret(name, {}));
  };
  for (const auto& credential : config.credentials) {
    copies(credential.name);
    const auto source = credentials::source_secret(credential);
    if (source.empty()) continue;
    needs.emplace(fmt::format("the Secret {}/{}", own_namespace, source),
                  controller::named_secret(source, own_namespace));
  }
  for (const auto& name : config.retired) copies(name);
  return needs;
}

bool forbidden(http::Transport& transport, kube::Collection collection) {
  constexpr int kForbidden = 403;
  collection.page = 1;
  const auto answer = kube::fetch_page(transport, collection, {}, {});
  return answer && answer->status == kForbidden;
}

}  // namespace

std::optional<std::string> missing_right(http::Transport& transport, const config::Config& running,
                                         const config::Config& next,
                                         const std::string& own_namespace) {
  const auto before = needs_of(running, own_namespace);
  for (const auto& [what, collection] : needs_of(next, own_namespace)) {
    if (before.contains(what) || !forbidden(transport, collection)) continue;
    return fmt::format(
        "the operator may not list and watch {}; the chart grants what the value `config` needs, "
        "so "
        "change it there, not in the ConfigMap",
        what);
  }
  return std::nullopt;
}

}  // namespace icrps::cli
