// Facts about a namespace, put together in a line or two.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plan/plan.hpp"

namespace icrps::test {

/// Builtin regions, public endpoints, service account `default`.
[[nodiscard]] plan::Rules default_rules();

/// A credential's value; another `key` is another revision.
[[nodiscard]] std::shared_ptr<const plan::Material> material(
    const std::string& key = "key-1", const std::string& credential = "default",
    plan::Material::Expiry expires_at = std::nullopt);

/// A copy as the operator wrote it for these hosts.
[[nodiscard]] plan::CopyFacts copy_for(const plan::Material& material, const icr::Hosts& hosts,
                                       const std::string& credential = "default",
                                       const plan::Limits& limits = {});
/// A Secret of the same name that somebody else made.
[[nodiscard]] plan::CopyFacts foreign_secret();

/// Namespace `shop` with these annotations (without the prefix), one credential `default` with a
/// value and no copy, and an empty service account `default`.
[[nodiscard]] plan::Facts facts(
    std::initializer_list<std::pair<const char*, const char*>> annotations);
void annotate(plan::Facts& facts, const std::string& name, const std::string& value);

void limit(plan::CredentialFacts& credential, plan::Limits limits);

[[nodiscard]] plan::AccountFacts account_facts(std::vector<std::string> pull_secrets = {});

/// One short line per action: "create default us.icr.io", "update default us.icr.io -extra",
/// "adopt default us.icr.io", "delete default", "patch builder -2 -0 +icr-default [new list]".
[[nodiscard]] std::vector<std::string> told(const plan::Plan& plan);
/// Of the problems, in order.
[[nodiscard]] std::vector<std::string> reasons(const plan::Plan& plan);

/// What the API server would make of an action, done to the facts.
void perform(plan::Facts& facts, const plan::Action& action);
/// All of them in order.
void perform(plan::Facts& facts, const plan::Plan& plan);

}  // namespace icrps::test
