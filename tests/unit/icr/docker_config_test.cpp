#include "icr/docker_config.hpp"

#include <algorithm>
#include <fnmatch.h>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "icr/base64.hpp"

namespace docker_config_test {

using namespace icrps;
using namespace icrps::icr;
using namespace std::string_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

std::string config_for(const std::set<std::string>& keys, const std::string& username,
                       const std::string& password) {
  return docker_config_json(keys, {username, SecretString(password)}).reveal();
}

// The kubelet's way from a dockerconfigjson to the logins for an image, written down again from
// its rules (not its code), so that what we write is judged by its only reader.
namespace kubelet {

struct Found {
  std::string username, password;
  bool operator==(const Found&) const = default;
};

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// Every dot part by itself, ports as text, the path as a prefix.
bool matches(const std::string& key, const std::string& image) {
  const std::string key_host = key.substr(0, key.find('/'));
  const std::string image_host = image.substr(0, image.find('/'));
  const std::string key_path = key.substr(key_host.size());
  if (image.substr(image_host.size()).rfind(key_path, 0) != 0) return false;
  const auto key_port = split(key_host, ':');
  const auto image_port = split(image_host, ':');
  if (key_port.size() != image_port.size() || key_port.back() != image_port.back()) {
    if (key_port.size() != 1 || image_port.size() != 1) return false;
  }
  const auto key_parts = split(key_port[0], '.');
  const auto image_parts = split(image_port[0], '.');
  return std::equal(key_parts.begin(), key_parts.end(), image_parts.begin(), image_parts.end(),
                    [](const std::string& glob, const std::string& part) {
                      return fnmatch(glob.c_str(), part.c_str(), 0) == 0;
                    });
}

/// One entry that can't be read makes the whole keyring fail, so it fails the test.
Found login_of(const nlohmann::json& entry) {
  const auto auth = base64_decode(entry.at("auth").get<std::string>());
  REQUIRE(auth);
  const std::size_t colon = auth->find(':');
  REQUIRE(colon != std::string::npos);
  return {auth->substr(0, colon), auth->substr(colon + 1)};
}

/// The logins for an image in the order in which they are tried: keys in reverse byte order.
std::vector<Found> lookup(const std::string& config, const std::string& image) {
  const auto json = nlohmann::json::parse(config);
  std::vector<Found> found;
  const auto& auths = json.at("auths");
  std::vector<std::string> keys;
  for (const auto& [key, entry] : auths.items()) keys.push_back(key);
  std::sort(keys.rbegin(), keys.rend());
  for (const std::string& key : keys) {
    if (matches(key, image)) found.push_back(login_of(auths.at(key)));
  }
  return found;
}

}  // namespace kubelet

std::string mistake_in(std::string_view key) {
  const auto result = parse_api_key(key);
  return result ? "" : result.error().message;
}

}  // namespace

TEST_CASE("a dockerconfigjson has exactly these bytes", "[icr][docker_config]") {
  SECTION("no host") {
    CHECK(config_for({}, "iamapikey", "key") == R"({"auths":{}})");
  }
  SECTION("one host") {
    CHECK(config_for({"us.icr.io"}, "iamapikey", "s3cret-KEY_0") ==
          R"({"auths":{"us.icr.io":{"auth":"aWFtYXBpa2V5OnMzY3JldC1LRVlfMA==",)"
          R"("password":"s3cret-KEY_0","username":"iamapikey"}}})");
  }
  SECTION("several hosts, sorted") {
    CHECK(config_for({"us.icr.io", "de.icr.io", "private.de.icr.io"}, "iambearer", "t") ==
          R"({"auths":{)"
          R"("de.icr.io":{"auth":"aWFtYmVhcmVyOnQ=","password":"t","username":"iambearer"},)"
          R"("private.de.icr.io":{"auth":"aWFtYmVhcmVyOnQ=","password":"t",)"
          R"("username":"iambearer"},)"
          R"("us.icr.io":{"auth":"aWFtYmVhcmVyOnQ=","password":"t","username":"iambearer"}}})");
  }
  SECTION("a path with its slash, a port") {
    CHECK(config_for({"us.icr.io/team/", "r.example:5000"}, "u", "p") ==
          R"({"auths":{"r.example:5000":{"auth":"dTpw","password":"p","username":"u"},)"
          R"("us.icr.io/team/":{"auth":"dTpw","password":"p","username":"u"}}})");
  }
}

