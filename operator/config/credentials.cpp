#include "config/credentials.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

#include "config/limits.hpp"
#include "config/sources.hpp"
#include "icr/text.hpp"

namespace icrps::config {
namespace {

constexpr std::size_t kLongestName = 59;  // with "icr-" before it: a DNS label

std::string name_rule() {
  return fmt::format("1 to {} lower-case letters, digits and inner hyphens", kLongestName);
}

std::string name_of(const Located& at) {
  const std::string rule = name_rule();
  const std::string& name = text_of(at, rule);
  if (!icr::is_dns_label(name, kLongestName)) at.fail("is not a name for a credential", rule);
  if (fmt::format("icr-{}", name).starts_with(kStateSecretPrefix)) {
    at.fail("would name a Secret that the operator keeps its own state in", "another name");
  }
  return name;
}

Credential read_credential(const Located& at, const icr::RegionTable& regions) {
  std::vector<std::string> keys{"name"};
  keys.insert(keys.end(), source_keys().begin(), source_keys().end());
  keys.insert(keys.end(), {"namespaces", "regions", "registryNamespaces", "probeImage"});
  const Fields fields(at, std::move(keys));
  Credential credential;
  credential.name = name_of(fields.need("name", name_rule()));
  credential.source = read_source(at, fields);
  credential.limits = read_limits(fields, credential.source, regions);
  if (const auto image = fields.find("probeImage")) {
    credential.probe_image = read_probe_image(*image, credential.limits, regions);
  }
  return credential;
}

}  // namespace

std::vector<Credential> read_credentials(const Located& at, const icr::RegionTable& regions) {
  std::vector<Credential> credentials;
  std::set<std::string> names;
  for (const Located& item : items_of(at, "a list of at least one credential")) {
    credentials.push_back(read_credential(item, regions));
    if (!names.insert(credentials.back().name).second) {
      item.fail(
          fmt::format("is another credential called {}", icr::quoted(credentials.back().name)),
          "every name once");
    }
  }
  if (credentials.empty()) at.fail("is an empty list", "a list of at least one credential");
  return credentials;
}

std::vector<std::string> read_retired(const Located& at,
                                      const std::vector<Credential>& credentials) {
  std::vector<std::string> retired;
  for (const Located& item : items_of(at, "a list of names of former credentials; [] for none")) {
    const std::string name = name_of(item);
    if (std::any_of(credentials.begin(), credentials.end(),
                    [&](const Credential& credential) { return credential.name == name; })) {
      item.fail(fmt::format("is {}, which is a credential", icr::quoted(name)),
                "names that are not in credentials");
    }
    if (std::find(retired.begin(), retired.end(), name) != retired.end()) {
      item.fail(fmt::format("is {} again", icr::quoted(name)), "every name once");
    }
    retired.push_back(name);
  }
  return retired;
}

}  // namespace icrps::config
