#include "harness/control_plane.hpp"

#include <csignal>
#include <httplib.h>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "harness/eventually.hpp"
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

void control(const std::string& name, const std::string& action) {
  must_run({environment("ICRPS_CTL"), name, action});
}

std::int64_t revision() {
  const auto status = etcd("/v3/maintenance/status", nlohmann::json::object());
  return std::stoll(status["header"]["revision"].get<std::string>());
}

std::string etcd_folder() {
  return environment("SANDBOX_DIR") + "/state/etcd";
}

/// Each put takes a revision. 128 changes of one key are not allowed in a transaction, so that this
/// takes as many requests as revisions.
void raise_revision(std::int64_t beyond) {
  httplib::Client client("127.0.0.1", 2379);
  client.set_keep_alive(true);
  const std::string body = R"({"key":"cmFpc2U=","value":"eA=="})";
  while (true) {
    const auto result = client.Post("/v3/kv/put", body, "application/json");
    if (!result || result->status != 200) throw std::runtime_error("etcd takes no put");
    const auto answer = nlohmann::json::parse(result->body);
    if (std::stoll(answer["header"]["revision"].get<std::string>()) > beyond) break;
  }
  etcd("/v3/kv/deleterange", {{"key", "cmFpc2U="}});
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

void pass_revisions(std::int64_t count) {
  raise_revision(revision() + count);
}

EtcdBackup::EtcdBackup() : folder_(scratch() + "/etcd-backup") {
  // While it stands still the files are as after a crash, which etcd can deal with.
  const auto etcd_process = must_run({environment("ICRPS_CTL"), "etcd", "pid"});
  const auto pid = static_cast<pid_t>(std::stol(etcd_process));
  must_run({"rm", "-rf", folder_});
  ::kill(pid, SIGSTOP);
  const auto copied = run_command({"cp", "--archive", etcd_folder(), folder_});
  ::kill(pid, SIGCONT);
  if (copied.exit_code != 0) throw std::runtime_error("the copy of etcd's data: " + copied.err);
}

void EtcdBackup::restore(Versions versions) const {
  constexpr std::int64_t kRaise = 100;
  for (const auto* const name : {"controller-manager", "api"}) control(name, "stop");
  const auto furthest = revision();  // nobody writes any more
  control("etcd", "stop");
  must_run({"rm", "-rf", etcd_folder()});
  must_run({"cp", "--archive", folder_, etcd_folder()});
  must_run({environment("ICRPS_CTL"), "etcd", "start", "--no-wait"});
  eventually(
      "etcd is back",
      [] {
        try {
          return revision() > 0 ? std::string() : std::string("no revision");
        } catch (const std::exception& error) {
          return std::string(error.what());
        }
      },
      30s);
  if (versions == Versions::kRaised) {
    raise_revision(furthest + kRaise);
    compact_etcd();
  }
  control("api", "start");
  control("controller-manager", "start");
}

void compact_etcd() {
  const auto status = etcd("/v3/maintenance/status", nlohmann::json::object());
  etcd("/v3/kv/compaction", {{"revision", status["header"]["revision"]}, {"physical", true}});
}

}  // namespace itest
