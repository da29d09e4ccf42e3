#include "cli/status.hpp"

#include <fmt/core.h>

#include "cli/exit_codes.hpp"
#include "cli/session.hpp"
#include "cli/setup.hpp"
#include "cli/status_report.hpp"
#include "controller/collections.hpp"
#include "controller/views.hpp"
#include "plan/names.hpp"

namespace icrps::cli {
namespace {

using Complaint = tl::unexpected<std::string>;

/// Everything that the report needs, or what could not be read.
tl::expected<Inventory, std::string> read_inventory(Session& session) {
  Inventory inventory;
  inventory.own_namespace = session.own_namespace;
  const auto namespaces =
      session.client.list(controller::namespaces_of(session.config), [&](kube::Object&& object) {
        inventory.namespaces.push_back(controller::namespace_facts(std::move(object)));
      });
  if (!namespaces) return Complaint("namespaces: " + namespaces.error().message);
  for (const auto& credential : session.config.credentials) {
    auto& copies = inventory.copies[credential.name];
    const auto listed = session.client.list(
        controller::named_secret(plan::copy_name(credential.name), {}), [&](kube::Object&& object) {
          auto ns = object.ns;
          copies.emplace(std::move(ns), controller::copy_facts(std::move(object)));
        });
    if (!listed) return Complaint("Secrets: " + listed.error().message);
  }
  auto statuses = read_record(session);
  if (!statuses) return Complaint(statuses.error());
  inventory.statuses = std::move(*statuses);
  return inventory;
}

int show(Session& session, const StatusOptions& options) {
  const auto inventory = read_inventory(session);
  if (!inventory) {
    complain(inventory.error());
    return kFailure;
  }
  const auto report = make_report(session.config, *inventory);
  const bool json = options.output == "json";
  fmt::print("{}", json ? report_json(report) : report_table(report, session.clock.wall()));
  for (const auto& entry : report) {
    if (!entry.good()) return kNotGood;
  }
  return kOk;
}

}  // namespace

int status(const StatusOptions& options) {
  return with_session(options, [&](Session& session) { return show(session, options); });
}

}  // namespace icrps::cli
