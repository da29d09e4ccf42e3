#include "troubles.hpp"

#include <fmt/format.h>

#include "harness/control_plane.hpp"

namespace chaos {
namespace {

using namespace itest;

constexpr auto kWatch = "watch=1";

std::size_t any(Dice& dice) {
  return dice.below(kReplicas);
}

/// Rather the one that works: what befalls the other is seldom interesting.
std::size_t rather_leader(Stage& stage, Dice& dice) {
  return dice.one_in(4) ? any(dice) : stage.leader();
}

std::string killed(Stage& stage, Dice& dice) {
  const auto index = rather_leader(stage, dice);
  stage.expect_end(index);
  stage.replica(index).op().kill();
  return fmt::format("of replica {}", index);
}

std::string terminated(Stage& stage, Dice& dice) {
  const auto index = rather_leader(stage, dice);
  stage.expect_end(index);
  stage.replica(index).op().process().signal(SIGTERM);
  return fmt::format("to replica {}", index);
}

/// A trouble that is a rule on a road. `cut`: what is under way there breaks off.
Trouble on_road(const std::string& name, Rule rule, bool cut = false) {
  rule.name = name;
  return {name,
          [rule, cut](Stage& stage, Dice& dice) {
            const auto index = rather_leader(stage, dice);
            stage.replica(index).road().add(rule);
            if (cut) stage.replica(index).road().cut_abruptly("");
            return fmt::format("on the road of replica {}", index);
          },
          [name](Stage& stage) {
            for (std::size_t i = 0; i < kReplicas; ++i) stage.replica(i).road().remove(name);
          }};
}

/// What comes late piles up on the road, until it is another one.
Trouble slow_watches() {
  auto trouble =
      on_road("slow watches", {.path = kWatch, .action = "slow-stream", .delay = 300ms}, true);
  trouble.mend = [remove = trouble.mend](Stage& stage) {
    remove(stage);
    for (std::size_t i = 0; i < kReplicas; ++i) stage.replica(i).road().cut_abruptly(kWatch);
  };
  return trouble;
}

/// A connection whose other end has gone without a word: nothing comes any more until it is reset.
Trouble silence() {
  return {"silent watches",
          [](Stage& stage, Dice& dice) {
            const auto index = rather_leader(stage, dice);
            const auto count = stage.replica(index).road().silence(kWatch);
            return fmt::format("{} on the road of replica {}", count, index);
          },
          [](Stage& stage) {
            for (std::size_t i = 0; i < kReplicas; ++i) {
              stage.replica(i).road().cut_abruptly(kWatch);
            }
          }};
}

/// A trouble that is a rule at the double of IBM Cloud.
Trouble outside(const std::string& name, json rule) {
  rule["name"] = name;
  return {name,
          [rule](Stage&, Dice&) {
            iam().add_rule(rule);
            return std::string("for everybody");
          },
          [name](Stage&) { iam().remove_rules(name); }};
}

std::string restarted(Stage&, Dice& dice) {
  const bool killed = dice.one_in(2);
  api_server(killed ? "kill" : "stop");
  std::this_thread::sleep_for(Milliseconds(dice.between(0, 2000)));
  api_server("start");
  return killed ? "after a kill" : "in order";
}

std::string compacted(Stage& stage, Dice&) {
  for (std::size_t i = 0; i < kReplicas; ++i) {
    stage.replica(i).road().add({.name = "compaction", .path = kWatch, .action = "drop"});
    stage.replica(i).road().cut_abruptly(kWatch);
  }
  std::this_thread::sleep_for(1s);
  api_server("stop");
  compact_etcd();
  api_server("start");
  return "while no watch was open, and the API server restarted";
}

std::string key_replaced(Stage& stage, Dice&) {
  stage.rotate_source();
  return "by another good one";
}

std::string key_spoilt(Stage& stage, Dice&) {
  stage.rotate_source(false);
  return "by one that IAM does not know";
}

std::string token_rotated(Stage& stage, Dice& dice) {
  const auto index = any(dice);
  stage.rotate_token(index);
  return fmt::format("of replica {}", index);
}

// A webhook for the Secrets of some namespaces

std::string webhook_hangs(Stage& stage, Dice& dice) {
  constexpr std::size_t kMost = 12;
  auto found = stage.users_namespaces();
  while (found.size() > kMost) {
    found.erase(found.begin() + static_cast<long>(dice.below(found.size())));
  }
  if (found.empty()) return "but there is no namespace";
  stage.hang_webhook(found);
  return fmt::format("for the Secrets of {} namespaces", found.size());
}

// Harmless

/// Longer than a token lives.
constexpr auto kSlipLasts = kTokenLife + 5s;

std::string source_slips(Stage& stage, Dice& dice) {
  static const std::vector<Stage::Slip> slips{Stage::Slip::kTouched, Stage::Slip::kDeleted,
                                              Stage::Slip::kMistyped, Stage::Slip::kEmptied};
  return stage.slip_source(dice.pick(slips));
}

std::string host_refuses(Stage& stage, Dice& dice) {
  const std::string host = dice.one_in(2) ? "de.icr.io" : "us.icr.io";
  iam().add_rule({{"name", "a host says 403"},
                  {"host", host == "de.icr.io" ? "de\\.icr\\.io" : "us\\.icr\\.io"},
                  {"path", "/oauth/token"},
                  {"action", "status"},
                  {"status", 403}});
  if (dice.one_in(2)) return host;
  stage.rotate_source();
  return host + ", also to a new key";
}

std::vector<Trouble> all() {
  const std::map<std::string, std::string> soon{{"Retry-After", "1"}};
  const json status_503 = {{"action", "status"}, {"status", 503}};
  const auto with = [](json rule, const char* path) {
    rule["path"] = path;
    return rule;
  };
  return {
      {"SIGKILL", killed, {}},
      {"SIGTERM", terminated, {}},
      on_road("cut", {.action = "drop"}, true),
      on_road("hang", {.action = "hang"}),
      on_road("slow", {.action = "delay", .delay = 400ms}),
      slow_watches(),
      on_road("writes without an answer", {.method = "POST|PUT|PATCH|DELETE",
                                           .path = "/namespaces/churn",
                                           .action = "drop-answer"}),
      on_road("500 to everything", {.action = "status", .status = 500}),
      on_road("500 to the lease", {.path = "/leases", .action = "status", .status = 500}),
      on_road("429 storm", {.action = "status", .status = 429, .headers = soon}),
      on_road("429 storm but for the lease",
              {.path = "^/api/v1", .action = "status", .status = 429, .headers = soon}),
      silence(),
      {"API server restarted", restarted, {}},
      {"compaction", compacted,
       [](Stage& stage) {
         for (std::size_t i = 0; i < kReplicas; ++i) stage.replica(i).road().remove("compaction");
       }},
      outside("IAM unreachable", with({{"action", "drop"}}, "/identity/token")),
      outside("IAM answers 503", with(status_503, "/identity/token")),
      outside("registries unreachable", with({{"action", "drop"}}, "/v2/|/oauth/token")),
      outside("registries answer 503", with(status_503, "/v2/|/oauth/token")),
      {"API key replaced", key_replaced, {}},
      {"API key spoilt", key_spoilt, [](Stage& stage) { stage.mend_source(); }},
      {"service account's token rotated", token_rotated, {}},
      {"a webhook hangs", webhook_hangs, [](Stage& stage) { stage.end_webhook(); }},
      {"names hang", [](Stage& stage, Dice&) { return stage.hang_names(); },
       [](Stage& stage) { stage.end_names(); }, 10s},
      {"the source of tokens slips", source_slips, [](Stage& stage) { stage.mend_slip(); },
       kSlipLasts},
      {"a host says 403", host_refuses, [](Stage&) { iam().remove_rules("a host says 403"); }, 10s},
  };
}

}  // namespace

const std::vector<Trouble>& troubles() {
  static const auto table = all();
  return table;
}

}  // namespace chaos
