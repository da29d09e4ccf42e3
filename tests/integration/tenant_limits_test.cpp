// Nobody stops the others: what one namespace's annotations, accounts, webhooks and policies may
// cost everybody else, on a real API server.
#include <algorithm>
#include <array>
#include <atomic>
#include <fmt/format.h>
#include <thread>

#include <catch2/catch.hpp>

#include "harness/crowd.hpp"
#include "harness/iam_scene.hpp"
#include "harness/measure.hpp"

namespace {

using namespace itest;

const std::string kPolicies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const std::string kBindings =
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings";

/// In force while it exists: the API server refuses what the operator does to such objects.
class NoEntry {
 public:
  NoEntry(std::string name, const std::string& resource, const std::string& operation,
          const std::string& unless)
      : name_(std::move(name)) {
    const std::string who = "system:serviceaccount:" + kOwn + ":" + kOwn;
    must(cluster().api().post(
        kPolicies, {{"metadata", {{"name", name_}}},
                    {"spec",
                     {{"failurePolicy", "Fail"},
                      {"matchConstraints",
                       {{"resourceRules",
                         {{{"apiGroups", {""}},
                           {"apiVersions", {"v1"}},
                           {"operations", {operation}},
                           {"resources", {resource}}}}}}},
                      {"validations",
                       {{{"expression",
                          fmt::format("request.userInfo.username != \"{}\" || ({})", who, unless)},
                         {"reason", "Forbidden"}}}}}}}));
    must(cluster().api().post(
        kBindings, {{"metadata", {{"name", name_}}},
                    {"spec", {{"policyName", name_}, {"validationActions", {"Deny"}}}}}));
  }
  ~NoEntry() {
    cluster().api().remove(kBindings + "/" + name_);
    cluster().api().remove(kPolicies + "/" + name_);
  }
  NoEntry(const NoEntry&) = delete;
  NoEntry& operator=(const NoEntry&) = delete;

 private:
  const std::string name_;
};

void await_refusal(const std::string& what, const std::function<Answer(Api&)>& attempt) {
  Api as_operator(operator_kubeconfig());
  eventually(what, [&] {
    const auto answer = attempt(as_operator);
    return answer.status == 403 ? std::string() : answer.text;
  });
}

/// "x-0,x-1,…", so many of them.
std::string names(int count, const std::string& format) {
  std::string list = "default";
  for (int i = 0; i < count; ++i) list += fmt::format(fmt::runtime("," + format), i);
  return list;
}

/// Edits a namespace's annotations, so many times a second.
class Noise {
 public:
  Noise(const std::string& ns, const std::string& annotation, std::vector<std::string> values,
        Milliseconds period)
      : thread_([=](const std::stop_token& stop) {
          auto next = std::chrono::steady_clock::now();
          for (std::size_t i = 0; !stop.stop_requested(); ++i) {
            cluster().annotate(ns, {{annotation, values[i % values.size()]}});
            next += period;
            std::this_thread::sleep_until(next);
          }
        }) {}

 private:
  std::jthread thread_;
};

}  // namespace

