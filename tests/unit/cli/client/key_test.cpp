// Where the API key comes from, and what client.yaml and the environment say.
#include "cli/client/key.hpp"

#include <map>

#include <catch2/catch.hpp>

#include "unit/config/scratch.hpp"

namespace key_test {

namespace {

using namespace icrps;
using cli::KeyOptions;
using cli::Settings;

const std::string kKey = "abcdefghijklmnopqrstuvwxyz0123456789";

/// Each place says its own name, and that it was looked at.
struct Places {
  std::map<std::string, std::string> variables{};
  std::string text = kKey;
  std::string looked_at{};

  cli::KeyPlaces made() {
    const auto say = [this](const std::string& place) {
      return [this, place]() -> tl::expected<SecretString, std::string> {
        looked_at += place + ";";
        return SecretString(text);
      };
    };
    return {[this](const std::string& name) -> std::optional<std::string> {
              const auto found = variables.find(name);
              if (found == variables.end()) return std::nullopt;
              looked_at += name + ";";
              return found->second;
            },
            [say](const std::string& file) { return say("file " + file)(); }, say("input"),
            say("prompt")};
  }
};

}  // namespace

TEST_CASE("the API key comes from the first place that has one") {
  struct Case {
    std::string option_file;
    bool option_stdin;
    std::map<std::string, std::string> variables;
    std::string settings_file;
    std::string looked_at;
    std::string from;
  };
  const std::map<std::string, std::string> both{{"IBMCLOUD_API_KEY", kKey},
                                                {"IBMCLOUD_API_KEY_FILE", "/b"}};
  const std::vector<Case> cases{
      {"/a", false, both, "/c", "IBMCLOUD_API_KEY;file /a;", "the file /a"},
      {"", true, both, "/c", "IBMCLOUD_API_KEY;input;", "the standard input"},
      {"", false, both, "/c", "IBMCLOUD_API_KEY;", "$IBMCLOUD_API_KEY"},
      {"",
       false,
       {{"IBMCLOUD_API_KEY_FILE", "/b"}},
       "/c",
       "IBMCLOUD_API_KEY_FILE;file /b;",
       "the file /b"},
      {"", false, {}, "/c", "file /c;", "the file /c"},
      {"", false, {}, "", "prompt;", "what was typed"},
  };
  for (const auto& one : cases) {
    Places places{one.variables};
    KeyOptions options;
    options.api_key_file = one.option_file;
    options.api_key_stdin = one.option_stdin;
    Settings settings;
    settings.api_key_file = one.settings_file;
    const auto key = find_key(options, settings, places.made());
    REQUIRE(key);
    CHECK(key->value.reveal() == kKey);
    CHECK(key->from == one.from);
    CHECK(places.looked_at == one.looked_at);
    CHECK(key->login().username == "iamapikey");
  }
}

TEST_CASE("an API key that can't be one is told by its place, not by its text") {
  Places places;
  places.text = R"({"apikey": "s3cret"})";
  KeyOptions options;
  options.api_key_file = "/run/key";
  const auto key = find_key(options, {}, places.made());
  REQUIRE_FALSE(key);
  CHECK(key.error().starts_with("the file /run/key: the API key is a JSON object"));
  CHECK(key.error().find("s3cret") == std::string::npos);
}

TEST_CASE("a trusted profile's id is the user; two places for the key are a mistake") {
  Places places;
  KeyOptions options;
  options.api_key_file = "/a";
  options.profile = "Profile-11111111-2222";
  const auto key = find_key(options, {}, places.made());
  REQUIRE(key);
  CHECK(key->login().username == "Profile-11111111-2222");
  options.profile = "11111111";
  CHECK(find_key(options, {}, places.made()).error().starts_with("--profile \"11111111\""));
  options.profile.clear();
  options.api_key_stdin = true;
  CHECK(find_key(options, {}, places.made()).error().starts_with("--apikey-file and"));
}

TEST_CASE("what an option says counts more than the environment, and that more than client.yaml") {
  const config::Scratch scratch;
  const std::map<std::string, std::string> none{{"XDG_CONFIG_HOME", scratch.path()}};
  const auto environment = [](std::map<std::string, std::string> variables) -> cli::Environment {
    return [variables = std::move(variables)](const std::string& name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
  };
  auto settings = cli::read_settings({}, environment(none));
  REQUIRE(settings);
  CHECK(settings->iam_origin == "https://iam.cloud.ibm.com");
  CHECK(settings->timeout == std::chrono::seconds(30));

  scratch.file("icr-pull-secrets/client.yaml",
               "iam: private\ncaFile: /etc/ca.pem\napiKeyFile: /run/key\n"
               "regions: [us-south, eu-de]\nanswer: key\n");
  settings = cli::read_settings({}, environment(none));
  REQUIRE(settings);
  CHECK(settings->iam_origin == "https://private.iam.cloud.ibm.com");
  CHECK(settings->ca_file == "/etc/ca.pem");
  CHECK(settings->api_key_file == "/run/key");
  CHECK(settings->regions == "us-south,eu-de");
  CHECK(settings->answer == config::Answer::kKey);

  auto more = none;
  more["ICR_PULL_SECRETS_IAM"] = "https://iam.example.com:8443";
  more["ICR_PULL_SECRETS_CA_FILE"] = "/b.pem";
  settings = cli::read_settings({}, environment(more));
  REQUIRE(settings);
  CHECK(settings->iam_origin == "https://iam.example.com:8443");
  CHECK(settings->ca_file == "/b.pem");

  cli::ClientOptions options;
  options.iam = "public";
  options.ca_file = "c.pem";
  options.timeout = "5s";
  settings = cli::read_settings(options, environment(more));
  REQUIRE(settings);
  CHECK(settings->iam_origin == "https://iam.cloud.ibm.com");
  CHECK(settings->ca_file == "c.pem");
  CHECK(settings->timeout == std::chrono::seconds(5));
}

TEST_CASE("settings that make no sense are told by where they stand") {
  const config::Scratch scratch;
  const cli::Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "HOME") return scratch.path();
    if (name == "ICR_PULL_SECRETS_IAM") return "http://iam";
    return std::nullopt;
  };
  CHECK(cli::read_settings({}, environment)
            .error()
            .starts_with("ICR_PULL_SECRETS_IAM is http://, where API keys would travel"));
  cli::ClientOptions options;
  options.iam = "https://user:s3cret@iam.example";
  const auto wrong = cli::read_settings(options, environment).error();
  CHECK(wrong.starts_with("--iam is not an address of host and port alone"));
  CHECK(wrong.find("s3cret") == std::string::npos);
  options.iam = "private";
  options.timeout = "soon";
  CHECK(cli::read_settings(options, environment).error().starts_with("--timeout soon"));

  const auto error = [&](const std::string& yaml) {
    scratch.file(".config/icr-pull-secrets/client.yaml", yaml);
    return cli::read_settings({}, environment).error();
  };
  CHECK(error("iam: public\napikey: x\n").find("client.yaml:2: unknown key \"apikey\"") !=
        std::string::npos);
  CHECK(error("regions: us-sooth\n").find("client.yaml:1: regions") != std::string::npos);
  CHECK(error("answer: both\n").find("accepted: token, key") != std::string::npos);
  CHECK(error("caFile: ca.pem\n").find("absolute path") != std::string::npos);
  CHECK(error("- iam\n").find("client.yaml") != std::string::npos);
}

}  // namespace key_test
