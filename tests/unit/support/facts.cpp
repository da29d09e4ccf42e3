#include "unit/support/facts.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "plan/text_list.hpp"

namespace icrps::test {
namespace {

const plan::Place kShop{"shop", "uid-shop"};

std::string next_version() {
  static unsigned long version = 1000;
  return std::to_string(++version);
}

plan::CredentialFacts& credential_of(plan::Facts& facts, const std::string& secret) {
  for (auto& credential : facts.credentials) {
    if (credential.secret == secret) return credential;
  }
  throw std::runtime_error("no credential with the Secret " + secret);
}

void check_guard(const plan::CopyFacts& copy, const std::string& uid, const std::string& version) {
  if (copy.uid != uid || copy.resource_version != version) throw std::runtime_error("409");
}

plan::CopyFacts written(const plan::Content& content, const std::string& credential,
                        const plan::Mark& mark) {
  plan::CopyFacts copy;
  copy.uid = "uid-" + next_version();
  copy.resource_version = next_version();
  copy.ours = true;
  copy.right_type = true;
  copy.credential_label = credential;
  copy.hosts = content.hosts;
  copy.revision = content.revision;
  copy.hash_annotation = content.hash;
  copy.content_hash = content.hash;
  copy.expires_at = content.expires_at;
  copy.mark = plan::digest_of(mark);
  return copy;
}

void perform(plan::Facts& facts, const plan::CreateCopy& action) {
  auto& copy = credential_of(facts, action.secret).copy;
  if (copy) throw std::runtime_error("409 AlreadyExists");
  copy = written(*action.content, action.credential, action.mark);
}

void perform(plan::Facts& facts, const plan::UpdateCopy& action) {
  auto& copy = credential_of(facts, action.secret).copy;
  if (!copy || copy->ours == action.adopts || !copy->right_type || copy->immutable) {
    throw std::runtime_error("422");
  }
  check_guard(*copy, action.uid, action.resource_version);
  const auto uid = copy->uid;
  const auto extra = copy->extra_keys;
  const bool adopted = copy->adopted;
  const auto expires_at = copy->expires_at;
  copy = written(*action.content, action.credential, action.mark);
  copy->uid = uid;
  copy->adopted = action.adopts || adopted;
  const bool silent = action.content->expires_at.empty() && !action.had_expiry;
  if (silent) copy->expires_at = expires_at;  // a merge patch leaves what it does not name
  for (const auto& key : extra) {
    const auto& gone = action.extra_keys;
    if (std::find(gone.begin(), gone.end(), key) == gone.end()) copy->extra_keys.push_back(key);
  }
}

void perform(plan::Facts& facts, const plan::DeleteCopy& action) {
  auto& copy = credential_of(facts, action.secret).copy;
  if (!copy || !copy->ours) throw std::runtime_error("deletes what is not ours");
  check_guard(*copy, action.uid, action.resource_version);
  copy.reset();
}

void perform(plan::Facts& facts, const plan::PatchAccount& action) {
  for (auto& [name, account] : facts.accounts) {
    if (name != action.account) continue;
    if (account.resource_version != action.resource_version) throw std::runtime_error("409");
    auto& list = account.pull_secrets;
    if (action.marks) account.attached = plan::join(action.attached, ",");
    account.annotated |= action.marks;
    if (action.list_is_empty && action.add.empty() && !action.marks) {
      throw std::runtime_error("nothing to do");
    }
    for (const auto position : action.remove) {
      if (position >= list.size()) throw std::runtime_error("422");
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(position));
    }
    if (action.list_is_empty) list.clear();
    list.insert(list.end(), action.add.begin(), action.add.end());
    account.resource_version = next_version();
    return;
  }
  throw std::runtime_error("404");
}

}  // namespace

plan::Rules default_rules() {
  plan::Rules rules;
  rules.regions = icr::RegionTable::builtin();
  rules.known_hosts = rules.regions.known_hosts();
  return rules;
}

std::shared_ptr<const plan::Material> material(const std::string& key,
                                               const std::string& credential,
                                               plan::Material::Expiry expires_at) {
  const icr::Login login{"iamapikey", SecretString(key)};
  return std::make_shared<const plan::Material>(login, plan::revision_of(credential, login),
                                                expires_at);
}

plan::CopyFacts copy_for(const plan::Material& value, const icr::Hosts& hosts,
                         const std::string& credential, const plan::Limits& limits) {
  return written(*value.content(hosts, limits), credential, plan::mark_of({}, kShop));
}

void limit(plan::CredentialFacts& credential, plan::Limits limits) {
  credential.limits = std::make_shared<const plan::Limits>(std::move(limits));
}

plan::CopyFacts foreign_secret() {
  plan::CopyFacts copy;
  copy.uid = "uid-foreign";
  copy.resource_version = "5";
  copy.right_type = true;
  return copy;
}

plan::Facts facts(std::initializer_list<std::pair<const char*, const char*>> annotations) {
  plan::Facts facts;
  facts.ns.name = kShop.name;
  facts.ns.uid = kShop.uid;
  facts.ns.resource_version = "1";
  for (const auto& [name, value] : annotations) annotate(facts, name, value);
  facts.credentials.push_back({"default", material(), std::nullopt});
  facts.accounts.emplace_back("default", account_facts());
  return facts;
}

void annotate(plan::Facts& facts, const std::string& name, const std::string& value) {
  facts.ns.annotations["icr-pull-secrets/" + name] = value;
}

plan::AccountFacts account_facts(std::vector<std::string> pull_secrets) {
  plan::AccountFacts account{"uid-account", "2", false, std::move(pull_secrets)};
  std::set<std::string> ours;
  for (const auto& name : account.pull_secrets) {
    if (name == "icr-default" || name == "icr-team-b" || name == "icr-old") ours.insert(name);
  }
  account.attached = plan::join({ours.begin(), ours.end()}, ",");
  return account;
}

std::vector<std::string> told(const plan::Plan& plan) {
  std::vector<std::string> lines;
  for (const auto& action : plan.actions) {
    std::string line;
    if (const auto* create = std::get_if<plan::CreateCopy>(&action)) {
      line = "create " + create->credential + " " + create->content->hosts;
    } else if (const auto* update = std::get_if<plan::UpdateCopy>(&action)) {
      line = (update->adopts ? "adopt " : "update ") + update->credential + " " +
             update->content->hosts;
      for (const auto& key : update->extra_keys) line += " -" + key;
    } else if (const auto* remove = std::get_if<plan::DeleteCopy>(&action)) {
      line = "delete " + remove->credential;
    } else {
      const auto& patch = std::get<plan::PatchAccount>(action);
      line = "patch " + patch.account;
      for (const auto position : patch.remove) line += " -" + std::to_string(position);
      for (const auto& name : patch.add) line += " +" + name;
      if (patch.list_is_empty && !patch.add.empty()) line += " [new list]";
      if (patch.add.empty() && patch.remove.empty()) {
        line += " =" + plan::join(patch.attached, ",");
      }
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> reasons(const plan::Plan& plan) {
  std::vector<std::string> lines;
  for (const auto& problem : plan.problems) lines.push_back(problem.reason);
  return lines;
}

void perform(plan::Facts& facts, const plan::Action& action) {
  std::visit([&](const auto& what) { perform(facts, what); }, action);
}

void perform(plan::Facts& facts, const plan::Plan& plan) {
  for (const auto& action : plan.actions) perform(facts, action);
}

}  // namespace icrps::test