TEST_CASE("207 KB of names of service accounts are a mistake, and hold up nobody") {
  IamScene scene;
  auto& op = scene.start_for(api_key());
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  const auto quiet = middle(arrivals(scene, 9));
  const auto before = op.resident_kib();
  const auto uid = uid_of(*cluster().secret(ns));
  cluster().annotate(ns, {{kServiceAccounts, names(30'000, "a{}")}});
  const auto event = Scene::expect_event(ns, "InvalidServiceAccounts");
  CHECK(event["message"].get<std::string>().find("4096 characters") != std::string::npos);
  for (int i = 0; i < 9; ++i) cluster().annotate(ns, {{"touch", std::to_string(i)}});
  const auto beside = middle(arrivals(scene, 9));
  std::printf("          others wait %ld ms in quiet, %ld ms beside; %ld KiB more\n",
              static_cast<long>(quiet.count()), static_cast<long>(beside.count()),
              op.resident_kib() - before);
  CHECK(beside < quiet * 2 + 20ms * patience());
  // What was in force stays, and a new key reaches it.
  CHECK(uid_of(*cluster().secret(ns)) == uid);
  const auto key = scene.put_key(kSource);
  scene.expect_password(ns, key);
}

TEST_CASE("globs of 4096 characters over 300 accounts hold up nobody, and serve the accounts") {
  constexpr int kAccounts = 300;
  IamScene scene;
  scene.start_for(api_key());
  const auto ns = scene.make_in("us-south");
  scene.expect_served(ns);
  in_parallel(kAccounts, [&](int i) {
    cluster().make_account(ns, std::string(200, 'a') + fmt::format("{:03}", i));
  });
  const auto quiet = middle(arrivals(scene, 9));
  std::string globs = "default,*a2?9";
  while (globs.size() < 4000) globs += ",*a*a*a*a*a*b";
  cluster().annotate(ns, {{kServiceAccounts, globs}});
  const Noise noise(ns, kRegions, {"us-south", "us-south,eu-de"}, 33ms);
  const auto beside = middle(arrivals(scene, 9));
  std::printf("          others wait %ld ms in quiet, %ld ms beside\n",
              static_cast<long>(quiet.count()), static_cast<long>(beside.count()));
  CHECK(beside < quiet * 2 + 20ms * patience());
  eventually("an account that a glob selects is served", [&] {
    return cluster().pull_secrets(ns, std::string(200, 'a') + "249").empty() ? "not yet" : "";
  });
}

TEST_CASE("a roll-out does not wait for a namespace that is edited all the time") {
  constexpr int kCrowd = 60;
  IamScene scene;
  auto& op = scene.start_for(api_key());
  const auto crowd = make_crowd("rolled", kCrowd);
  for (const auto& ns : crowd) scene.track(ns);
  for (const auto& ns : crowd) scene.expect_served(ns);
  const auto noisy = scene.make_in("us-south");
  scene.expect_served(noisy);
  const auto roll_out = [&] {
    const auto key = scene.put_key(kSource);
    const auto begun = std::chrono::steady_clock::now();
    for (const auto& ns : crowd) scene.expect_password(ns, key);
    return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begun);
  };
  const auto quiet = roll_out();
  Milliseconds beside{};
  {
    const Noise once(noisy, kRegions, {"us-south", "eu-de"}, 1s);
    beside = roll_out();
  }
  Milliseconds often{};
  {
    const Noise noise(noisy, kRegions, {"us-south", "eu-de", "jp-tok", "us-south,eu-de"}, 33ms);
    often = roll_out();
  }
  std::printf("          %ld ms in quiet, %ld ms beside an edit a second, %ld ms beside 30\n",
              static_cast<long>(quiet.count()), static_cast<long>(beside.count()),
              static_cast<long>(often.count()));
  CHECK(beside < quiet * 13 / 10 + 300ms * patience());
  CHECK(often < quiet * 13 / 10 + 600ms * patience());
  CHECK(op.metric("icr_pull_secrets_queue_depth") < kCrowd);
  for (const auto& ns : crowd) cluster().delete_namespace(ns);
}

TEST_CASE("a service account that may not be patched keeps no other waiting, nor an opt-out") {
  IamScene scene;
  const NoEntry no_entry("stubborn", "serviceaccounts", "UPDATE", "request.name != \"a-stubborn\"");
  scene.start_for(api_key());
  const auto ns = scene.make({{kRegions, "none"}, {kServiceAccounts, "*"}});
  for (const auto* name : {"a-stubborn", "b-willing"}) cluster().make_account(ns, name);
  cluster().expect_account(ns);
  await_refusal("the policy is in force", [&](Api& api) {
    return api.merge("/api/v1/namespaces/" + ns + "/serviceaccounts/a-stubborn?dryRun=All",
                     {{"imagePullSecrets", json::array({{{"name", kCopy}}})}});
  });
  cluster().annotate(ns, {{kRegions, "us-south"}});
  scene.expect_served(ns);
  scene.expect_served(ns, {"us.icr.io"}, "b-willing");
  const auto event = Scene::expect_event(ns, "Forbidden");
  CHECK(event["message"].get<std::string>().find("a-stubborn") != std::string::npos);

  // It names nothing of ours, so an opt-out leaves nothing.
  cluster().annotate(ns, {{kRegions, "none"}});
  eventually("nothing is left", [&] { return Scene::bare(ns); });

  // One that names the Secret and can't be detached keeps it; the others are detached.
  cluster().annotate(ns, {{kRegions, "us-south"}});
  scene.expect_served(ns);
  cluster().set_pull_secrets(ns, "a-stubborn", {kCopy});
  cluster().annotate(ns, {{kRegions, "none"}});
  eventually("the others are detached", [&] {
    return cluster().pull_secrets(ns, "default").empty() &&
                   cluster().pull_secrets(ns, "b-willing").empty()
               ? ""
               : "not yet";
  });
  CHECK(cluster().secret(ns));
  cluster().set_pull_secrets(ns, "a-stubborn", {});
  eventually("the Secret goes when nobody names it", [&] { return Scene::bare(ns); });
}

TEST_CASE("a 429 of one namespace's webhook concerns that namespace alone") {
  IamScene scene;
  scene.start_for(api_key());
  const auto ns = scene.make({});
  proxy().add({.name = "webhook",
               .method = "POST",
               .path = "/namespaces/" + ns + "/secrets$",
               .action = "status",
               .status = 429,
               .headers = {{"Retry-After", "20"}, {"Content-Type", "application/json"}},
               .body = R"({"kind":"Status","apiVersion":"v1","status":"Failure","code":429,)"
                       R"("reason":"TooManyRequests","message":"admission webhook )"
                       R"(\"rate.example.com\" denied the request: later",)"
                       R"("details":{"retryAfterSeconds":20}})"});
  cluster().annotate(ns, {{kRegions, "us-south"}});
  eventually("it was refused", [&] { return proxy().matched("webhook") > 0 ? "" : "no"; });
  for (const auto& time : arrivals(scene, 5)) CHECK(time < 5s * patience());
  CHECK(proxy().matched("webhook") == 1);
  proxy().remove("webhook");
}

TEST_CASE("what is refused everywhere is tried by a few, and one Event says so") {
  constexpr int kCrowd = 60;
  IamScene scene;
  auto& op = scene.start_for(api_key());
  const auto early = scene.make_in("us-south");
  scene.expect_served(early);
  std::vector<std::string> crowd;
  {
    const NoEntry no_entry("nobody", "secrets", "CREATE", "false");
    await_refusal("the policy is in force", [&](Api& api) {
      return api.post("/api/v1/namespaces/" + early + "/secrets?dryRun=All",
                      {{"metadata", {{"name", "icr-x"}}}});
    });
    proxy().start_over();
    crowd = make_crowd("refused", kCrowd);
    for (const auto& ns : crowd) scene.track(ns);
    const auto event = Scene::expect_event(kOwn, "RefusedEverywhere");
    CHECK(event["message"].get<std::string>().find("create secrets") != std::string::npos);
    std::this_thread::sleep_for(5s);
    const auto asked = matching(proxy().requests(), "POST", "/secrets$").size();
    std::printf("          %zu requests of %d namespaces\n", asked, kCrowd);
    CHECK(asked <= 8 + 16 + 4 + 2 * 30 * static_cast<std::size_t>(patience()));
    std::size_t told = 0;
    for (const auto& ns : crowd) told += cluster().events(ns, "Forbidden").size();
    CHECK(told <= 8 + 16);
    op.expect_metric("icr_pull_secrets_namespaces", {{"state", "forbidden"}}, kCrowd);
  }
  // A probe finds out, and everybody is served at once.
  for (const auto& ns : crowd) {
    eventually(ns + " is served", [&] { return scene.served(ns); }, 60s);
  }
  for (const auto& ns : crowd) cluster().delete_namespace(ns);
}

TEST_CASE("one list that is refused at start keeps nobody waiting who does not depend on it") {
  IamScene scene;
  scene.put_key("team-key");
  proxy().add({.name = "no-list",
               .method = "GET",
               .path = "/api/v1/secrets.*metadata.name(=|%3D)icr-team",
               .action = "status",
               .status = 403});
  const auto ns = scene.make({{kRegions, "us-south"}, {kCredentials, "default,team"}});
  auto& op = scene.launch_for(api_key() + api_key("team", "team-key"));
  eventually("it is served what is known", [&] { return scene.served(ns); }, 60s);
  CHECK_FALSE(cluster().secret(ns, copy_of("team")));
  const auto event = Scene::expect_event(kOwn, "ListMissing");
  CHECK(event["message"].get<std::string>().find("icr-team") != std::string::npos);
  CHECK(op.text("/readyz").find("icr-team") != std::string::npos);
  op.expect_metric("icr_pull_secrets_synced", 0);
  proxy().remove("no-list");
  eventually(
      "the other one, too", [&] { return cluster().secret(ns, copy_of("team")) ? "" : "no"; },
      120s);
  op.expect_metric("icr_pull_secrets_synced", 1);
}
