// A Keeper whose IAM and registries are lambdas, stepped by hand.
#pragma once

#include <string>
#include <vector>

#include "credentials/keeper.hpp"
#include "credentials/source_factory.hpp"
#include "icr/base64.hpp"
#include "kube/pure/decode.hpp"
#include "unit/support/captured_log.hpp"
#include "unit/support/fake_clock.hpp"
#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"

namespace icrps::test {

using Words = std::vector<std::string>;

inline const std::string kKey = "Xq3-hunter2_0123456789abcdefghijklmnopqrstuv";

[[nodiscard]] inline iam::Refusal refusal(iam::Refusal::Kind kind,
                                          const std::string& message = "iam: no") {
  iam::Refusal made;
  made.kind = kind;
  made.message = message;
  return made;
}

struct KeeperRig {
  using MintResult = tl::expected<credentials::Minted, iam::Refusal>;
  using ProofResult = tl::expected<credentials::Proof, iam::Refusal>;

  KeeperRig() {
    transport.answer = [this](const http::Request& request) -> http::Result {
      if (request.method == http::Method::kGet) {
        if (recorded.empty()) return http::Response{{404, {}}, "{}"};
        Json object = {{"metadata", {{"name", "icr-pull-secrets-status"}}},
                       {"data", {{"default.json", recorded}}}};
        return http::Response{{200, {}}, object.dump()};
      }
      const auto body = Json::parse(request.body);
      recorded = body["data"]["default.json"];
      ++records;
      return http::Response{{200, {}}, R"({"metadata":{"name":"icr-pull-secrets-status"}})"};
    };
  }

  /// The Secret with this value, and one try with it.
  credentials::Keeper::Delay sees(const std::string& value) {
    return sees_object(secret("op/key@1", {{"apikey", value}}));
  }
  credentials::Keeper::Delay sees_object(const Json& object) {
    keeper().offer(credentials::read_secret(*kube::decode_object(object.dump()), "apikey",
                                            icr::parse_api_key));
    return keeper().attempt({});
  }
  credentials::Keeper::Delay misses() {
    keeper().offer(tl::unexpected(credentials::SecretProblem{"SourceMissing", "is not there", {}}));
    return keeper().attempt({});
  }

  /// Made at first use, so that a test can change `kind` and `context` before.
  credentials::Keeper& keeper() {
    if (!made_) {
      made_ = std::make_unique<credentials::Keeper>(credential, kind, context);
    }
    return *made_;
  }
  [[nodiscard]] std::string in_force() const {
    const auto value = set.material("default");
    return value ? value->login().password.reveal() : "";
  }
  [[nodiscard]] bool shows(const std::string& text) const {
    return metrics.text().find("icr_pull_secrets_" + text + "\n") != std::string::npos;
  }
  /// Nothing that leaves the program holds a piece of `secret`.
  [[nodiscard]] bool keeps_quiet_about(const std::string& secret) const {
    auto all = log.text() + metrics.text() + recorded;
    for (const auto& message : messages) all += message;
    for (const auto& form : {secret, icr::base64_encode(secret)}) {
      if (all.find(form.substr(0, 8)) != std::string::npos) return false;
    }
    return true;
  }

  FakeClock clock;
  FakeTransport transport;
  CapturedLog log;
  Metrics metrics{"v", "r"};
  kube::Client client{transport, [](auto, auto, auto) {}};
  credentials::CredentialSet set{{"default"}, &clock};
  credentials::StatusRecord status{client, "op", log.log};
  std::string recorded;  ///< what the ConfigMap holds about the credential; outlives a restart
  int records = 0;       ///< writes of it

  Words reasons;
  Words messages;
  Words subjects;
  int settled = 0;
  int minted = 0;
  int proved = 0;
  std::optional<icr::Hosts> hosts = icr::Hosts{"us.icr.io"};
  std::function<MintResult(const SecretString&)> mint = [](const SecretString& input) {
    return credentials::Minted{{"iamapikey", input}, {}, {}};
  };
  std::function<ProofResult()> prove = [] { return credentials::Proof{{"us.icr.io"}, {}}; };
  std::map<std::string, iam::Refusal> answers_of;  ///< of hosts that say something else
  std::vector<icr::Hosts> asked;

  config::Credential credential{"default", config::ApiKeySource{{"key", "apikey"}}, {}, {}};
  credentials::KeeperKind kind{"apiKey", config::SecretKeyRef{"key", "apikey"}, icr::parse_api_key,
                               [this](const SecretString& input, const std::stop_token&) {
                                 ++minted;
                                 return mint(input);
                               },
                               "iamapikey"};

  credentials::SourceContext context{
      set,
      clock,
      log.log,
      metrics,
      [] { return 0.0; },
      [this](const std::string& secret, const std::string&, const plan::Problem& problem) {
        subjects.push_back(secret);
        reasons.push_back(problem.reason);
        messages.push_back(problem.message);
      },
      [](const std::string&, kube::Sink&, const std::stop_token&) {},
      [this] { ++settled; },
      [this](const std::string&) { return hosts; },
      [this](const credentials::Question& question, const std::stop_token&) {
        ++proved;
        asked.push_back(question.hosts);
        return answers(question);
      },
      config::Proof::kRequired,
      status,
      client,
      "op",
      [] { return std::optional<std::string>("uid-of-op"); },
      [](const std::string&, const std::string&) { return false; },
      [](std::string_view) {}};

 private:
  /// Each host says the same, but for those in `answers_of`.
  [[nodiscard]] credentials::HostAnswers answers(const credentials::Question& question) const {
    const auto proof = prove();
    auto whom = question.hosts;
    if (!proof && whom.empty()) whom.insert("us.icr.io");
    credentials::HostAnswers made;
    for (const auto& host : whom) {
      const auto other = answers_of.find(host);
      if (other != answers_of.end()) {
        made.push_back({host, tl::unexpected(other->second)});
      } else if (proof) {
        made.push_back({host, {}});
      } else {
        made.push_back({host, tl::unexpected(proof.error())});
      }
    }
    return made;
  }

  std::unique_ptr<credentials::Keeper> made_;
};

}  // namespace icrps::test
