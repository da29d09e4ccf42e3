#include "harness/control_plane.hpp"

#include <httplib.h>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>

#include "harness/process.hpp"

namespace itest {
namespace {

nlohmann::json etcd(const char* path, const nlohmann::json& body) {
  httplib::Client client("127.0.0.1", 2379);
  const auto result = client.Post(path, body.dump(), "application/json");
  if (!result || result->status != 200) {
    throw std::runtime_error(std::string("etcd ") + path + ": " +
                             (result ? result->body : "no answer"));
  }
  return nlohmann::json::parse(result->body);
}

/// `change`: --append or --delete.
void drop(const char* change, const std::string& port, const std::string& other) {
  for (const auto& [from, to] : {std::pair(port, other), std::pair(other, port)}) {
    must_run({"iptables", change, "INPUT", "--protocol", "tcp", "--source-port", from,
              "--destination-port", to, "--jump", "DROP"});
  }
}

}  // namespace

Blackhole::Blackhole(const std::string& port) : port_(port) {
  std::istringstream lines(must_run(
      {"ss", "--no-header", "--tcp", "--numeric", "state", "established", "dport = :" + port}));
  // Receive queue, send queue, own address, the other's.
  for (std::string word, own; lines >> word >> word >> own >> word;) {
    swallowed_.push_back(own.substr(own.rfind(':') + 1));
  }
  for (const auto& other : swallowed_) drop("--append", port_, other);
}

Blackhole::~Blackhole() {
  for (const auto& other : swallowed_) drop("--delete", port_, other);
}

void api_server(const std::string& action) {
  must_run({environment("ICRPS_CTL"), "api", action});
}

void compact_etcd() {
  const auto status = etcd("/v3/maintenance/status", nlohmann::json::object());
  etcd("/v3/kv/compaction", {{"revision", status["header"]["revision"]}, {"physical", true}});
}

}  // namespace itest
