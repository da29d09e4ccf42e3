#include "harness/iam_double.hpp"

#include <fmt/format.h>
#include <httplib.h>
#include <stdexcept>

namespace itest {
namespace {

using nlohmann::json;

std::string query(const std::string& text) {
  return httplib::detail::encode_query_param(text);
}

std::string new_folder() {
  auto folder = scratch_file("icrfront", {}) + ".work";
  return folder;
}

Process::Options double_options(const std::string& listen, const std::string& work,
                                const std::string& output) {
  return {{"icrfront", "-listen", listen, "-work", work, "-iam-host", "localhost"},
          {},
          output,
          scratch_file("icrfront.err", {})};
}

}  // namespace

IamDouble::IamDouble(const std::string& listen)
    : output_(scratch_file("icrfront.out", {})),
      work_(new_folder()),
      process_(double_options(listen, work_, output_)) {
  const bool ready = wait_for(
      [&] { return read_text(output_).ends_with('\n') ? std::string() : "no line yet"; }, 10s);
  if (!ready) throw std::runtime_error("the double of IAM does not start");
  const auto line = json::parse(read_text(output_));
  line.at("control").get_to(control_);
  line.at("ca").get_to(ca_file_);
  line.at("port").get_to(port_);
}

std::string IamDouble::ask(const std::string& method, const std::string& target,
                           const std::string& body) {
  httplib::Client client(control_);
  constexpr auto kJson = "application/json";
  const auto result = method == "GET"      ? client.Get(target.c_str())
                      : method == "DELETE" ? client.Delete(target.c_str())
                      : method == "PATCH"  ? client.Patch(target.c_str(), body, kJson)
                                           : client.Post(target.c_str(), body, kJson);
  if (!result || result->status != 200) {
    throw std::runtime_error(fmt::format("double of IAM: {} {}: {}", method, target,
                                         result ? result->body : "no answer"));
  }
  return result->body;
}

void IamDouble::reset() {
  remove_rules();
  keys_ = json::array();
  json fields = {{"keys", keys_}};
  for (const auto* const field :
       {"accounts", "identities", "profiles", "images", "refusalStatus", "disabledStatus",
        "challenge", "realm", "tokenSeconds", "refreshSeconds", "clockOffsetSeconds",
        "propagationMs", "registryPropagationMs", "listDelayMs", "policyReadDelayMs",
        "policyPropagationMs", "policyPage"}) {
    fields[field] = nullptr;
  }
  set(fields);
  ask("POST", "/forget");
  start_over();
}

void IamDouble::set(const json& fields) {
  ask("PATCH", "/settings", fields.dump());
}

void IamDouble::add_login(const std::string& user, const std::string& secret, const json& more) {
  json key = {{"user", user}, {"secret", secret}};
  key.update(more);
  keys_.push_back(std::move(key));
  set({{"keys", keys_}});
}

std::string IamDouble::add_key(const std::string& secret, const json& more) {
  static int number = 0;
  auto id = fmt::format("ApiKey-{}", ++number);
  json with_id = {{"id", id}};
  with_id.update(more);
  add_login("iamapikey", secret, with_id);
  return id;
}

void IamDouble::set_key_state(const std::string& id, const std::string& state) {
  ask("POST", fmt::format("/keys/{}?state={}", query(id), state));
}

json IamDouble::state() {
  return json::parse(ask("GET", "/state"));
}

std::string IamDouble::service_account_token(const std::string& subject, int seconds) {
  return ask("POST",
             fmt::format("/service-account-token?subject={}&seconds={}", query(subject), seconds));
}

void IamDouble::add_rule(const json& rule) {
  ask("POST", "/rules", rule.dump());
}

void IamDouble::remove_rules(const std::string& name) {
  ask("DELETE", "/rules?name=" + query(name));
}

long IamDouble::matched(const std::string& name) {
  return json::parse(ask("GET", "/matched?name=" + query(name))).get<long>();
}

void IamDouble::start_over() {
  first_ += requests().size();
}

std::vector<json> IamDouble::requests() {
  auto entries =
      json::parse(ask("GET", fmt::format("/requests?since={}", first_))).get<std::vector<json>>();
  for (auto& entry : entries) {
    const auto host = entry["host"].get<std::string>();
    entry["host"] = host.substr(0, host.find(':'));
  }
  return entries;
}

std::vector<json> IamDouble::requests(const std::string& host, const std::string& path) {
  std::vector<json> found;
  for (const auto& request : requests()) {
    if (request["host"] == host && request["path"] == path) found.push_back(request);
  }
  return found;
}

std::size_t IamDouble::token_calls() {
  std::size_t calls = 0;
  for (const auto& request : requests()) {
    if (request["path"] == "/identity/token") ++calls;
  }
  return calls;
}

IamDouble& iam() {
  static IamDouble instance;
  return instance;
}

}  // namespace itest
