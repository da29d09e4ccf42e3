#include "harness/rotation_scene.hpp"

#include <algorithm>
#include <exception>
#include <fmt/format.h>
#include <utility>

#include <catch2/catch.hpp>

#include "credentials/rotation/pure/codec.hpp"
#include "http/transport_cpprest.hpp"
#include "icr/base64.hpp"

namespace itest {
namespace {

namespace rotation = icrps::credentials::rotation;

const std::string kAccount = "0123456789abcdef0123456789abcdef";
const std::string kOfManager = "iam-ServiceId-manager";
const std::string kStateKey = "state.json";
constexpr int kOk = 200;

/// Keys of earlier scenes stay at the double: each scene has a service ID of its own.
std::string new_identity() {
  static int number = 0;
  return fmt::format("iam-ServiceId-rotating-{}", ++number);
}

std::string serviceid(const RotationScene& scene, const std::string& identity) {
  return fmt::format(
      "  - name: {}\n"
      "    serviceId:\n"
      "      iamId: {}\n"
      "      accountId: {}\n"
      "      overlap: {}\n"
      "      propagation: {}\n"
      "      manager: {{apiKey: {{secretRef: {{name: {}, key: apikey}}}}}}\n",
      kRotating, identity, kAccount, scene.overlap, scene.propagation, kManager);
}

std::string own_uid() {
  return uid_of(must(cluster().api().get("/api/v1/namespaces/" + kOwn)));
}

rotation::Owner owner() {
  static const auto installation = rotation::installation_of(own_uid(), kRotating);
  return {kRotating, installation};
}

std::string state_text() {
  const auto secret = cluster().secret(kOwn, kState);
  if (!secret || !secret->contains("data")) return {};
  const auto bytes = icrps::icr::base64_decode((*secret)["data"].value(kStateKey, std::string()));
  return bytes.value_or(std::string());
}

}  // namespace

// RegistryLogin

RegistryLogin::RegistryLogin() {
  icrps::http::TransportOptions options;
  options.origin = "https://us.icr.io";
  options.authorities = [] { return read_text(iam().ca_file()); };
  options.user_agent = "integration-tests";
  options.authorization = [this] {
    return icrps::SecretString("Basic " + icrps::icr::base64_encode("iamapikey:" + key_));
  };
  transport_ = icrps::http::make_cpprest_transport(std::move(options));
}

int RegistryLogin::try_key(const std::string& key) {
  key_ = key;
  icrps::http::Request request;
  request.target = "/oauth/token?service=registry";
  const auto result = transport_->send(request, {});
  return result ? result->status : 0;
}

// RotationScene

RotationScene::RotationScene() : identity_(new_identity()) {
  iam().set({{"accounts", {{{"id", kAccount}, {"keysPerIdentity", 20}}}},
             {"identities", {{{"iamId", identity_}, {"account", kAccount}}}}});
  allow_manager(true);
  cluster().delete_secret(kOwn, kState);
}

void RotationScene::limit_keys(int count) {
  iam().set({{"accounts", {{{"id", kAccount}, {"keysPerIdentity", count}}}}});
}

void RotationScene::allow_manager(bool allowed) {
  manager_ =
      put_key(kManager, {{"iamId", kOfManager}, {"account", kAccount}, {"manager", allowed}});
}

std::string RotationScene::add_foreign_key() {
  return iam().add_key(new_key(), {{"iamId", identity_}, {"account", kAccount}, {"name", "else"}});
}

OperatorProcess& RotationScene::launch_rotating(const std::string& failure_point) {
  OperatorProcess::Options options;
  options.config = iam_config(serviceid(*this, identity_), more);
  if (!failure_point.empty()) {
    options.environment.push_back("ICRPS_FAILURE_POINT=" + failure_point);
  }
  config_file_ = scratch_file("rotating.yaml", options.config);
  return launch(std::move(options));
}

OperatorProcess& RotationScene::start_rotating(const std::string& failure_point) {
  auto& op = launch_rotating(failure_point);
  op.wait_until_ready();
  return op;
}

void RotationScene::die_at(const std::string& failure_point) {
  constexpr int kKilled = 128 + SIGKILL;
  auto& op = launch_rotating(failure_point);
  const auto code = op.process().wait(10s * patience());
  INFO("failure point " << failure_point << "\n" << op.log());
  REQUIRE(code == kKilled);
  stop();
}

std::string RotationScene::make_user() {
  return *users_.insert(make({{kRegions, "us-south"}, {kCredentials, kRotating}})).first;
}

void RotationScene::ask_for_rotation() {
  static auto last = std::chrono::system_clock::time_point{};
  const auto second = [](auto time) { return std::chrono::floor<std::chrono::seconds>(time); };
  std::this_thread::sleep_until(second(last) + 1s);
  const auto out =
      must_run({environment("ICRPS_OPERATOR"), "rotate", "--config", config_file_, "--kubeconfig",
                operator_kubeconfig(), "--namespace", kOwn, "--credential", kRotating});
  last = std::chrono::system_clock::now();  // the request carries a second that is over by then
  CHECK(out.find("asked for a new key") != std::string::npos);
}

Finished RotationScene::verify() const {
  return run_command({environment("ICRPS_OPERATOR"), "verify", "--config", config_file_,
                      "--kubeconfig", operator_kubeconfig(), "--namespace", kOwn, "--host",
                      "us.icr.io"});
}

json RotationScene::state() {
  auto document = json::parse(state_text(), nullptr, false);
  if (!document.is_object()) return {};
  for (const auto* const part : {"current", "candidate"}) {
    if (document.contains(part)) guard(document[part].value("value", ""));
  }
  return document;
}

void RotationScene::put_state(const std::string& text) {
  must(cluster().api().merge("/api/v1/namespaces/" + kOwn + "/secrets/" + kState,
                             {{"data", {{kStateKey, icrps::icr::base64_encode(text)}}}}));
}

std::vector<json> RotationScene::ours() const {
  std::vector<json> found;
  const auto state = iam().state();
  for (const auto& key : state["keys"]) {
    if (key["iamId"] != identity_ || key["state"] == "deleted") continue;
    if (key["name"].get<std::string>().starts_with("icr-pull-secrets ")) found.push_back(key);
  }
  return found;
}

std::string RotationScene::wrong() {
  const auto text = state_text();
  if (text.empty()) return "there is no state";
  const auto valid = rotation::decode_state(icrps::SecretString(text), owner());
  if (!valid) return "the state is invalid: " + valid.error().message;
  const auto document = state();
  if (!valid->current) return "there is no current key";
  if (valid->candidate) return "a key is on its way";
  std::set<std::string> known{valid->current->id};
  for (const auto& key : valid->retiring) {
    if (!key.disabled_at) return "an old key is not disabled yet";
    known.insert(key.id);
  }
  for (const auto& key : ours()) {
    const std::string id = key["id"];
    if (!known.contains(id)) return "an orphan: " + key.dump();
    if ((key["state"] == "active") != (id == valid->current->id)) return "not so: " + key.dump();
  }
  return wrong_with(document);
}

std::string RotationScene::wrong_with(const json& state) {
  const std::string value = state["current"]["value"];
  const auto keys = ours();
  const bool exists = std::any_of(keys.begin(), keys.end(), [&](const auto& key) {
    return key["id"] == state["current"]["id"];
  });
  if (!exists) return "the current key does not exist at IAM";
  for (const auto& ns : users_) {
    const auto found = login(ns, kRotating);
    if (!found || found->password != value) return ns + " has another key";
  }
  const auto status = registry_.try_key(value);
  return status == kOk ? std::string() : fmt::format("the registry says {}", status);
}

void RotationScene::expect_settled(Milliseconds limit) {
  eventually("the rotation is over", [&] { return wrong(); }, limit);
}

std::string RotationScene::expect_rotated(const std::string& before) {
  std::string id;
  eventually("there is a new key", [&]() -> std::string {
    const auto document = state();
    if (!document.contains("current")) return "there is no current key: " + op().log();
    id = document["current"]["id"];
    return id == before ? "it is still the old one: " + op().log() : wrong();
  });
  return id;
}

void RotationScene::expect_only_current() {
  eventually("the old keys are gone", [&]() -> std::string {
    if (ours().size() != 1) return json(ours()).dump();
    return state().contains("retiring") ? "the state still has old ones" : wrong();
  });
}

std::string RotationScene::expect_first_key() {
  expect_settled();
  return state()["current"]["id"];
}

// RotationWatch

RotationWatch::RotationWatch(RotationScene& scene, std::string ns)
    : scene_(scene), ns_(std::move(ns)), thread_([this](const std::stop_token& stop) {
        RegistryLogin registry;
        while (!stop.stop_requested() && failure_.empty()) {
          look(registry);
          std::this_thread::sleep_for(15ms);
        }
      }) {}

RotationWatch::~RotationWatch() noexcept(false) {
  thread_.request_stop();
  thread_.join();
  if (std::uncaught_exceptions() > 0) return;
  constexpr std::size_t kMostOfOurs = 3;
  CHECK(failure_ == "");
  CHECK(logins_ > 0);
  CHECK(most_ <= kMostOfOurs);
}

void RotationWatch::look(RegistryLogin& registry) {
  try {
    most_ = std::max(most_, scene_.ours().size());
    const auto copy = cluster().secret(ns_, copy_of(kRotating));
    if (!copy) {
      failure_ = "the copy is gone";
      return;
    }
    const auto status = registry.try_key(password_of(*copy));
    ++logins_;
    if (status != kOk) failure_ = fmt::format("login {} is answered with {}", logins_, status);
  } catch (const std::exception& error) {
    failure_ = error.what();
  }
}

}  // namespace itest
