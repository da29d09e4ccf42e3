// The value of an annotation: anybody who may annotate a namespace writes it.
#include "icr/regions.hpp"

#include "fuzz.hpp"

using namespace icrps;

namespace {

const icr::RegionTable& table() {
  static const icr::RegionTable kTable = [] {
    icr::RegionTable result = icr::RegionTable::builtin();
    result.set("lab", "registry.example.com:5000");
    return result;
  }();
  return kTable;
}

void check(std::string_view value, icr::Endpoints endpoints) {
  static const icr::Hosts kKnown = table().known_hosts();
  const auto hosts = table().select(value, endpoints);
  if (!hosts) {
    fuzz::require_presentable(hosts.error().message);
    return;
  }
  std::string joined;
  for (const std::string& host : *hosts) {
    fuzz::require(kKnown.count(host) == 1, "only known hosts are served");
    joined += host + ",";
  }
  if (hosts->empty()) return;  // none
  const auto all = table().select(joined, icr::Endpoints::kAll);
  fuzz::require(all.has_value(), "hosts are accepted as entries");
  for (const std::string& host : *hosts) {
    fuzz::require(all->count(host) == 1, "a host stands for itself");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value = fuzz::text_of(data, size);
  check(value, icr::Endpoints::kPublic);
  check(value, icr::Endpoints::kPrivate);
  check(value, icr::Endpoints::kAll);
  return 0;
}
