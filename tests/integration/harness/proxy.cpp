#include "harness/proxy.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <httplib.h>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace itest {
namespace {

using nlohmann::json;

std::string query(const std::string& text) {
  return httplib::detail::encode_query_param(text);
}

Seen seen_of(const json& entry) {
  Seen seen;
  entry.at("begun").get_to(seen.begun);
  entry.at("done").get_to(seen.done);
  entry.at("method").get_to(seen.method);
  entry.at("path").get_to(seen.path);
  entry.at("accept").get_to(seen.accept);
  entry.at("type").get_to(seen.type);
  entry.at("agent").get_to(seen.agent);
  entry.at("token").get_to(seen.token);
  entry.at("body").get_to(seen.body);
  entry.at("status").get_to(seen.status);
  entry.at("forwarded").get_to(seen.forwarded);
  entry.at("rule").get_to(seen.rule);
  return seen;
}

template <class Predicate>
Requests where(const Requests& requests, Predicate&& predicate) {
  Requests found;
  for (const auto& request : requests) {
    if (predicate(request)) found.push_back(request);
  }
  return found;
}

Process::Options proxy_options(const std::string& output, const std::string& listen) {
  const auto pki = environment("SANDBOX_DIR") + "/pki/";
  return {{"faultproxy", "-upstream", "https://127.0.0.1:" + environment("SANDBOX_API_PORT"), "-ca",
           pki + "ca.crt", "-cert", pki + "kube-apiserver.crt", "-key", pki + "kube-apiserver.key",
           "-listen", listen},
          {},
          output,
          scratch_file("faultproxy.err", {})};
}

}  // namespace

Proxy::Proxy(const std::string& listen)
    : output_(scratch_file("faultproxy.out", {})), process_(proxy_options(output_, listen)) {
  const bool ready = wait_for(
      [&] { return read_text(output_).ends_with('\n') ? std::string() : "no line yet"; }, 10s);
  if (!ready) throw std::runtime_error("the fault proxy does not start");
  std::istringstream line(read_text(output_));
  line >> address_ >> control_;
}

json Proxy::ask(const std::string& method, const std::string& target, const std::string& body) {
  httplib::Client client("http://" + control_);
  const auto result = method == "GET"      ? client.Get(target.c_str())
                      : method == "DELETE" ? client.Delete(target.c_str())
                                           : client.Post(target.c_str(), body, "application/json");
  if (!result || result->status != 200) {
    throw std::runtime_error(
        fmt::format("fault proxy: {} {}: {}", method, target, result ? result->body : "no answer"));
  }
  return json::parse(result->body, nullptr, false);
}

void Proxy::add(const Rule& rule) {
  const json body = {
      {"name", rule.name},       {"method", rule.method}, {"path", rule.path},
      {"times", rule.times},     {"action", rule.action}, {"status", rule.status},
      {"headers", rule.headers}, {"body", rule.body},     {"delay_ms", rule.delay.count()}};
  ask("POST", "/rules", body.dump());
}

void Proxy::remove(const std::string& name) {
  ask("DELETE", "/rules?name=" + query(name));
}

long Proxy::matched(const std::string& name) {
  return ask("GET", "/matched?name=" + query(name)).get<long>();
}

void Proxy::show(const std::string& certificate_and_key) {
  ask("POST", "/identity", certificate_and_key);
}

void Proxy::start_over() {
  first_ += requests().size();
}

Requests Proxy::requests() {
  Requests requests;
  for (const auto& entry : ask("GET", fmt::format("/requests?since={}", first_))) {
    requests.push_back(seen_of(entry));
  }
  return requests;
}

Requests Proxy::take() {
  auto taken = requests();
  const auto under_way = std::find_if(taken.begin(), taken.end(), [](const Seen& seen) {
    return seen.is_write() && seen.done == 0;
  });
  taken.erase(under_way, taken.end());
  first_ += taken.size();
  return taken;
}

long Proxy::open(const std::string& path) {
  return ask("GET", "/open?path=" + query(path)).get<long>();
}
void Proxy::expect_open(const std::string& path, long wanted) {
  eventually(fmt::format("{} answers to {} are under way", wanted, path), [&] {
    const auto now = open(path);
    return now == wanted ? std::string() : fmt::format("{} are", now);
  });
}
long Proxy::cut(const std::string& path) {
  return ask("POST", "/cut?path=" + query(path)).get<long>();
}
long Proxy::cut_abruptly(const std::string& path) {
  return ask("POST", "/cut?abrupt=1&path=" + query(path)).get<long>();
}
long Proxy::silence(const std::string& path) {
  return ask("POST", "/silence?path=" + query(path)).get<long>();
}
long Proxy::inject(const std::string& path, const std::string& text) {
  return ask("POST", "/inject?path=" + query(path), text).get<long>();
}

Requests of(const Requests& requests, const std::string& ns) {
  return where(requests, [&](const Seen& seen) {
    return seen.path.find("/namespaces/" + ns + "/") != std::string::npos;
  });
}

Requests writes(const Requests& requests) {
  return where(requests, [](const Seen& seen) {
    // The record of what is known about a credential is the operator's own and changes with the
    // credential, not with namespaces.
    return seen.is_write() && seen.path.find("/configmaps") == std::string::npos;
  });
}

std::string text_of(const Requests& requests) {
  std::string text;
  for (const auto& seen : requests) {
    if (!text.empty()) text += ", ";
    text += seen.method + " " + seen.path.substr(seen.path.rfind('/') + 1);
  }
  return text;
}

Requests matching(const Requests& requests, const std::string& method, const std::string& path) {
  const std::regex pattern(path);
  return where(requests, [&](const Seen& seen) {
    return seen.method == method && std::regex_search(seen.path, pattern);
  });
}

}  // namespace itest
