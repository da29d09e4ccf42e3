// The stand-in for IBM Cloud IAM and for the front of the registries (tests/doubles/icrfront). All
// their real names lead to it inside the sandbox.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/process.hpp"

namespace itest {

class IamDouble {
 public:
  /// The real names lead to port 443 only; another one is for `https://localhost:PORT`.
  explicit IamDouble(const std::string& listen = ":443");

  [[nodiscard]] const std::string& ca_file() const { return ca_file_; }
  [[nodiscard]] int port() const { return port_; }

  /// As after the start: no rules, no keys, default settings. Requests so far are forgotten.
  void reset();

  /// Fields of the settings to replace; null takes one away.
  void set(const nlohmann::json& fields);
  /// A pair that is good: {"user", "secret", …}; `more` may limit it.
  void add_login(const std::string& user, const std::string& secret,
                 const nlohmann::json& more = nlohmann::json::object());
  /// An API key that IAM and all registries know. Returns its id.
  std::string add_key(const std::string& secret,
                      const nlohmann::json& more = nlohmann::json::object());
  /// "active", "disabled" or "deleted", at once and everywhere.
  void set_key_state(const std::string& id, const std::string& state);
  [[nodiscard]] nlohmann::json state();
  /// Of a service account, for the grant cr-token.
  std::string service_account_token(const std::string& subject, int seconds);

  /// tests/doubles/README.md tells what is in a rule.
  void add_rule(const nlohmann::json& rule);
  /// All without a name.
  void remove_rules(const std::string& name = {});
  long matched(const std::string& name);

  /// Forgets what was asked so far.
  void start_over();
  /// What was asked, in order, hosts without their port. No secrets are in there.
  std::vector<nlohmann::json> requests();
  /// Those at this host with this path.
  std::vector<nlohmann::json> requests(const std::string& host, const std::string& path);
  /// How many tokens IAM was asked for.
  std::size_t token_calls();

 private:
  std::string ask(const std::string& method, const std::string& target,
                  const std::string& body = {});

  std::string output_;
  std::string work_;
  Process process_;
  std::string control_;
  std::string ca_file_;
  int port_ = 0;
  std::size_t first_ = 0;
  nlohmann::json keys_ = nlohmann::json::array();
};

/// One for all tests, at the real names; started by the first.
IamDouble& iam();

}  // namespace itest
