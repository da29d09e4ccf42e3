#include "hostile_tenant.hpp"

#include <fmt/format.h>

#include "harness/scene.hpp"
#include "icr/base64.hpp"

namespace chaos {
namespace {

using itest::Answer;
using itest::cluster;
using nlohmann::json;

const std::vector<std::string> kRegionNames{"us-south", "eu-de",  "eu-gb",  "au-syd", "jp-tok",
                                            "jp-osa",   "ca-tor", "br-sao", "eu-es",  "global"};
const std::vector<std::string> kAnnotations{
    itest::kRegions,     itest::kRegions,   itest::kServiceAccounts,   itest::kServiceAccounts,
    itest::kCredentials, itest::kEndpoints, "icr-pull-secrets/regoins"};
/// As far as they are the operator's.
const std::vector<std::string> kCopyAnnotations{
    "icr-pull-secrets/revision", "icr-pull-secrets/content-hash", "icr-pull-secrets/expires-at",
    "icr-pull-secrets/hosts",    "icr-pull-secrets/adopted-at",   "somebody/else"};
const std::vector<std::string> kOddities{
    std::string(1, '\0'),       // ends a C string
    "\u202e\u2066",             // right to left
    "\U0001F600",               // four bytes
    "\x1b[2J\x1b]0;owned\x07",  // clears a terminal and names its window
    "\r\n",                     // another line
    "{\"level\":\"error\"}\n",  // another line of the log
    "us-south,",
    "*a",
    "[a-",  // a glob that does not end
    ",",
    "icr.io.evil.example",
    "%s%n{}",
};

constexpr std::size_t kMostAnnotations = 262'144;  // of an object, in bytes
constexpr int kMostAccounts = 4000;

std::string path_in(const std::string& ns, const std::string& what) {
  return "/api/v1/namespaces/" + ns + "/" + what;
}

}  // namespace

HostileTenant::HostileTenant(std::string ns, std::uint64_t seed)
    : ns_(std::move(ns)),
      dice_(seed),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

HostileTenant::~HostileTenant() {
  end();
}

void HostileTenant::end() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void HostileTenant::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      step();
    } catch (const std::exception&) {  // the API server takes it amiss
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

void HostileTenant::step() {
  struct Kind {
    const char* name;
    std::size_t weight;
    void (HostileTenant::*act)();
  };
  static const std::vector<Kind> kinds{{"annotate", 8, &HostileTenant::annotate},
                                       {"annotate often", 2, &HostileTenant::annotate_often},
                                       {"label", 1, &HostileTenant::label},
                                       {"spoil data", 4, &HostileTenant::spoil_data},
                                       {"spoil annotations", 4, &HostileTenant::spoil_annotations},
                                       {"relabel", 2, &HostileTenant::relabel},
                                       {"delete copy", 4, &HostileTenant::delete_copy},
                                       {"own copy", 2, &HostileTenant::make_own_copy},
                                       {"freeze copy", 1, &HostileTenant::freeze_copy},
                                       {"hold copy", 1, &HostileTenant::hold_copy},
                                       {"let go", 2, &HostileTenant::let_go},
                                       {"accounts", 2, &HostileTenant::make_accounts},
                                       {"delete accounts", 1, &HostileTenant::delete_accounts},
                                       {"pull secrets", 4, &HostileTenant::give_pull_secrets},
                                       {"annotate account", 2, &HostileTenant::annotate_account},
                                       {"secret", 2, &HostileTenant::make_secret}};
  static const auto drawn = [] {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < kinds.size(); ++i) all.insert(all.end(), kinds[i].weight, i);
    return all;
  }();
  const auto& kind = kinds[dice_.pick(drawn)];
  doing_ = kind.name;
  (this->*kind.act)();
}

Answer HostileTenant::did(const Answer& answer) {
  auto& tally = done_[doing_];
  ++tally.tried;
  if (answer.ok()) ++tally.accepted;
  return answer;
}

// Texts

std::string HostileTenant::repeated(const std::string& piece, std::size_t most_bytes) {
  std::string text;
  const auto count = dice_.below(most_bytes / piece.size()) + 1;
  text.reserve(count * piece.size());
  for (std::size_t i = 0; i < count; ++i) text += piece;
  return text;
}

