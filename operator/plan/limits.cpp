#include "plan/limits.hpp"

#include <algorithm>
#include <iterator>

#include "plan/wish.hpp"

namespace icrps::plan {
namespace {

bool holds(const LabelRequirement& requirement, const Labels& labels) {
  using Operator = LabelRequirement::Operator;
  const auto found = labels.find(requirement.key);
  const bool exists = found != labels.end();
  const auto listed = [&] {
    const auto& values = requirement.values;
    return std::find(values.begin(), values.end(), found->second) != values.end();
  };
  switch (requirement.op) {
    case Operator::kIn:
      return exists && listed();
    case Operator::kNotIn:
      return !exists || !listed();
    case Operator::kExists:
      return exists;
    case Operator::kDoesNotExist:
      return !exists;
  }
  return false;
}

}  // namespace

bool matches(const LabelSelector& selector, const Labels& labels) {
  return std::all_of(selector.begin(), selector.end(),
                     [&](const auto& requirement) { return holds(requirement, labels); });
}

bool may_use(const Limits& limits, const std::string& ns, const Labels& labels) {
  return limits.selector ? matches(*limits.selector, labels) : selects(limits.namespaces, ns);
}

icr::Hosts served_hosts(const Limits& limits, const icr::Hosts& asked) {
  if (!limits.fixed_hosts.empty()) return limits.fixed_hosts;
  if (!limits.hosts) return asked;
  icr::Hosts served;
  std::set_intersection(asked.begin(), asked.end(), limits.hosts->begin(), limits.hosts->end(),
                        std::inserter(served, served.end()));
  return served;
}

std::set<std::string> auth_keys(const Limits& limits, const icr::Hosts& hosts) {
  if (limits.registry_namespaces.empty()) return hosts;
  std::set<std::string> keys;
  for (const auto& host : hosts) {
    for (const auto& ns : limits.registry_namespaces) {
      std::string key = host;
      key.append("/").append(ns);
      keys.insert(std::move(key));
    }
  }
  return keys;
}

std::vector<std::string> label_keys(const LabelSelector& selector) {
  std::set<std::string> keys;
  for (const auto& requirement : selector) keys.insert(requirement.key);
  return {keys.begin(), keys.end()};
}

std::vector<std::string> label_keys(const Limits& limits) {
  return limits.selector ? label_keys(*limits.selector) : std::vector<std::string>{};
}

}  // namespace icrps::plan
