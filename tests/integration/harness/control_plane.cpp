#include "harness/control_plane.hpp"

#include <httplib.h>
#include <stdexcept>

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

}  // namespace

void api_server(const std::string& action) {
  must_run({environment("ICRPS_CTL"), "api", action});
}

void compact_etcd() {
  const auto status = etcd("/v3/maintenance/status", nlohmann::json::object());
  etcd("/v3/kv/compaction", {{"revision", status["header"]["revision"]}, {"physical", true}});
}

}  // namespace itest
