// Runs against an account and a cluster that live in this file: to the end, killed before and after
// each request, with lists that are late.
#include "provision/run.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "icr/base64.hpp"
#include "provision/pure/place.hpp"
#include "unit/support/fake_clock.hpp"
#include "unit/support/fake_transport.hpp"

namespace run_test {

using namespace icrps;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::string kSecretPath = "/api/v1/namespaces/ops/secrets";
const std::string kReader = "crn:v1:bluemix:public:iam::::serviceRole:Reader";

/// The process is dead.
struct Killed {};

/// IAM and the API server. New things are in IAM's lists a minute later.
class World {
 public:
  test::FakeClock clock;
  std::map<std::string, json> identities, policies, keys;
  json secret;  ///< null: it does not exist
  unsigned requests = 0;
  unsigned writes = 0;
  /// Dies at the request of this number: before it is acted on, or after.
  unsigned killed_at = 0;
  bool killed_before = false;
  bool secret_is_read_only = false;

  http::Result answer(const http::Request& request) {
    ++requests;
    if (requests == killed_at && killed_before) throw Killed();
    if (request.method != http::Method::kGet) ++writes;
    auto result = act(request);
    if (requests == killed_at) throw Killed();
    return result;
  }

 private:
  struct Late {
    Clock::Instant seen;
  };

  http::Result act(const http::Request& request) {
    const auto path = request.target.substr(0, request.target.find('?'));
    if (path.starts_with("/api/v1/")) return cluster(request, path);
    if (path == "/v1/apikeys/details") return details(request);
    if (path.ends_with("/limits/identity")) return reply(200, {{"apikeys_per_identity", 20}});
    if (path == "/v1/serviceids/") return of(request, identities, "serviceids", "ServiceId-");
    if (path == "/v2/policies") return of_policies(request);
    if (path == "/v1/apikeys") return of(request, keys, "apikeys", "ApiKey-");
    return one(request, path);
  }

  static http::Result reply(int status, const json& body) {
    return test::response(status, body.is_null() ? "" : body.dump());
  }
  static http::Result no(int status, const std::string& code) {
    return reply(status, {{"errors", {{{"code", code}, {"message", code}}}}});
  }

  /// The list, or one more.
  http::Result of(const http::Request& request, std::map<std::string, json>& all,
                  const std::string& field, const std::string& prefix) {
    if (request.method == http::Method::kGet) return list(all, field);
    auto made = json::parse(request.body);
    const auto id = prefix + std::to_string(++number_);
    made["id"] = id;
    if (field == "serviceids") made["iam_id"] = "iam-" + id;
    if (field == "apikeys") made["apikey"] = "value-of-" + id;
    all[id] = made;
    seen_[id] = clock.now() + 59s;
    return reply(201, made);
  }

  http::Result list(const std::map<std::string, json>& all, const std::string& field) {
    auto shown = json::array();
    for (const auto& [id, one] : all) {
      if (seen_[id] <= clock.now()) shown.push_back(one);
    }
    return reply(200, {{field, shown}});
  }

  http::Result of_policies(const http::Request& request) {
    if (request.method == http::Method::kGet) return list(policies, "policies");
    const auto wanted = json::parse(request.body);
    for (const auto& [id, one] : policies) {
      if (one["resource"] != wanted["resource"]) continue;
      return reply(409, {{"errors",
                          {{{"code", "policy_conflict_error"},
                            {"message", "conflict"},
                            {"details", {{"conflicts_with", {{"policy", {{"id", id}}}}}}}}}}});
    }
    return of(request, policies, "policies", "policy-");
  }

  http::Result one(const http::Request& request, const std::string& path) {
    const auto id = path.substr(path.rfind('/') + 1);
    for (auto* all : {&identities, &policies, &keys}) {
      if (!all->contains(id)) continue;
      if (request.method == http::Method::kGet) return reply(200, all->at(id));
      all->erase(id);
      return reply(204, nullptr);
    }
    return no(404, "not_found");
  }

  http::Result details(const http::Request& request) {
    const auto value = test::header(request.headers, "IAM-ApiKey");
    for (const auto& [id, key] : keys) {
      if (key["apikey"] == value) return reply(200, key);
    }
    return no(404, "not_found");
  }

  static http::Result status(int code, const std::string& reason) {
    return reply(code, {{"apiVersion", "v1"},
                        {"kind", "Status"},
                        {"status", "Failure"},
                        {"code", code},
                        {"reason", reason},
                        {"message", reason}});
  }

  http::Result cluster(const http::Request& request, const std::string& path) {
    if (path == "/api/v1/namespaces/ops") return reply(200, {{"metadata", {{"uid", "ns-uid"}}}});
    if (request.method == http::Method::kGet) {
      return secret.is_null() ? status(404, "NotFound") : reply(200, secret);
    }
    if (secret_is_read_only && request.body.find("apikey") != std::string::npos) {
      return status(403, "Forbidden");
    }
    const auto body = json::parse(request.body);
    if (request.method == http::Method::kPost) {
      if (!secret.is_null()) return status(409, "AlreadyExists");
      secret = body;
    } else {
      const auto version = body["metadata"]["resourceVersion"];
      if (version != secret["metadata"]["resourceVersion"]) {
        return status(409, "Conflict");
      }
      secret.merge_patch(body);
    }
    secret["metadata"]["resourceVersion"] = std::to_string(++number_);
    return reply(200, secret);
  }