TEST_CASE("a password may hold any bytes", "[icr][docker_config]") {
  struct Case {
    const char* what;
    std::string password, json;
  };
  for (const auto& [what, password, json] :
       std::vector<Case>{{"a double quote", "a\"b", R"("a\"b")"},
                         {"a backslash", "a\\b", R"("a\\b")"},
                         {"a slash and what HTML minds", "a/<&>", R"("a/<&>")"},
                         {"line ends and tabs", "a\n\r\tb", R"("a\u000a\u000d\u0009b")"},
                         {"other control characters", "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
                         {"a NUL byte", "a\0b"s, R"("a\u0000b")"},
                         {"UTF-8", "p\xc3\xa4ss\xe2\x82\xac\xf0\x9f\x94\x91",
                          "\"p\xc3\xa4ss\xe2\x82\xac\xf0\x9f\x94\x91\""},
                         {"Latin-1", "p\xe4ss", R"("p\ufffdss")"},
                         {"UTF-8 cut short", "a\xe2\x82", R"("a\ufffd\ufffd")"},
                         {"a colon", "a:b", R"("a:b")"},
                         {"nothing", "", R"("")"}}) {
    DYNAMIC_SECTION(what) {
      const std::string auth = base64_encode("cp:" + password);
      const std::string config = config_for({"cp.icr.io"}, "cp", password);
      CHECK(config == R"({"auths":{"cp.icr.io":{"auth":")" + auth + R"(","password":)" + json +
                          R"(,"username":"cp"}}})");
      // The kubelet reads `auth`, so it gets the true bytes even where JSON can't hold them.
      CHECK(kubelet::lookup(config, "cp.icr.io/cp/app") ==
            std::vector<kubelet::Found>{{"cp", password}});
    }
  }
}

TEST_CASE("the same login gives the same bytes in any order of the hosts", "[icr][docker_config]") {
  const std::set<std::string> hosts = RegionTable::builtin().known_hosts();
  const std::set<std::string> again(hosts.rbegin(), hosts.rend());
  const std::string config = config_for(hosts, "iamapikey", std::string(44, 'k'));
  CHECK(config == config_for(again, "iamapikey", std::string(44, 'k')));
  CHECK(config == nlohmann::json::parse(config).dump());  // sorted and without blanks
  CHECK(config.size() < 10'000);                          // a Secret holds 1 MiB
}

TEST_CASE("the kubelet finds the login for the image", "[icr][docker_config]") {
  const std::string config =
      config_for({"icr.io", "us.icr.io", "private.de.icr.io", "uk.icr.io/team", "r.example:5000"},
                 "iamapikey", "key:with:colons");
  struct Case {
    std::string image;
    bool found;
  };
  for (const auto& [image, found] :
       std::vector<Case>{{"us.icr.io/team/app", true},
                         {"icr.io/team/app", true},
                         {"private.de.icr.io/team/app", true},
                         {"uk.icr.io/team/app", true},
                         {"r.example:5000/app", true},
                         {"de.icr.io/team/app", false},
                         {"private.us.icr.io/team/app", false},
                         {"us.icr.io:443/team/app", false},
                         // It compares text. The registry says no, and the next login is tried.
                         {"uk.icr.io/team-b/app", true},
                         {"uk.icr.io/other/team/app", false},
                         {"r.example/app", false},
                         {"r.example:5001/app", false},
                         {"us.icr.io.evil.example/app", false},
                         {"xus.icr.io/app", false},
                         {"docker.io/library/busybox", false}}) {
    DYNAMIC_SECTION(image) {
      const auto logins = kubelet::lookup(config, image);
      CHECK(logins.size() == (found ? 1U : 0U));
      for (const auto& login : logins) {
        CHECK(login == kubelet::Found{"iamapikey", "key:with:colons"});
      }
    }
  }
}

TEST_CASE("every region's images find the login for that region only", "[icr][docker_config]") {
  const auto table = RegionTable::builtin();
  for (const auto& [id, region] : table.regions()) {
    const std::string config =
        config_for(table.select(id, Endpoints::kAll).value(), "iamapikey", "k");
    for (const std::string& host : table.known_hosts()) {
      const bool own = host == region.host || host == "private." + region.host;
      CHECK(kubelet::lookup(config, host + "/ns/app:1").size() == (own ? 1U : 0U));
    }
  }
}

TEST_CASE("an API key is taken as it is", "[icr][api_key]") {
  for (const std::string& key :
       {"aB3_-x"s, std::string(44, 'k'), "!#$%&'()*+,./:;<=>?@[]^`{|}~"s, std::string(4096, 'k')}) {
    DYNAMIC_SECTION(key.substr(0, 30) << ' ' << key.size()) {
      const auto result = parse_api_key(key);
      REQUIRE(result);
      CHECK(result->value.reveal() == key);
      CHECK_FALSE(result->trimmed);
    }
  }
}

TEST_CASE("blanks around an API key are removed, and it is said", "[icr][api_key]") {
  for (const char* bytes : {"key\n", "key\r\n", " key", "key ", "\tkey\t", "\n\nkey\n\n"}) {
    const auto result = parse_api_key(bytes);
    REQUIRE(result);
    CHECK(result->value.reveal() == "key");
    CHECK(result->trimmed);
  }
}

TEST_CASE("what can't be an API key is refused without being repeated", "[icr][api_key]") {
  struct Case {
    std::string bytes, what;
  };
  for (const auto& [bytes, what] : std::vector<Case>{
           {"", "the API key is empty"},
           {" \r\n\t", "the API key is nothing but white space"},
           {"SeCrEt \"x", "the API key holds a blank"},
           {"SeCrEt SeCrEt", "the API key holds a blank"},
           {"SeCrEt\tSeCrEt", "the API key holds a blank"},
           {"SeCrEt\nSeCrEt", "the API key holds a line end (store nothing but one key)"},
           {"SeCrEt\r\nSeCrEt\r\n", "the API key holds a line end"},
           {"\"SeCrEt\"", "the API key stands in double quotes, probably copied out of JSON"},
           {"\"SeCrEt\"\n", "the API key stands in double quotes"},
           {"SeC\"rEt", "the API key holds a double quote"},
           {"\"SeCrEt", "the API key holds a double quote"},
           {"\"", "the API key holds a double quote"},
           {"SeCrEt\\n", "the API key holds a backslash, perhaps an escape such as \\n kept"},
           {"SeCrEt\0"s, "the API key holds a NUL byte"},
           {"S\0e\0C\0r\0"s, "the API key holds a NUL byte"},
           {"\xff\xfeS\0e\0C\0"s, "the API key is UTF-16 text"},
           {"\xfe\xff\0S\0e\0C"s, "the API key is UTF-16 text"},
           {"\xef\xbb\xbfSeCrEt", "the API key starts with a byte order mark"},
           {"SeCr\xc3\xa9t", "the API key holds a character that is not ASCII"},
           {"SeCr\x80", "the API key holds a character that is not ASCII"},
           {"SeC\x1brEt", "the API key holds a control character"},
           {"SeCrEt\x7f", "the API key holds a control character"},
           {std::string(4097, 'k'), "the API key is too long"},
           {"{\n\t\"name\": \"x\",\n\t\"apikey\": \"SeCrEt\"\n}\n",
            "the API key is a JSON object, probably the whole file that `ibmcloud iam "
            "api-key-create` writes (store only the value of its field \"apikey\""}}) {
    DYNAMIC_SECTION(what << ", " << bytes.size() << " bytes") {
      const std::string message = mistake_in(bytes);
      CHECK_THAT(message, StartsWith(what));
      CHECK_THAT(message, Contains("accepted: 1 to 4096 printable ASCII characters without blanks, "
                                   "double quotes and backslashes"));
      CHECK_THAT(message, !Contains("SeC") && !Contains("kkkk"));
      CHECK(message.size() < 400);
    }
  }
}

}  // namespace docker_config_test
