#include "cli/run/rights.hpp"

#include <fmt/format.h>
#include <map>

#include "controller/collections.hpp"
#include "credentials/source_factory.hpp"
#include "plan/names.hpp"

namespace icrps::cli {
namespace {

/// What is listed, by what it is called in messages.
using NeededLists = std::map<std::string, kube::Collection>;

NeededLists needs_of(const config::Config& config, const std::string& own_namespace) {
  NeededLists needs;
  const auto copies = [&](const std::string& name) {
    needs.emplace(fmt::format("Secrets called {} in all namespaces", name),
                  controller::named_secret(name, {}));
  };
  for (const auto& credential : config.credentials) {
    copies(credential.secret_name);
    const auto source = credentials::source_secret(credential);
    if (source.empty()) continue;
    needs.emplace(fmt::format("the Secret {}/{}", own_namespace, source),
                  controller::named_secret(source, own_namespace));
  }
  for (const auto& former : config.retired) copies(former.secret);
  return needs;
}

/// A signal that comes meanwhile waits for as long.
constexpr std::chrono::seconds kPatience{5};

http::Result ask(http::Transport& transport, kube::Collection collection) {
  collection.page = 1;
  collection.page_deadline = kPatience;
  return kube::fetch_page(transport, collection, {}, {});
}

}  // namespace

std::optional<std::string> missing_right(http::Transport& transport, const config::Config& running,
                                         const config::Config& next,
                                         const std::string& own_namespace) {
  constexpr int kForbidden = 403;
  const auto before = needs_of(running, own_namespace);
  for (const auto& [what, collection] : needs_of(next, own_namespace)) {
    if (before.contains(what)) continue;
    const auto answer = ask(transport, collection);
    if (!answer) break;  // nor will the next have one
    if (answer->status != kForbidden) continue;
    return fmt::format(
        "the operator may not list and watch {}; the chart grants what the value `config` needs, "
        "so change it there, not in the ConfigMap",
        what);
  }
  return std::nullopt;
}

}  // namespace icrps::cli
