#include "harness/account_writer.hpp"

#include <fmt/format.h>

#include "harness/scene.hpp"

namespace itest {

void AccountWriter::run(int rounds) {
  for (int round = 0; round < rounds && wrong_.empty(); ++round) {
    std::set<std::string> next{fmt::format("{}{}", prefix_, round), prefix_ + "always"};
    if (round % 3 != 0) next.insert(fmt::format("{}{}", prefix_, round - 1));
    while (wrong_.empty() && !replace(next)) {
    }
  }
}

bool AccountWriter::replace(const std::set<std::string>& next) {
  auto account = cluster().account(ns_);
  if (!account) {
    wrong_ = "the account is gone";
    return true;
  }
  json kept = json::array();
  std::set<std::string> found;
  for (const auto& entry : account->value("imagePullSecrets", json::array())) {
    const std::string name = entry["name"];
    if (name.starts_with(prefix_)) {
      found.insert(name);
    } else {
      kept.push_back(entry);
    }
  }
  if (found != mine_) {
    wrong_ = fmt::format("it should name {}, it names {}", json(mine_).dump(), json(found).dump());
    return true;
  }
  for (const auto& name : next) kept.insert(kept.begin(), json::object({{"name", name}}));
  (*account)["imagePullSecrets"] = kept;
  const auto answer =
      cluster().api().put("/api/v1/namespaces/" + ns_ + "/serviceaccounts/default", *account);
  if (answer.status == 409) {
    ++conflicts_;
    return false;
  }
  if (!answer.ok()) wrong_ = answer.text;
  mine_ = next;
  return true;
}

}  // namespace itest
