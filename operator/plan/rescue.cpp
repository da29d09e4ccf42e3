#include "plan/rescue.hpp"

#include <algorithm>

#include "plan/names.hpp"
#include "plan/selection.hpp"
#include "plan/text_list.hpp"

namespace icrps::plan {
namespace {

using Remedy = Verdict::Remedy;

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// The copies that are in place, as references to them.
std::vector<Reference> copies_in_place(const Facts& facts, const Wish& wish) {
  std::vector<Reference> references;
  for (const auto& credential : facts.credentials) {
    const auto& copy = credential.copy;
    if (!copy || !copy->ours || copy->terminating || !copy->right_type) continue;
    if (credential.retired || !asks_for(wish, credential.name, true)) continue;
    icr::Hosts hosts;
    for (auto& host : split_list(copy->hosts)) {
      if (!host.empty()) hosts.insert(std::move(host));
    }
    references.push_back({credential.secret, auth_keys(limits_of(credential), hosts)});
  }
  return references;
}

/// A key is a host, "us.icr.io", or a path, "us.icr.io/team".
bool serves(const Reference& reference, const std::string& image) {
  return std::any_of(reference.keys.begin(), reference.keys.end(), [&](const std::string& key) {
    return image.starts_with(key) && image.substr(key.size(), 1) == "/";
  });
}

Verdict leave_alone(std::string_view why) {
  return {Remedy::kLeaveAlone, why, {}, {}};
}

}  // namespace

References references_of(const Facts& facts, const Rules& rules) {
  if (facts.ns.terminating) return {};
  const auto wish = wish_of(facts, rules);
  if (!wish.opted_in) return {};
  const auto copies = copies_in_place(facts, wish);
  const bool pods_only = rules.attach == Attach::kPodsOnly;
  const Selection selection(wish.service_accounts.value_or(std::vector<std::string>{}));
  References references;
  for (const auto& [name, account] : facts.accounts) {
    // With a mistake in the annotation an account is selected when it is attached.
    const bool selected = wish.service_accounts ? selection.selects(name) : !pods_only;
    if (account.terminating || !selected) continue;
    for (const auto& copy : copies) {
      // Those that no account names are what the admission policy gives to pods.
      if (pods_only || contains(account.pull_secrets, copy.secret)) {
        references[name].push_back(copy);
      }
    }
  }
  return references;
}

Verdict judge(const PodFacts& pod, const References& references) {
  if (pod.terminating) return leave_alone("it is being deleted");
  if (!pod.pending) return leave_alone("it is not pending");
  if (pod.failing_images.empty()) return leave_alone("it waits for no image");
  const auto found = references.find(pod.service_account);
  if (found == references.end()) return leave_alone("its service account is not served");
  bool served = false;
  for (const auto& image : pod.failing_images) {
    for (const auto& reference : found->second) {
      if (!serves(reference, image)) continue;
      served = true;
      if (contains(pod.pull_secrets, reference.secret)) continue;
      const bool made_anew = pod.controlled && !pod.mirror;
      return {made_anew ? Remedy::kEvict : Remedy::kTellOwner, {}, image, reference.secret};
    }
  }
  return leave_alone(served ? "it has the reference" : "its image is of no host of ours");
}

}  // namespace icrps::plan
