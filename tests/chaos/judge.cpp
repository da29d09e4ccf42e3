#include "judge.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <set>
#include <sstream>
#include <tuple>

#include "icr/base64.hpp"

namespace chaos {
namespace {

using itest::Seen;
using Names = std::set<std::string>;

constexpr auto kOurs = "icr-pull-secrets";
const std::string kAnnotation = "icr-pull-secrets/";
const std::string kPrefix = "icr-";

Names split(const std::string& list) {
  Names names;
  std::istringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');) names.insert(part);
  return names;
}

const json& part(const json& object, const std::string& name) {
  static const json nothing = json::object();
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nothing : *found;
}

std::string annotation(const json& object, const std::string& name, const std::string& otherwise) {
  return part(object["metadata"], "annotations").value(name, otherwise);
}

std::string host_of(const std::string& region) {
  if (region.starts_with(kSilentRegion)) {
    return silent_host(std::stoi(region.substr(std::string(kSilentRegion).size())));
  }
  static const std::map<std::string, std::string> hosts{
      {"us-south", "us.icr.io"}, {"eu-de", "de.icr.io"}, {"global", "icr.io"}};
  return hosts.at(region);
}

/// What a namespace asks for.
struct Wish {
  Names hosts;
  Names copies;
  Names accounts;
};

Wish wish_of(const json& ns) {
  const auto regions = annotation(ns, kAnnotation + "regions", "none");
  if (regions == "none") return {};
  const auto endpoints = annotation(ns, kAnnotation + "endpoints", "public");
  Wish wish;
  for (const auto& region : split(regions)) {
    if (endpoints != "private") wish.hosts.insert(host_of(region));
    if (endpoints != "public") wish.hosts.insert("private." + host_of(region));
  }
  for (const auto& name : split(annotation(ns, kAnnotation + "credentials", "default"))) {
    wish.copies.insert(kPrefix + name);
  }
  const auto accounts = annotation(ns, kAnnotation + "service-accounts", "default");
  if (accounts != "none") wish.accounts = split(accounts);
  return wish;
}

struct Login {
  std::string user;
  std::string password;
  friend bool operator<=>(const Login&, const Login&) = default;
};

/// By host; nothing when it is no pull secret.
std::optional<std::map<std::string, Login>> logins_of(const json& secret) {
  if (secret.value("type", "") != "kubernetes.io/dockerconfigjson") return std::nullopt;
  const auto text =
      icrps::icr::base64_decode(part(secret, "data").value(".dockerconfigjson", std::string()));
  const auto config = json::parse(text.value_or(""), nullptr, false);
  if (!config.is_object() || !config.contains("auths")) return std::nullopt;
  std::map<std::string, Login> logins;
  for (const auto& [host, entry] : config["auths"].items()) {
    Login login{entry.value("username", ""), entry.value("password", "")};
    const auto both = icrps::icr::base64_encode(login.user + ":" + login.password);
    if (entry.value("auth", "") != both) return std::nullopt;
    logins[host] = std::move(login);
  }
  return logins;
}

bool is_copy(const json& secret) {
  const std::string name = secret["metadata"]["name"];
  const auto& labels = part(secret["metadata"], "labels");
  return labels.value("app.kubernetes.io/managed-by", "") == kOurs || name.starts_with(kPrefix);
}

class Judge {
 public:
  Judge(const Picture& picture, const Truth& truth) : truth_(truth) {
    for (const auto& secret : picture.secrets["items"]) {
      if (!is_copy(secret)) continue;
      const auto& meta = secret["metadata"];
      copies_[meta["namespace"]][meta["name"]] = &secret;
    }
    for (const auto& account : picture.accounts["items"]) {
      const auto& meta = account["metadata"];
      accounts_[meta["namespace"]][meta["name"]] = &account;
    }
  }

  void look_at(const json& ns) {
    name_ = ns["metadata"]["name"];
    if (name_ == kOurs || ns["metadata"].contains("deletionTimestamp")) return;
    const auto wish = wish_of(ns);
    for (const auto& copy : wish.copies) {
      if (!copies_[name_].contains(copy)) say("has no {}", copy);
    }
    for (const auto& [name, secret] : copies_[name_]) {
      if (wish.copies.contains(name)) {
        look_at_copy(name, *secret, wish);
      } else {
        say("has {}, which it does not ask for", name);
      }
    }
    if (!wish.copies.empty() && !accounts_[name_].contains("default")) say("has no account yet");
    for (const auto& [name, account] : accounts_[name_]) {
      look_at_account(name, *account, wish.accounts.contains(name) ? wish.copies : Names{});
    }
  }

  [[nodiscard]] std::vector<std::string> verdict() {
    if (tokens_.size() > 1) wrong_.push_back("there are copies with different tokens");
    return std::move(wrong_);
  }

 private:
  template <class... Args>
  void say(fmt::format_string<Args...> text, Args&&... args) {
    wrong_.push_back(name_ + " " + fmt::format(text, std::forward<Args>(args)...));
  }