/// Usual ones, so that there is something in force to be spoilt.
std::string HostileTenant::list() {
  if (dice_.one_in(8)) return "all";
  if (dice_.one_in(8)) return "none";
  std::string list = "us-south";
  for (const auto& name : kRegionNames) {
    if (dice_.one_in(3)) list += "," + name;
  }
  return list;
}

std::string HostileTenant::globs() {
  if (dice_.one_in(3)) return dice_.one_in(2) ? "*" : "default";
  std::string list = "default";
  const auto count = dice_.below(300);
  for (std::size_t i = 0; i < count; ++i) {
    list += dice_.one_in(2) ? fmt::format(",*a*{}*b*", i) : fmt::format(",a-{}", dice_.below(4000));
  }
  return list;
}

std::string HostileTenant::text() {
  switch (dice_.below(6)) {
    case 0:
      return repeated(dice_.pick(kOddities), 256);
    case 1:
      return repeated(dice_.pick(kOddities), 16'384);  // 4096 characters of four bytes
    case 2:
      return repeated(dice_.pick(kOddities), kMostAnnotations - 4096);
    case 3:
      return globs();
    case 4:
      return dice_.pick(kOddities) + list();
    default:
      return list();
  }
}

// His namespace

void HostileTenant::annotate() {
  const auto& name = dice_.pick(kAnnotations);
  json value = dice_.one_in(4) ? json() : json(text());
  if (dice_.one_in(2)) value = name == itest::kServiceAccounts ? globs() : list();
  did(cluster().api().merge("/api/v1/namespaces/" + ns_,
                            {{"metadata", {{"annotations", {{name, value}}}}}}));
}

void HostileTenant::annotate_often() {
  const auto times = dice_.between(10, 60);
  for (long i = 0; i < times; ++i) {
    did(cluster().api().merge("/api/v1/namespaces/" + ns_,
                              {{"metadata", {{"annotations", {{itest::kRegions, list()}}}}}}));
  }
}

/// Thousands, with names as long as they may be. The API server has no limit but the object's.
void HostileTenant::label() {
  json labels = json::object();
  const auto count = dice_.below(4000);
  for (std::size_t i = 0; i < count; ++i) {
    labels[fmt::format("{}{:060}", std::string(3, 'l'), i)] =
        dice_.one_in(3) ? json() : json(std::string(63, 'v'));
  }
  did(cluster().api().merge("/api/v1/namespaces/" + ns_, {{"metadata", {{"labels", labels}}}}));
}

// Copies

std::string HostileTenant::copy() {
  return path_in(ns_, dice_.one_in(3) ? "secrets/icr-team" : "secrets/icr-default");
}

void HostileTenant::spoil_data() {
  json data = json::object();
  const auto spoilt = [&] { return icrps::icr::base64_encode(repeated("{\"auths\":", 400'000)); };
  if (dice_.one_in(2)) data[".dockerconfigjson"] = icrps::icr::base64_encode("{\"auths\":{}}");
  const auto more = dice_.below(40);
  for (std::size_t i = 0; i < more; ++i) data[fmt::format("{:0250}", i)] = "eA==";
  if (dice_.one_in(4)) data["large"] = spoilt();
  did(cluster().api().merge(copy(), {{"data", data}}));
}

void HostileTenant::spoil_annotations() {
  json annotations = json::object();
  annotations[dice_.pick(kCopyAnnotations)] = dice_.one_in(5) ? json() : json(text());
  did(cluster().api().merge(copy(), {{"metadata", {{"annotations", annotations}}}}));
}

void HostileTenant::relabel() {
  const json value = dice_.one_in(2) ? json() : json("somebody-else");
  const auto* const name =
      dice_.one_in(2) ? "app.kubernetes.io/managed-by" : "icr-pull-secrets/credential";
  did(cluster().api().merge(copy(), {{"metadata", {{"labels", {{name, value}}}}}}));
}

void HostileTenant::delete_copy() {
  const auto times = dice_.one_in(4) ? dice_.between(2, 30) : 1;
  for (long i = 0; i < times; ++i) did(cluster().api().remove(copy()));
}

/// One of his own in the place of the operator's, up to as large as may be.
void HostileTenant::make_own_copy() {
  const auto path = copy();
  did(cluster().api().remove(path));
  const auto name = path.substr(path.rfind('/') + 1);
  json body = {{"metadata", {{"name", name}}},
               {"data", {{"x", icrps::icr::base64_encode(repeated("x", 700'000))}}}};
  if (dice_.one_in(2)) {
    body["metadata"]["labels"] = {{"app.kubernetes.io/managed-by", "icr-pull-secrets"},
                                  {"icr-pull-secrets/credential", "default"}};
  }
  did(cluster().api().post(path_in(ns_, "secrets"), body));
}

void HostileTenant::freeze_copy() {
  did(cluster().api().merge(copy(), {{"immutable", true}}));
}

void HostileTenant::hold_copy() {
  const auto path = copy();
  did(cluster().api().merge(path, {{"metadata", {{"finalizers", {"hostile.example/never"}}}}}));
  did(cluster().api().remove(path));
}

void HostileTenant::let_go() {
  for (const auto* const name : {"icr-default", "icr-team"}) {
    did(cluster().api().merge(path_in(ns_, std::string("secrets/") + name),
                              {{"metadata", {{"finalizers", nullptr}}}}));
  }
}

// Service accounts

std::string HostileTenant::account() {
  if (accounts_ == 0 || dice_.one_in(2)) return path_in(ns_, "serviceaccounts/default");
  const auto number = static_cast<int>(dice_.below(static_cast<std::size_t>(accounts_)));
  return path_in(ns_, fmt::format("serviceaccounts/a-{}", number));
}

void HostileTenant::make_accounts() {
  const auto count = dice_.between(1, 100);
  for (long i = 0; i < count && accounts_ < kMostAccounts; ++i) {
    did(cluster().api().post(path_in(ns_, "serviceaccounts"),
                             json{{"metadata", {{"name", fmt::format("a-{}", accounts_++)}}}}));
  }
}

void HostileTenant::delete_accounts() {
  const auto count = dice_.between(1, 20);
  for (long i = 0; i < count; ++i) did(cluster().api().remove(account()));
}

void HostileTenant::give_pull_secrets() {
  json entries = json::array();
  const auto count = dice_.one_in(3) ? dice_.below(3000) : dice_.below(100);
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back({{"name", fmt::format("other-{:0200}", i)}});
  }
  if (dice_.one_in(2)) entries.push_back({{"name", "icr-default"}});
  if (dice_.one_in(8)) entries.push_back({{"name", repeated(dice_.pick(kOddities), 100'000)}});
  did(cluster().api().merge(account(), {{"imagePullSecrets", entries}}));
}

void HostileTenant::annotate_account() {
  did(cluster().api().merge(
      account(), {{"metadata",
                   {{"annotations", {{"x", repeated("x", kMostAnnotations - 4096)}}},
                    {"finalizers", dice_.one_in(4) ? json({"hostile.example/never"}) : json()}}}}));
}

// Other Secrets

void HostileTenant::make_secret() {
  constexpr int kMost = 40;
  const auto name = fmt::format("icr-x{}", secrets_ = (secrets_ + 1) % kMost);
  did(cluster().api().remove(path_in(ns_, "secrets/" + name)));
  did(cluster().api().post(
      path_in(ns_, "secrets"),
      {{"metadata",
        {{"name", name}, {"labels", {{"app.kubernetes.io/managed-by", "icr-pull-secrets"}}}}},
       {"type", "kubernetes.io/dockerconfigjson"},
       {"data", {{".dockerconfigjson", icrps::icr::base64_encode("{\"auths\":{}}")}}}}));
}

void HostileTenant::release() {
  doing_ = "release";
  let_go();
  const auto free = json{{"metadata", {{"finalizers", nullptr}}}};
  const auto list = cluster().api().get(path_in(ns_, "serviceaccounts")).body();
  for (const auto& each : list.value("items", json::array())) {
    if (!each["metadata"].contains("finalizers")) continue;
    const std::string name = each["metadata"]["name"];
    did(cluster().api().merge(path_in(ns_, "serviceaccounts/" + name), free));
  }
}

std::string HostileTenant::summary() const {
  std::string text;
  for (const auto& [name, tally] : done_) {
    text +=
        fmt::format("{}{} {} of {}", text.empty() ? "" : ", ", name, tally.accepted, tally.tried);
  }
  return text;
}

}  // namespace chaos
