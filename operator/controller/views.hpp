// Objects from the watches → the facts that a plan is made of. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "kube/pure/object.hpp"
#include "kube/pure/store.hpp"
#include "plan/plan.hpp"
#include "plan/rescue.hpp"

namespace icrps::controller {

/// Keeps the annotations that mean something, each no longer than any may be.
[[nodiscard]] plan::NamespaceFacts namespace_facts(kube::Object&& object);
[[nodiscard]] plan::AccountFacts account_facts(kube::Object&& object);
/// What it takes in memory, about, in bytes.
[[nodiscard]] std::size_t account_weight(const std::string& name, const plan::AccountFacts& facts);
/// Keeps a hash of the data, not the data, and of each annotation no more than ours are long.
/// `own_namespace`: of the operator that looks, which tells its copies from those of others.
[[nodiscard]] plan::CopyFacts copy_facts(kube::Object&& object, std::string_view own_namespace);
[[nodiscard]] plan::PodFacts pod_facts(kube::Object&& object);

/// What the service accounts of one namespace may take; there is room for 10,000 ordinary ones.
inline constexpr std::size_t kMostAccountBytes = std::size_t{4} << 20U;

using NamespaceStore = kube::Store<plan::NamespaceFacts>;
using AccountStore = kube::Store<plan::AccountFacts>;
using CopyStore = kube::Store<plan::CopyFacts>;

/// Without anything in it. `own_namespace` as above.
[[nodiscard]] std::unique_ptr<CopyStore> make_copy_store(const std::string& own_namespace);

}  // namespace icrps::controller
