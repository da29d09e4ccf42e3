#include "churn.hpp"

#include <fmt/format.h>

#include "harness/scene.hpp"
#include "judge.hpp"

namespace chaos {
namespace {

using namespace itest;

const std::vector<std::string> kRegionLists{"us-south", "eu-de", "us-south,eu-de", "global",
                                            "us-south,global"};
const std::vector<std::string> kEndpointNames{"public", "private", "all"};
const std::vector<std::string> kCredentialLists{"default", "default", "tokens", "default,tokens"};
const std::vector<std::string> kAccountLists{"default", "default", "builder", "default,builder",
                                             "none"};

std::string path_of(const std::string& ns, const std::string& what) {
  return "/api/v1/namespaces/" + ns + "/" + what;
}

/// Changes an account as a careful client does; nothing happens when somebody else was faster.
template <class Change>
void change_account(const std::string& ns, Change change) {
  auto account = cluster().account(ns);
  if (!account) return;
  change(*account);
  static_cast<void>(cluster().api().put(path_of(ns, "serviceaccounts/default"), *account));
}

json& entries_of(json& account) {
  auto& entries = account["imagePullSecrets"];
  if (entries.is_null()) entries = json::array();
  return entries;
}

}  // namespace

Churn::Churn(std::uint64_t seed, Settings settings)
    : dice_(seed),
      settings_(settings),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Churn::~Churn() {
  end();
}

void Churn::end() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Churn::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      const std::lock_guard open(gate_);
      if (stop.stop_requested()) return;
      try {
        step();
      } catch (const std::exception&) {  // the API server is down, or a namespace has just gone
        std::this_thread::sleep_for(20ms);
      }
    }
    std::this_thread::sleep_for(settings_.pause);
  }
}

void Churn::step() {
  struct Kind {
    const char* name;
    std::size_t weight;
    void (Churn::*act)();
  };
  static const std::vector<Kind> kinds{{"create", 4, &Churn::create},
                                       {"delete", 2, &Churn::remove},
                                       {"edit", 6, &Churn::edit},
                                       {"opt out", 2, &Churn::opt_out},
                                       {"account", 2, &Churn::make_account},
                                       {"delete copy", 2, &Churn::delete_copy},
                                       {"spoil copy", 2, &Churn::spoil_copy},
                                       {"detach", 2, &Churn::detach},
                                       {"others", 2, &Churn::add_other}};
  static const auto drawn = [] {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < kinds.size(); ++i) all.insert(all.end(), kinds[i].weight, i);
    return all;
  }();
  const auto& kind = kinds[namespaces_.empty() ? 0 : dice_.pick(drawn)];
  (this->*kind.act)();
  ++done_[kind.name];
  ++steps_;
}

void Churn::create() {
  if (namespaces_.size() >= settings_.most) return remove();
  Annotations annotations;
  if (!dice_.one_in(5)) annotations[kRegions] = dice_.pick(kRegionLists);
  if (dice_.one_in(3)) annotations[kCredentials] = dice_.pick(kCredentialLists);
  namespaces_.push_back(cluster().make_namespace(kChurn, annotations));
}

void Churn::remove() {
  const auto at = namespaces_.begin() + static_cast<long>(dice_.below(namespaces_.size()));
  cluster().delete_namespace(*at);
  namespaces_.erase(at);
}

void Churn::edit() {
  json annotations = {{kRegions, dice_.pick(kRegionLists)}};
  if (dice_.one_in(2)) annotations[kEndpoints] = dice_.pick(kEndpointNames);
  if (dice_.one_in(2)) annotations[kCredentials] = dice_.pick(kCredentialLists);
  if (dice_.one_in(2)) annotations[kServiceAccounts] = dice_.pick(kAccountLists);
  cluster().annotate(dice_.pick(namespaces_), annotations);
}

void Churn::opt_out() {
  cluster().annotate(dice_.pick(namespaces_), {{kRegions, nullptr}});
}

void Churn::make_account() {
  static_cast<void>(cluster().api().post(path_of(dice_.pick(namespaces_), "serviceaccounts"),
                                         json{{"metadata", {{"name", "builder"}}}}));
}

void Churn::delete_copy() {
  cluster().delete_secret(dice_.pick(namespaces_), dice_.one_in(2) ? "icr-tokens" : kCopy);
}

void Churn::spoil_copy() {
  static_cast<void>(cluster().api().merge(path_of(dice_.pick(namespaces_), "secrets/" + kCopy),
                                          {{"data", {{".dockerconfigjson", "eyJhdXRocyI6e319"}}}}));
}

void Churn::detach() {
  change_account(dice_.pick(namespaces_), [](json& account) {
    auto kept = json::array();
    for (const auto& entry : entries_of(account)) {
      if (!entry["name"].get<std::string>().starts_with("icr-")) kept.push_back(entry);
    }
    account["imagePullSecrets"] = kept;
  });
}

void Churn::add_other() {
  const auto name = fmt::format("other-{}", ++others_ % 3);
  change_account(dice_.pick(namespaces_), [&](json& account) {
    auto& note = account["metadata"]["annotations"][kOthers];
    const auto before = note.is_string() ? note.get<std::string>() : std::string();
    if (before.find(name) != std::string::npos) return;
    note = before.empty() ? name : before + "," + name;
    entries_of(account).insert(entries_of(account).begin(), {{"name", name}});
  });
}

std::string Churn::summary() const {
  std::string text;
  for (const auto& [name, count] : done_) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  }
  return text;
}

}  // namespace chaos
