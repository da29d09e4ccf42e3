#include <fmt/core.h>
#include <memory>
#include <vector>

#include "cli/exit_codes.hpp"
#include "cli/provision/caller.hpp"
#include "cli/provision/provision.hpp"
#include "cli/provision/report.hpp"
#include "cli/setup.hpp"
#include "icr/regions.hpp"
#include "provision/pure/access_table.hpp"

namespace icrps::cli {
namespace {

struct PoliciesOptions : KeyOptions {
  std::string name;  ///< empty: everybody
};

/// Service IDs and trusted profiles, for their names.
provision::Account::Result<std::vector<iam::Identity>> everybody(provision::Account& account) {
  auto all = account.identities(iam::IdentityKind::kServiceId, {});
  if (!all) return all;
  auto profiles = account.identities(iam::IdentityKind::kTrustedProfile, {});
  if (!profiles) return profiles;
  all->insert(all->end(), std::make_move_iterator(profiles->begin()),
              std::make_move_iterator(profiles->end()));
  return all;
}

int show_policies(const PoliciesOptions& options, Caller& caller) {
  const auto policies = caller.account.policies({});
  if (!policies) {
    complain(policies.error());
    return kFailure;
  }
  // Without them the table has ids for names.
  const auto identities = everybody(caller.account);
  if (!identities) complain(identities.error());
  auto rows = provision::access_rows(*policies, identities.value_or(std::vector<iam::Identity>{}));
  if (!options.name.empty()) {
    std::erase_if(rows, [&](const provision::AccessRow& row) {
      return row.who != options.name && row.made_for != options.name;
    });
  }
  fmt::print("{}", options.output == "json" ? access_json(rows) : access_text(rows));
  return kOk;
}

}  // namespace

Command policies_command() {
  const auto options = std::make_shared<PoliciesOptions>();
  return {.name = "policies",
          .summary = "Show who may pull and push what, by the account's policies",
          .synopsis = "[NAME] KEY …",
          .options = with_key(*options, {{.names = "NAME",
                                          .help = "Only this service ID or trusted profile",
                                          .target = &options->name}}),
          .examples = {{"icr-pull-secrets policies", "everybody that your API key may see"}},
          .exit_codes = {{kOk, "the table is complete, as far as your API key may see"},
                         {kFailure, "IAM failed, or forbids to list policies"},
                         {kUsage, "the command line, the API key's place or client.yaml is wrong"},
                         {kNotGood, "the API key is refused"}},
          .work = [options] {
            const auto regions = icr::RegionTable::builtin();
            return with_caller(*options, regions,
                               [&](Caller& caller) { return show_policies(*options, caller); });
          }};
}

}  // namespace icrps::cli
