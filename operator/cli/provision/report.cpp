#include "cli/provision/report.hpp"

#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/table.hpp"
#include "provision/pure/place.hpp"
#include "provision/pure/words.hpp"

namespace icrps::cli {
namespace {

using nlohmann::ordered_json;

std::string extras_text(const ProvisionReport& report) {
  std::string text;
  for (const auto& policy : provision::extra_policies(report.wish, report.held)) {
    text += fmt::format("  {} ({})\n", provision::describe(policy), policy.id);
  }
  for (const auto& key : provision::former_keys(report.wish, report.held)) {
    text += fmt::format("  API key {}, which was in the Secret before\n", key.id);
  }
  if (text.empty()) return text;
  return fmt::format("\n{} also has, and --prune takes away:\n{}", report.wish.name, text);
}

std::string proofs_text(const ProvisionReport& report) {
  if (report.proofs.empty()) return {};
  std::vector<Row> rows{{"PLACE", "HOST", "PROOF", "DETAIL"}};
  for (const auto& proof : report.proofs) {
    rows.push_back({to_string(proof.place), proof.host.empty() ? "-" : proof.host,
                    std::string(to_string(proof.result)), proof.detail});
  }
  return "\n" + format_table(rows);
}

/// The credential as the operator's configuration has it.
std::string snippet(const ProvisionReport& report) {
  const auto* identity = provision::ours(report.wish, report.held);
  const bool unfinished = report.dry_run || !report.stopped.empty();
  if (identity == nullptr || unfinished || report.managed) return {};
  std::string source;
  if (report.wish.link) {
    source = fmt::format("trustedProfile: {{id: {}}}", identity->id);
  } else if (!report.wish.secret) {
    return fmt::format(
        "\n{} {} ({}). No API key was made: name a Secret for "
        "it with --secret\n",
        iam::to_string(identity->kind), identity->name, identity->iam_id);
  } else if (!report.manages.empty()) {
    source = fmt::format(
        "serviceId: {{iamId: iam-{}, accountId: {}, manager: "
        "{{apiKey: {{secretRef: {{name: {}, "
        "key: apikey}}}}}}}}",
        report.manages, report.account, report.wish.secret->name);
  } else {
    source =
        fmt::format("apiKey: {{secretRef: {{name: {}, key: apikey}}}}", report.wish.secret->name);
  }
  return fmt::format(
      "\nIn the operator's configuration:\n\n  credentials:\n   "
      " - name: {}\n      {}\n",
      report.manages.empty() ? report.wish.name : report.manages_name, source);
}

ordered_json identity_json(const ProvisionReport& report) {
  const auto* identity = provision::ours(report.wish, report.held);
  ordered_json json{{"name", report.wish.name},
                    {"kind", iam::to_string(report.wish.kind)},
                    {"id", identity != nullptr ? ordered_json(identity->id) : nullptr},
                    {"iamId", identity != nullptr ? ordered_json(identity->iam_id) : nullptr},
                    {"accountId", report.account},
                    {"dryRun", report.dry_run},
                    {"steps", report.lines},
                    {"stopped", report.stopped}};
  auto extra = ordered_json::array();
  for (const auto& policy : provision::extra_policies(report.wish, report.held)) {
    extra.push_back({{"id", policy.id}, {"text", provision::describe(policy)}});
  }
  json["extraPolicies"] = std::move(extra);
  auto former = ordered_json::array();
  for (const auto& key : provision::former_keys(report.wish, report.held)) former.push_back(key.id);
  json["formerKeys"] = std::move(former);
  auto proofs = ordered_json::array();
  for (const auto& proof : report.proofs) {
    proofs.push_back({{"place", to_string(proof.place)},
                      {"host", proof.host},
                      {"result", to_string(proof.result)},
                      {"detail", proof.detail}});
  }
  json["proofs"] = std::move(proofs);
  return json;
}

/// For a terminal and for programs: what is not UTF-8 is replaced.
std::string dump_report(const ordered_json& json) {
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace

std::string provision_text(const ProvisionReport& report) {
  std::string text;
  if (report.lines.empty() && report.stopped.empty()) text += "nothing to change\n";
  return text + extras_text(report) + proofs_text(report) + snippet(report);
}

std::string provision_json(const std::vector<ProvisionReport>& reports) {
  auto list = ordered_json::array();
  for (const auto& report : reports) list.push_back(identity_json(report));
  return dump_report({{"identities", std::move(list)}});
}

std::string access_text(const std::vector<provision::AccessRow>& rows) {
  std::vector<Row> table{{"WHO", "KIND", "MAY", "NAMESPACE", "REGION", "FOR", "POLICY"}};
  for (const auto& row : rows) {
    table.push_back({row.who, row.kind,
                     row.condition.empty() ? row.may : row.may + " (" + row.condition + ")", row.ns,
                     row.region, row.made_for.empty() ? "-" : row.made_for, row.policy});
  }
  return format_table(table);
}

std::string access_json(const std::vector<provision::AccessRow>& rows) {
  auto list = ordered_json::array();
  for (const auto& row : rows) {
    list.push_back({{"who", row.who},
                    {"kind", row.kind},
                    {"may", row.may},
                    {"namespace", row.ns},
                    {"region", row.region},
                    {"conditional", !row.condition.empty()},
                    {"provision", row.made_for},
                    {"policy", row.policy}});
  }
  return dump_report({{"policies", std::move(list)}});
}

}  // namespace icrps::cli
