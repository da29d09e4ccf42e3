#include "cli/status/status.hpp"

#include <fmt/core.h>
#include <memory>

#include "cli/exit_codes.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"
#include "cli/setup.hpp"
#include "cli/status/status_report.hpp"
#include "controller/collections.hpp"
#include "controller/views.hpp"
#include "plan/names.hpp"

namespace icrps::cli {
namespace {

using Complaint = tl::unexpected<std::string>;

struct StatusOptions : CommonOptions {
  bool all_namespaces = false;   ///< which it does anyway
  std::string output = "table";  ///< or "json"
};

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
        controller::named_secret(credential.secret_name, {}), [&](kube::Object&& object) {
          auto ns = object.ns;
          copies.emplace(std::move(ns),
                         controller::copy_facts(std::move(object), session.own_namespace));
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

Command status_command() {
  const auto options = std::make_shared<StatusOptions>();
  return {.name = "status",
          .summary = "Show each credential: revision, roll-out, expiry, last proof",
          .synopsis = "--config FILE [-A] [-o table|json] …",
          .options = with_common(*options, {all_namespaces_option(options->all_namespaces),
                                            output_option(options->output)}),
          .examples = {{"kubectl exec -n icr-pull-secrets deployment/icr-pull-secrets -- "
                        "/icr-pull-secrets status --config /etc/icr-pull-secrets/config.yaml",
                        "in the operator's pod, with its rights"}},
          .exit_codes = {{kOk, "every credential is good, and every namespace has it"},
                         {kFailure, "the API server refuses or does not answer"},
                         {kUsage, "the command line, the configuration or the kubeconfig is wrong"},
                         {kNotGood, "a credential is not good, or a namespace does not have it"}},
          .work = [options] {
            return with_session(*options,
                                [&](Session& session) { return show(session, *options); });
          }};
}

}  // namespace icrps::cli
