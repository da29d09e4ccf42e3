// The calls of `cf rotate` against a double of the Cloud Foundry API that lives in this file.
#include "cf/api.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cf/rotation.hpp"
#include "unit/support/fake_transport.hpp"

namespace api_test {

using namespace icrps;
using nlohmann::json;

namespace {

/// Apps in a space with docker packages, the newest last. As the real one it pages, sorts as it is
/// asked, keeps passwords to itself and knows who may not.
struct CfDouble {
  std::map<std::string, std::vector<json>> packages{
      {"shop",
       {{{"guid", "p1"}, {"image", "us.icr.io/team/shop:1"}, {"username", "old"}},
        {{"guid", "p2"}, {"image", "us.icr.io/team/shop:2"}, {"username", "old"}}}},
      {"blog", {}}};
  std::map<std::string, std::string> passwords;
  bool knows_credentials = true;
  bool logged_in = true;
  std::size_t page_size = 1;

  static http::Response error(int status, const std::string& title, const std::string& detail) {
    return test::response(
        status, json{{"errors", {{{"code", 1}, {"title", title}, {"detail", detail}}}}}.dump());
  }

  static std::string query(const std::string& target, const std::string& name) {
    auto at = target.find("&" + name + "=");
    if (at == std::string::npos) at = target.find("?" + name + "=");
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 2;
    return target.substr(from, target.find('&', from) - from);
  }

  http::Result answer(const http::Request& request) {
    if (!logged_in) return error(401, "CF-InvalidAuthToken", "Invalid Auth Token");
    const auto& target = request.target;
    if (request.method == http::Method::kPatch) return patch(request);
    if (target.starts_with("/v3/apps?")) return apps(target);
    const std::string guid = target.substr(9, target.find('/', 9) - 9);
    if (!packages.contains(guid)) return error(404, "CF-ResourceNotFound", "App not found");
    if (target.find("/packages?") != std::string::npos) return newest(guid, target);
    if (packages.at(guid).empty()) return error(404, "CF-ResourceNotFound", "Droplet not found");
    return test::response(
        200, json{{"links", {{"package", {{"href", "https://api/v3/packages/p1"}}}}}}.dump());
  }

  http::Result apps(const std::string& target) {
    if (query(target, "space_guids") != "s1") return test::response(200, R"({"resources":[]})");
    const auto names = query(target, "names");
    json found = json::array();
    for (const auto& [name, list] : packages) {
      if (!names.empty() && names.find(name) == std::string::npos) continue;
      found.push_back({{"guid", name}, {"name", name}, {"lifecycle", {{"type", "docker"}}}});
    }
    const auto page = std::stoul(query(target, "page")) - 1;
    json shown = json::array();
    for (auto i = page * page_size; i < std::min(found.size(), (page + 1) * page_size); ++i) {
      shown.push_back(found[i]);
    }
    json next = nullptr;
    if ((page + 1) * page_size < found.size()) next = {{"href", "https://api/v3/apps?page=2"}};
    return test::response(200, json{{"pagination", {{"next", next}}}, {"resources", shown}}.dump());
  }

  http::Result newest(const std::string& guid, const std::string& target) {
    auto list = packages.at(guid);
    if (query(target, "order_by") == "-created_at") std::reverse(list.begin(), list.end());
    json shown = json::array();
    for (const auto& one : list) {
      shown.push_back(
          {{"guid", one["guid"]},
           {"type", "docker"},
           {"data",
            {{"image", one["image"]}, {"username", one["username"]}, {"password", "***"}}}});
    }
    return test::response(200, json{{"resources", shown}}.dump());
  }

