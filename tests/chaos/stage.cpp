#include "stage.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include <catch2/catch.hpp>

#include "harness/name_server.hpp"
#include "runtime/timestamp.hpp"

namespace chaos {
namespace {

using namespace itest;
using Clock = std::chrono::steady_clock;

/// The operator reads the file again after a minute.
constexpr auto kTokenUsed = 75s;
/// How long a write may take from a replica to its proxy, on a machine that is busy.
constexpr auto kOnItsWay = 250ms;

const std::string kSecrets = "/api/v1/namespaces/" + kOwn + "/secrets";

const std::string kTeamKey = "team-key";

/// Regions whose hosts nobody resolves, besides.
std::string configuration() {
  std::string regions;
  for (int i = 0; i < kSilentRegions; ++i) {
    regions += fmt::format("{}{}: {}, ", kSilentRegion, i, silent_host(i));
  }
  return iam_config(api_key() + access_token("tokens", kTeamKey),
                    kElection + fmt::format("regions: {{{}}}\n", regions));
}

}  // namespace

void History::say(const std::string& text) {
  const std::chrono::duration<double> since = Clock::now() - begun_;
  std::printf("%7.1f s  %s\n", since.count(), text.c_str());
  std::fflush(stdout);
}

Stage::Stage(std::chrono::seconds token_life)
    : config_(configuration()), api_key_(key()), leaders_(kReplicas, kOnItsWay * patience()) {
  iam().set({{"tokenSeconds", token_life.count()}});
  team_key_ = put_key(kTeamKey);
  cluster().api().remove("/apis/coordination.k8s.io/v1/namespaces/" + kOwn + "/leases/" +
                         kLeaseName);
  for (std::size_t i = 0; i < kReplicas; ++i) {
    const auto token = fresh_token();
    token_secrets_[i] = last_token_secret_;
    replicas_[i] = std::make_unique<Replica>(config_, Replica::Token{token});
  }
  wait_until_settled();
}

/// One that can be revoked: it ends with a Secret of its own.
std::string Stage::fresh_token() {
  static int number = 0;
  last_token_secret_ = fmt::format("token-{}", ++number);
  const auto bound = must(cluster().api().post(
      kSecrets, {{"metadata", {{"name", last_token_secret_}}}, {"type", "Opaque"}}));
  return cluster().token(kOwn, kOwn,
                         {{"apiVersion", "v1"},
                          {"kind", "Secret"},
                          {"name", last_token_secret_},
                          {"uid", uid_of(bound)}});
}

void Stage::rotate_token(std::size_t index) {
  replica(index).rotate_token(fresh_token());
  old_tokens_.push_back({token_secrets_[index], Clock::now() + kTokenUsed});
  token_secrets_[index] = last_token_secret_;
}

void Stage::revoke_old_tokens() {
  std::erase_if(old_tokens_, [&](const OldToken& old) {
    if (Clock::now() < old.unused) return false;
    const auto gone = cluster().api().remove(kSecrets + "/" + old.secret);
    if (gone.ok()) history_.say("the token of " + old.secret + " is revoked");
    return gone.ok();
  });
}

std::size_t Stage::leader() {
  for (std::size_t i = 0; i < kReplicas; ++i) {
    if (replica(i).leads()) return i;
  }
  return 0;
}

void Stage::wait_until_settled() {
  for (auto& each : replicas_) each->wait_until_ready();
  eventually("one leads", [&]() -> std::string {
    return replica(0).leads() != replica(1).leads() ? "" : "none or both";
  });
}

void Stage::rotate_source(bool good) {
  if (good) {
    api_key_ = put_key(kSource);
  } else {
    put_wrong_key();
  }
  source_good_ = good;
}

void Stage::mend_source() {
  if (!source_good_) rotate_source();
}

std::vector<std::string> Stage::users_namespaces() const {
  std::vector<std::string> names;
  const auto list = must(cluster().api().get("/api/v1/namespaces"));
  for (const auto& ns : list["items"]) {
    const std::string name = ns["metadata"]["name"];
    if (name.starts_with(kChurn)) names.push_back(name);
  }
  return names;
}

void Stage::hang_webhook(const std::vector<std::string>& namespaces) {
  webhook_ = std::make_unique<Webhook>("secrets", namespaces);
  webhook_->hang();
}

std::string Stage::hang_names() {
  names_ = std::make_unique<icrps::conformance::NameServer>(
      std::map<std::string, icrps::conformance::Named>{},
      icrps::conformance::NameServer::Options{
          .address = name_server_address(), .port = 53, .others = {.silent = true}});
  std::string regions;
  for (int i = 0; i < kSilentRegions; ++i) regions += fmt::format("{}{},", kSilentRegion, i);
  regions.pop_back();
  far_ = cluster().make_namespace("far", {{kRegions, regions}, {kEndpoints, "all"}});
  rotate_source();  // so that there is something to ask those hosts about
  return fmt::format("{} of them, and there is a new key", 2 * kSilentRegions);
}

void Stage::end_names() {
  if (!far_.empty()) cluster().delete_namespace(std::exchange(far_, {}));
  names_.reset();
}

std::string Stage::slip_source(Slip slip) {
  switch (slip) {
    case Slip::kTouched:
      touch(kTeamKey);
      return "it is touched";
    case Slip::kDeleted:
      cluster().delete_secret(kOwn, kTeamKey);
      return "it is deleted";
    case Slip::kMistyped:
      put_wrong_key(kTeamKey);
      return "it holds a key that IAM does not know";
    case Slip::kEmptied:
      cluster().put_secret(kOwn, kTeamKey, {{"key", team_key_}});
      return "its key has another name";
  }
  return {};
}

void Stage::mend_slip() {
  cluster().put_secret(kOwn, kTeamKey, {{"apikey", team_key_}});
}

void Stage::supervise() {
  revoke_old_tokens();
  for (std::size_t i = 0; i < kReplicas; ++i) {
    auto& process = replica(i).op().process();
    if (process.running()) continue;
    const auto code = process.wait(0ms).value_or(-1);
    constexpr int kLostLease = 4;
    INFO(replica(i).op().log());
    if (!std::exchange(end_expected_[i], false)) REQUIRE(code == kLostLease);
    check_log(replica(i).op());
    history_.say(fmt::format("replica {} ended with {} and is started again", i, code));
    replica(i).start_anew();
  }
}

Picture Stage::picture() const {
  auto& api = cluster().api();
  return {must(api.get("/api/v1/namespaces")), must(api.get("/api/v1/secrets")),
          must(api.get("/api/v1/serviceaccounts"))};
}

std::string Stage::wrong() {
  try {
    supervise();
    for (std::size_t i = 0; i < kReplicas; ++i) {
      const auto live = replica(i).op().probe("/livez");
      if (live != 200) return fmt::format("replica {} is not live: {}", i, live);
    }
    if (replica(0).leads() == replica(1).leads()) return "none leads, or both do";
    const auto now = icrps::rfc3339(std::chrono::system_clock::now());
    const auto found = wrong_in(picture(), {api_key_, now});
    return fmt::format("{}", fmt::join(found, "\n"));
  } catch (const std::runtime_error& error) {  // the API server has only just come back
    return error.what();
  }
}

std::string Stage::without_account() {
  supervise();
  const auto namespaces = cluster().api().get("/api/v1/namespaces").body();
  const auto accounts =
      cluster().api().get("/api/v1/serviceaccounts?fieldSelector=metadata.name=default").body();
  if (!namespaces.contains("items") || !accounts.contains("items")) return "no answer";
  std::set<std::string> having;
  for (const auto& account : accounts["items"]) having.insert(account["metadata"]["namespace"]);
  for (const auto& ns : namespaces["items"]) {
    const std::string name = ns["metadata"]["name"];
    const bool going = ns["metadata"].contains("deletionTimestamp");
    if (!going && !having.contains(name)) return name + " has no account yet";
  }
  return {};
}

/// Nothing may be under way that undoes it: it must be so for a while. Tells now and then what is
/// waited for: a wait that ends well is worth a look when it was long.
Probe Stage::lasting() {
  static constexpr auto kAWhile = 300ms;
  static constexpr auto kLong = 5s;
  return [this, right_since = Clock::time_point::max(), tell = Clock::now() + kLong]() mutable {
    auto text = wrong();
    const auto now = Clock::now();
    if (!text.empty() && now >= tell) {
      tell = now + kLong;
      history_.say("  not yet: " + text.substr(0, text.find('\n')));
    }
    right_since = text.empty() ? std::min(right_since, now) : Clock::time_point::max();
    if (text.empty() && now - right_since < kAWhile) return std::string("only just");
    return text;
  };
}

void Stage::expect_as_planned(Churn& churn) {
  const auto quiet = churn.pause();
  // It comes back later than the API server, and makes the accounts.
  eventually("the controllers work", [&] { return without_account(); }, 2min);
  const auto took = eventually("the cluster is as planned", lasting(), 60s);
  leaders_.look_at({replica(0).road().take(), replica(1).road().take()});
  INFO(fmt::format("{}", fmt::join(leaders_.wrong(), "\n")));
  REQUIRE(leaders_.wrong().empty());
  history_.say(fmt::format(
      "as planned after {} ms: {} namespaces, {} copies, {} writes so far, "
      "replica {} leads",
      took.count(), churn.namespaces().size(), copies_in(picture()), leaders_.writes(), leader()));
}

void Stage::expect_plan_is_done() {
  const auto finished =
      run_command({environment("ICRPS_OPERATOR"), "plan", "--fail-on-change", "--config",
                   scratch_file("config.yaml", config_), "--namespace", kOwn, "--kubeconfig",
                   token_kubeconfig(cluster().token(kOwn, kOwn))});
  INFO(finished.out << finished.err);
  CHECK(finished.exit_code == 0);
}

void Stage::finish(Churn& churn) {
  churn.end();
  history_.say("users: " + churn.summary());
  expect_plan_is_done();
  for (std::size_t i = 0; i < kReplicas; ++i) {
    INFO("replica " << i);
    CHECK(replica(i).stop() == "");
    check_log(replica(i).op());
  }
  for (const auto& ns : churn.namespaces()) track(ns);
}

}  // namespace chaos