  unsigned number_ = 0;
  std::map<std::string, Clock::Instant> seen_;
};

provision::Wish wish() {
  provision::Wish wish;
  wish.name = "pull";
  wish.secret = provision::SecretPlace{"ns-uid", "ops", "icr-api-key"};
  for (const auto* ns : {"team", "shop"}) {
    wish.grants.push_back({provision::attributes_of({ns, "us-south"}, "A"), {kReader}, ns});
  }
  return wish;
}

/// One process.
class Attempt {
 public:
  explicit Attempt(World& world) : world_(world) {
    transport_.answer = [this](const http::Request& request) { return world_.answer(request); };
  }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

  provision::Run::Result<void> run(const provision::Wish& wanted = wish()) {
    provision::Run run(account_, wanted, &secret_,
                       [this](const std::string& line) { lines.push_back(line); });
    if (auto looked = run.look(); !looked) return looked;
    return run.converge();
  }
  /// True: it was killed.
  bool dies() {
    try {
      const auto done = run();
      REQUIRE(done);
    } catch (const Killed&) {
      return true;
    }
    return false;
  }

  std::vector<std::string> lines;

 private:
  World& world_;
  test::FakeTransport transport_;
  iam::Client keys_{transport_, "iam.example.com", [](auto, auto) {}};
  iam::Directory directory_{iam::Exchange(transport_, "iam.example.com", [](auto, auto) {})};
  provision::Account account_{
      keys_,
      directory_,
      SecretString("bearer"),
      "A",
      {world_.clock, [this](std::chrono::milliseconds time) { world_.clock.advance(time); }}};
  kube::Client client_{transport_, [](auto, auto, auto) {}};
  provision::SourceSecret secret_{client_, {"ops", "icr-api-key"}};
};

void check_whole(const World& world) {
  CHECK(world.identities.size() == 1);
  CHECK(world.policies.size() == 2);
  REQUIRE(world.keys.size() == 1);
  const auto& key = world.keys.begin()->second;
  CHECK(icr::base64_decode(world.secret["data"]["apikey"].get<std::string>()) ==
        key["apikey"].get<std::string>());
  const auto& annotations = world.secret["metadata"]["annotations"];
  CHECK(annotations["icr-pull-secrets/provision"] == "pull");
  CHECK_FALSE(annotations.contains("icr-pull-secrets/provision-began"));
}

}  // namespace

TEST_CASE("from nothing to everything, and then nothing more", "[provision][run]") {
  World world;
  Attempt first(world);
  REQUIRE(first.run());
  check_whole(world);
  CHECK(first.lines == std::vector<std::string>{"+ service ID pull", "+ policy team",
                                                "+ policy shop", "+ API key of pull",
                                                "~ Secret ops/icr-api-key: the new API key"});
  const auto writes = world.writes;
  SECTION("at once, when IAM's lists don't show anything yet") {
    Attempt again(world);
    REQUIRE(again.run());
    check_whole(world);
    CHECK(world.identities.size() == 1);
  }
  SECTION("later") {
    world.clock.advance(10min);
    Attempt again(world);
    REQUIRE(again.run());
    CHECK(again.lines.empty());
    CHECK(world.writes == writes);
  }
}

TEST_CASE("killed before and after each request, and run again", "[provision][run]") {
  World whole;
  REQUIRE_FALSE(Attempt(whole).dies());
  REQUIRE(whole.requests == 8);
  for (unsigned at = 1; at <= whole.requests; ++at) {
    for (const bool before : {true, false}) {
      for (const auto pause : {0s, 5s, 3600s}) {
        INFO("killed " << (before ? "before" : "after") << " request " << at << ", then "
                       << pause.count() << " s");
        World world;
        world.killed_at = at;
        world.killed_before = before;
        REQUIRE(Attempt(world).dies());
        world.clock.advance(pause);
        REQUIRE_FALSE(Attempt(world).dies());
        check_whole(world);
      }
    }
  }
}

TEST_CASE("the run after it is killed as well", "[provision][run]") {
  for (unsigned at = 1; at <= 8; ++at) {
    // More requests than it has: those live.
    for (unsigned again = 1; again <= 20; ++again) {
      INFO("killed after request " << at << ", and then after request " << again);
      World world;
      world.killed_at = at;
      REQUIRE(Attempt(world).dies());
      world.killed_at = world.requests + again;
      if (Attempt(world).dies()) {
        CHECK(world.keys.size() <= 1);
        REQUIRE_FALSE(Attempt(world).dies());
      }
      check_whole(world);
    }
  }
}

TEST_CASE("a key that can't be stored is deleted", "[provision][run]") {
  World world;
  world.secret_is_read_only = true;
  const auto done = Attempt(world).run();
  REQUIRE_FALSE(done);
  CHECK_FALSE(done.error().blocked);
  CHECK(done.error().why.find("The new API key was deleted again") != std::string::npos);
  CHECK(world.keys.empty());
  world.secret_is_read_only = false;
  REQUIRE(Attempt(world).run());
  check_whole(world);
}

TEST_CASE("what somebody else put into the Secret stays", "[provision][run]") {
  World world;
  world.secret = {{"metadata", {{"name", "icr-api-key"}, {"resourceVersion", "1"}}},
                  {"data", {{"apikey", icr::base64_encode("somebody-elses")}}}};
  const auto before = world.secret;
  const auto done = Attempt(world).run();
  REQUIRE_FALSE(done);
  CHECK(done.error().blocked);
  CHECK(world.secret == before);
  CHECK(world.writes == 0);
  auto forced = wish();
  forced.force = true;
  REQUIRE(Attempt(world).run(forced));
  check_whole(world);
}

}  // namespace run_test