  http::Result patch(const http::Request& request) {
    if (!knows_credentials) {
      return error(422, "CF-UnprocessableEntity", "Unknown field(s): 'username', 'password'");
    }
    const auto guid = request.target.substr(std::string("/v3/packages/").size());
    const auto body = json::parse(request.body);
    for (auto& [name, list] : packages) {
      for (auto& one : list) {
        if (one["guid"] != guid) continue;
        one["username"] = body["username"];
        passwords[guid] = body["password"];
        return test::response(200, one.dump());
      }
    }
    return error(404, "CF-ResourceNotFound", "Package not found");
  }
};

struct Rig {
  CfDouble cloud;
  test::FakeTransport server;
  cf::Api api{server, "api.example.com"};
  Rig() {
    server.answer = [this](const http::Request& request) { return cloud.answer(request); };
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
};

const icr::Login kLogin{"iamapikey", SecretString("new-hunter2")};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("apps are found by name, or all of the space", "[cf][api]") {
  Rig rig;
  const auto all = rig.api.apps("s1", {});
  REQUIRE(all);
  REQUIRE(all->size() == 2);  // two pages
  CHECK(all->front().lifecycle == "docker");
  CHECK(rig.api.apps("s1", {"shop", "my app"})->size() == 1);
  CHECK(has(rig.server.lines.back(), "names=shop,my%20app"));
  CHECK(rig.api.apps("s2", {})->empty());
}

TEST_CASE("the newest package gets the new login", "[cf][api]") {
  Rig rig;
  const cf::App shop{"shop", "shop", "docker"};
  const auto package = rig.api.newest_package(shop);
  REQUIRE(package);
  REQUIRE(*package);
  CHECK((*package)->guid == "p2");
  CHECK((*package)->image == "us.icr.io/team/shop:2");
  CHECK(rig.api.running_package(shop) == "p1");
  CHECK(rig.api.set_login(**package, kLogin));
  CHECK(rig.cloud.passwords == std::map<std::string, std::string>{{"p2", "new-hunter2"}});
  CHECK(rig.cloud.packages["shop"].back()["username"] == "iamapikey");
}

TEST_CASE("an app that was never staged has no package and no droplet", "[cf][api]") {
  Rig rig;
  const cf::App blog{"blog", "blog", "docker"};
  CHECK_FALSE(*rig.api.newest_package(blog));
  CHECK(rig.api.running_package(blog) == "");
}

TEST_CASE("rotate changes the apps whose image the key may pull, and no other", "[cf][rotation]") {
  Rig rig;
  rig.cloud.packages["docs"] = {{{"guid", "p7"}, {"image", "docker.io/docs:1"}, {"username", ""}}};
  rig.cloud.packages["team"] = {
      {{"guid", "p8"}, {"image", "de.icr.io/team/app:1"}, {"username", "old"}}};
  std::vector<std::string> asked;
  const auto prove = [&](const iam::ImageReference& image) {
    asked.push_back(image.host + "/" + image.image.repository);
    return image.host == "us.icr.io" ? std::string() : std::string("may not pull");
  };
  const auto told = [&](const cf::RotationWish& wish) {
    std::vector<std::string> lines;
    const auto outcomes = cf::rotate_apps(rig.api, wish, prove);
    REQUIRE(outcomes);
    for (const auto& one : *outcomes) {
      lines.push_back(one.app + " " + std::string(to_string(one.result)));
    }
    return lines;
  };
  SECTION("a dry run") {
    CHECK(told({"s1", {"shop"}, kLogin, true}) == std::vector<std::string>{"shop would change"});
    CHECK(rig.cloud.passwords.empty());
  }
  SECTION("all of the space") {
    CHECK(told({"s1", {}, kLogin}) ==
          std::vector<std::string>{"blog skipped", "docs skipped", "shop changed", "team refused"});
    CHECK(rig.cloud.passwords == std::map<std::string, std::string>{{"p2", "new-hunter2"}});
    CHECK(asked == std::vector<std::string>{"us.icr.io/team/shop", "de.icr.io/team/app"});
  }
  SECTION("one that does not exist") {
    CHECK(told({"s1", {"shop", "sh"}, kLogin}) ==
          std::vector<std::string>{"shop changed", "sh failed"});
  }
  SECTION("the apps can't be listed") {
    rig.cloud.logged_in = false;
    CHECK_FALSE(cf::rotate_apps(rig.api, {"s1", {}, kLogin}, prove));
  }
}

TEST_CASE("refusals of the API in words", "[cf][api]") {
  Rig rig;
  const cf::App shop{"shop", "shop", "docker"};
  SECTION("an older foundation") {
    rig.cloud.knows_credentials = false;
    const auto set = rig.api.set_login({"p2", "i", ""}, kLogin);
    REQUIRE_FALSE(set);
    CHECK(has(set.error(), "older than 2023"));
    CHECK_FALSE(has(set.error(), "hunter"));
  }
  SECTION("the login of cf has ended") {
    rig.cloud.logged_in = false;
    CHECK(has(rig.api.apps("s1", {}).error(), "cf oauth-token"));
  }
  SECTION("the package is gone") {
    CHECK(has(rig.api.set_login({"p9", "i", ""}, kLogin).error(), "CF-ResourceNotFound"));
  }
  SECTION("no answer") {
    rig.server.answer = [](const http::Request&) {
      return test::failure(http::Failure::Kind::kTimeout, "took too long");
    };
    CHECK(has(rig.api.newest_package(shop).error(), "took too long"));
  }
  SECTION("nonsense") {
    rig.server.answer = [](const http::Request&) {
      return http::Result(test::response(200, "<html>"));
    };
    CHECK_FALSE(rig.api.apps("s1", {}));
    CHECK_FALSE(rig.api.newest_package(shop));
  }
}

}  // namespace api_test
