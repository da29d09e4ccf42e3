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

  KeeperRig() {
    transport.answer = [this](const http::Request& request) -> http::Result {
      if (request.target.ends_with("/icr-default")) {
        const auto held = secret("shop/icr-default@1", {{".dockerconfigjson", copy}});
        return http::Response{{200, {}}, held.dump()};
      }
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

  /// Its logins are tokens that last so long: "token-1", "token-2", …
  void makes_tokens(std::chrono::seconds life = std::chrono::hours(1)) {
    kind.name = "accessToken";
    kind.static_user = {};
    mint = [this, life](const SecretString&) {
      return credentials::Minted{
          {"iambearer", SecretString("token-" + std::to_string(minted))}, life, {}};
    };
  }
  /// From now on IAM makes no login.
  void iam_says(iam::Refusal::Kind kind_of_no) {
    mint = [kind_of_no](const SecretString&) { return tl::unexpected(refusal(kind_of_no)); };
  }
  /// Takes the place of one that handed a token out.
  void succeeds(const KeeperRig& before) {
    recorded = before.recorded;
    copies = {{"shop", "icr-default"}};
    const auto token = before.set.material("default")->login();
    copy = icr::docker_config_json({"us.icr.io"}, token).reveal();
    clock.advance(before.clock.now() - clock.now());
  }

  /// The Secret with this value, and all that is due then.
  credentials::Keeper::Delay sees(const std::string& value) {
    return sees_object(secret("op/key@1", {{"apikey", value}}));
  }
  credentials::Keeper::Delay sees_object(const Json& object) {
    keeper().offer(credentials::read_secret(*kube::decode_object(object.dump()), "apikey",
                                            icr::parse_api_key));
    return step();
  }
  credentials::Keeper::Delay misses() {
    keeper().offer(tl::unexpected(credentials::SecretProblem{"SourceMissing", "is not there", {}}));
    return step();
  }
  credentials::Keeper::Delay step() { return next = keeper().step({}); }
  /// At the next moment at which something is due.
  credentials::Keeper::Delay again() {
    clock.advance(next.value());
    return step();
  }
  credentials::Keeper::Delay after(std::chrono::milliseconds time) {
    clock.advance(time);
    return step();
  }
  /// What is due until then, one thing after the other.
  void run_for(std::chrono::milliseconds time) {
    const auto end = clock.now() + time;
    while (next && clock.now() + *next <= end) again();
    clock.advance(end - clock.now());
    step();
  }

  /// Made at first use, so that a test can change `kind` and `context` before.
  credentials::Keeper& keeper() {
    if (!made_) {
      made_ = std::make_unique<credentials::Keeper>(credential, kind, context);
    }
    return *made_;
  }
  void end() { made_.reset(); }
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
  std::optional<icr::Hosts> hosts = icr::Hosts{"us.icr.io"};
  std::function<MintResult(const SecretString&)> mint = [](const SecretString& input) {
    return credentials::Minted{{"iamapikey", input}, {}, {}};
  };
  /// What a host says of a login.
  std::function<credentials::Answer(const std::string& host, const icr::Login& login)> prove =
      [](const std::string&, const icr::Login&) { return credentials::Answer(); };
  std::map<std::string, iam::Refusal> answers_of;  ///< of hosts that say something else
  Words asked;                                     ///< hosts, or images, in order
  Words asked_with;                                ///< the passwords of these
  credentials::Keeper::Delay next;                 ///< of the last step
  std::vector<credentials::CopyPlace> copies;      ///< those that have the recorded revision
  bool copies_listed = true;
  std::string copy;  ///< what is in them: a docker config

  config::Credential credential{"default", config::ApiKeySource{{"key", "apikey"}}, {}, {}};
  credentials::KeeperKind kind{"apiKey", config::SecretKeyRef{"key", "apikey"}, icr::parse_api_key,
                               [this](const SecretString& input, const std::stop_token&) {
                                 ++minted;
                                 return mint(input);
                               },
                               "iamapikey"};

  credentials::SourceContext context{
      .credentials = set,
      .clock = clock,
      .log = log.log,
      .metrics = metrics,
      .random = [] { return 0.0; },
      .report =
          [this](const std::string& secret, const std::string&, const plan::Problem& problem) {
            subjects.push_back(secret);
            reasons.push_back(problem.reason);
            messages.push_back(problem.message);
          },
      .watch = [](const std::string&, kube::Sink&, const std::stop_token&) {},
      .on_settled = [this] { ++settled; },
      .hosts_to_prove = [this](const std::string&) { return hosts; },
      .copies_with = [this](const std::string&, const std::string&)
          -> std::optional<std::vector<credentials::CopyPlace>> {
        if (!copies_listed) return std::nullopt;
        return copies;
      },
      .ask_host = [this](const std::string& host, const icr::Login& login,
                         const std::optional<iam::ImageName>& image,
                         const std::stop_token&) { return answer(host, login, image); },
      .ask_side_by_side = 0,
      .proof = config::Proof::kRequired,
      .status = status,
      .client = client,
      .own_namespace = "op",
      .own_namespace_uid = [] { return std::optional<std::string>("uid-of-op"); },
      .rolled_out = [](const std::string&, const std::string&) { return false; },
      .failure_point = [](std::string_view) {}};

 private:
  credentials::Answer answer(const std::string& host, const icr::Login& login,
                             const std::optional<iam::ImageName>& image) {
    const auto place = image ? host + "/" + image->repository : host;
    asked.push_back(place);
    asked_with.push_back(login.password.reveal());
    const auto other = answers_of.find(place);
    if (other != answers_of.end()) return tl::unexpected(other->second);
    return prove(host, login);
  }

  std::unique_ptr<credentials::Keeper> made_;
};

}  // namespace icrps::test
