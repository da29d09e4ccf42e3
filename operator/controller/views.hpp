// Objects from the watches → the facts that a plan is made of. Pure.
#pragma once

#include "kube/pure/object.hpp"
#include "kube/pure/store.hpp"
#include "plan/plan.hpp"
#include "plan/rescue.hpp"

namespace icrps::controller {

[[nodiscard]] plan::NamespaceFacts namespace_facts(kube::Object&& object);
[[nodiscard]] plan::AccountFacts account_facts(kube::Object&& object);
/// Keeps a hash of the data, not the data.
[[nodiscard]] plan::CopyFacts copy_facts(kube::Object&& object);
[[nodiscard]] plan::PodFacts pod_facts(kube::Object&& object);

using NamespaceStore = kube::Store<plan::NamespaceFacts>;
using AccountStore = kube::Store<plan::AccountFacts>;
using CopyStore = kube::Store<plan::CopyFacts>;

}  // namespace icrps::controller
