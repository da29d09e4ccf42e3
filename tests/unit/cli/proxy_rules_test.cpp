#include "cli/proxy_rules.hpp"

#include <map>

#include <catch2/catch.hpp>

#include "unit/config/scratch.hpp"

namespace proxy_rules_test {
namespace {

using namespace icrps;

config::Config with_proxy(const std::string& text) {
  const auto config = config::parse_config(
      "apiVersion: icr-pull-secrets/v1alpha1\n"
      "kind: OperatorConfiguration\n" +
          text +
          "credentials:\n"
          "  - name: default\n"
          "    apiKey: {secretRef: {name: icr-api-key, key: apikey}}\n",
      "config.yaml");
  REQUIRE(config);
  return *config;
}

auto environment_of(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

/// "proxy:3128", or "" for none.
std::string road(const http::ProxyRules& rules, const std::string& host) {
  const auto proxy = rules.for_origin("https://" + host);
  return proxy ? proxy->address() : std::string();
}

}  // namespace

TEST_CASE("the environment says by which proxy, as for everybody else", "[cli][proxy]") {
  const auto rules =
      cli::proxy_rules(with_proxy(""), environment_of({{"HTTPS_PROXY", "http://me:pw@proxy:3128"},
                                                       {"https_proxy", "http://other:1"},
                                                       {"no_proxy", "private.icr.io,.svc"}}));
  REQUIRE(rules);
  CHECK(road(*rules, "us.icr.io") == "proxy:3128");
  CHECK(road(*rules, "private.icr.io").empty());
  CHECK(rules->proxy->login->user == "me");
  CHECK(road(*cli::proxy_rules(with_proxy(""), environment_of({{"https_proxy", "other:1"}})),
             "us.icr.io") == "other:1");
  CHECK(road(*cli::proxy_rules(with_proxy(""), environment_of({{"HTTP_PROXY", "other:1"}})),
             "us.icr.io")
            .empty());
  const auto bad =
      cli::proxy_rules(with_proxy(""), environment_of({{"HTTPS_PROXY", "socks5://5ecret:1080"}}));
  REQUIRE_FALSE(bad);
  CHECK(bad.error() ==
        "HTTPS_PROXY names a proxy of the kind socks5, which is not supported; accepted: "
        "http://[USER:PASSWORD@]HOST:PORT");
}

TEST_CASE("the configuration's proxy takes the place of the environment's", "[cli][proxy]") {
  const auto environment =
      environment_of({{"HTTPS_PROXY", "http://other:1"}, {"NO_PROXY", "us.icr.io"}});
  const auto rules = cli::proxy_rules(
      with_proxy(
          "proxy: {url: 'http://proxy:3128', noProxy: [.svc, 10.0.0.0/8, '*.icr.io:444']}\n"),
      environment);
  REQUIRE(rules);
  CHECK(road(*rules, "us.icr.io") == "proxy:3128");
  CHECK(road(*rules, "us.icr.io:444").empty());
  CHECK(road(*rules, "10.1.2.3").empty());
  CHECK(road(*cli::proxy_rules(with_proxy("proxy: {url: none}\n"), environment), "us.icr.io")
            .empty());
}

TEST_CASE("user and password come from a file, which is read again", "[cli][proxy]") {
  config::Scratch scratch;
  const auto file = scratch.file("login", "me:5ecret\n");
  const auto config =
      with_proxy("proxy: {url: 'http://proxy:3128', credentialsFile: " + file + "}\n");
  const auto rules = cli::proxy_rules(config, environment_of({}));
  REQUIRE(rules);
  CHECK(rules->login()->password.reveal() == "5ecret");
  scratch.file("login", "me:other");
  CHECK(rules->login()->password.reveal() == "other");
  scratch.file("login", "5ecret");
  const auto bad = cli::proxy_rules(config, environment_of({}));
  REQUIRE_FALSE(bad);
  CHECK(bad.error() ==
        "proxy.credentialsFile: " + file + ": holds no login; accepted: USER:PASSWORD in one line");
}

}  // namespace proxy_rules_test