  void look_at_copy(const std::string& name, const json& secret, const Wish& wish) {
    const auto logins = logins_of(secret);
    if (!logins) return say("has an unusable {}", name);
    Names hosts;
    for (const auto& [host, login] : *logins) {
      hosts.insert(host);
      look_at_login(name, login);
    }
    if (hosts != wish.hosts) {
      say("has {} for [{}], not [{}]", name, fmt::join(hosts, ","), fmt::join(wish.hosts, ","));
    }
    const auto expires = annotation(secret, kAnnotation + "expires-at", "");
    if (!expires.empty() && expires < truth_.now) say("has {} that expired at {}", name, expires);
    if (expires.empty() != (name == "icr-default")) say("has {} with expiry '{}'", name, expires);
  }

  void look_at_login(const std::string& name, const Login& login) {
    if (name == "icr-default") {
      if (login != Login{"iamapikey", truth_.api_key}) say("has another login in {}", name);
    } else {
      if (login.user != "iambearer") say("has a login of {} in {}", login.user, name);
      tokens_.insert(login.password);
    }
  }

  void look_at_account(const std::string& name, const json& account, const Names& copies) {
    std::multiset<std::string> ours;
    Names others;
    for (const auto& entry : part(account, "imagePullSecrets")) {
      const std::string secret = entry["name"];
      if (secret.starts_with(kPrefix)) {
        ours.insert(secret);
      } else {
        others.insert(secret);
      }
    }
    if (ours != std::multiset<std::string>(copies.begin(), copies.end())) {
      say("has account {} with [{}], not [{}]", name, fmt::join(ours, ","), fmt::join(copies, ","));
    }
    const auto expected = split(annotation(account, kOthers, ""));
    if (others != expected) {
      say("has account {} with [{}] of others, not [{}]", name, fmt::join(others, ","),
          fmt::join(expected, ","));
    }
  }

  const Truth& truth_;
  std::map<std::string, std::map<std::string, const json*>> copies_;    // by namespace and name
  std::map<std::string, std::map<std::string, const json*>> accounts_;  // the same
  std::string name_;                                                    // of the namespace
  Names tokens_;
  std::vector<std::string> wrong_;
};

bool is_lease(const Seen& seen) {
  return seen.path.find("/leases") != std::string::npos;
}

bool granted(const Seen& seen) {
  return seen.status >= 200 && seen.status < 300;
}

}  // namespace

std::string silent_host(int region) {
  return fmt::format("r{}.silent.example", region);
}

std::vector<std::string> wrong_in(const Picture& picture, const Truth& truth) {
  Judge judge(picture, truth);
  for (const auto& ns : picture.namespaces["items"]) judge.look_at(ns);
  return judge.verdict();
}

std::size_t copies_in(const Picture& picture) {
  const auto& items = picture.secrets["items"];
  return static_cast<std::size_t>(std::count_if(items.begin(), items.end(), [](const json& secret) {
    return is_copy(secret) && secret["metadata"]["namespace"] != kOurs;
  }));
}

Leaders::Leaders(std::size_t replicas, std::chrono::microseconds tolerance)
    : tolerance_(tolerance.count()), claims_(replicas) {}

void Leaders::look_at(const std::vector<itest::Requests>& roads) {
  std::vector<std::tuple<long, std::size_t, const Seen*>> all;
  for (std::size_t road = 0; road < roads.size(); ++road) {
    for (const auto& seen : roads[road]) {
      if (seen.is_write() && seen.forwarded) all.emplace_back(seen.begun, road, &seen);
    }
  }
  std::sort(all.begin(), all.end());
  for (const auto& [begun, road, seen] : all) {
    if (is_lease(*seen)) {
      claim(road, *seen);
    } else {
      judge(road, *seen);
    }
  }
}

/// An answer that nobody saw may have been a yes: the benefit of the doubt is its own, not that of
/// the others.
void Leaders::claim(std::size_t road, const Seen& seen) {
  auto& own = claims_[road];
  if (seen.body.find("\"holderIdentity\":\"\"") != std::string::npos) {
    if (granted(seen)) own.given_back = seen.begun;
    return;
  }
  if (granted(seen) || seen.status == 0) own.asked = seen.begun;
  if (!granted(seen)) return;
  own.granted = seen.begun;
  own.done = seen.done;
}

void Leaders::judge(std::size_t road, const Seen& seen) {
  ++writes_;
  const auto& own = claims_[road];
  const auto say = [&](const std::string& why) {
    wrong_.push_back(fmt::format("replica {} wrote {} {} {}", road, seen.method, seen.path, why));
  };
  if (own.asked == 0) return say("and had never led");
  if (own.given_back > own.asked && seen.begun > own.given_back + tolerance_) {
    return say("after it had given the lease back");
  }
  for (const auto& other : claims_) {
    const bool took_over = &other != &own && other.granted > own.asked;
    if (took_over && seen.begun > other.done + tolerance_) {
      say(fmt::format("{} ms after another had taken the lease", (seen.begun - other.done) / 1000));
    }
  }
}

}  // namespace chaos
