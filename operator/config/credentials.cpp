#include "config/credentials.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

#include "config/limits.hpp"
#include "config/secret_size.hpp"
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

/// What its copies are called; `name` is the credential's.
std::string secret_name_of(const Fields& fields, const std::string& name) {
  constexpr std::string_view kRule =
      "a name for Secrets: lower-case letters, digits, inner - and ., at most 253";
  const auto at = fields.find("secretName");
  if (!at) return plan::copy_name(name);
  const std::string& secret = text_of(*at, kRule);
  if (!icr::is_dns_subdomain(secret)) at->fail("is not a name for Secrets", kRule);
  if (secret.starts_with(kStateSecretPrefix)) {
    at->fail("is a name that the operator keeps its own state under", "another name");
  }
  return secret;
}

/// Fails when a source of `credentials` has the name of these copies: whoever may read and write
/// the copies in each namespace could read and write the source.
void refuse_source(const Located& at, const std::vector<Credential>& credentials,
                   const plan::CopyName& copy) {
  for (const Credential& credential : credentials) {
    if (source_secret_of(credential.source) != copy.secret) continue;
    at.fail(fmt::format("has Secrets called {}, and that is what the credential {} comes from",
                        icr::quoted(copy.secret), icr::quoted(credential.name)),
            "another secretName, or another name for the source");
  }
}

/// The names of copies, each once.
void refuse_again(const Located& at, const std::vector<plan::CopyName>& taken,
                  const plan::CopyName& copy) {
  for (const plan::CopyName& other : taken) {
    if (other.secret != copy.secret) continue;
    at.fail(fmt::format("has Secrets called {}, as {} has", icr::quoted(copy.secret),
                        icr::quoted(other.credential)),
            "every secretName once");
  }
}

Credential read_credential(const Located& at, const icr::RegionTable& regions) {
  std::vector<std::string> keys{"name", "secretName"};
  keys.insert(keys.end(), source_keys().begin(), source_keys().end());
  keys.insert(keys.end(), {"namespaces", "regions", "registryNamespaces", "probeImage"});
  const Fields fields(at, std::move(keys));
  Credential credential;
  credential.name = name_of(fields.need("name", name_rule()));
  credential.secret_name = secret_name_of(fields, credential.name);
  credential.source = read_source(at, fields);
  credential.limits = read_limits(fields, credential.source, regions);
  if (const auto image = fields.find("probeImage")) {
    credential.probe_image = read_probe_image(*image, credential.limits, regions);
  }
  refuse_too_large(at, credential, regions);
  return credential;
}

/// One of `retired`: a name, or a name with what its copies were called.
plan::CopyName read_former(const Located& item, const std::vector<Credential>& credentials) {
  if (item.value.kind == YamlValue::Kind::kMap) {
    const Fields fields(item, {"name", "secretName"});
    const std::string name = name_of(fields.need("name", name_rule()));
    return {name, secret_name_of(fields, name)};
  }
  const std::string name = name_of(item);
  for (const Credential& credential : credentials) {
    if (credential.name != name) continue;
    const bool moved = credential.secret_name != plan::copy_name(name);
    item.fail(fmt::format("is {}, which is a credential", icr::quoted(name)),
              moved ? fmt::format("names that are not in credentials; for what its Secrets were "
                                  "called before, {{name: {}, secretName: {}}}",
                                  name, plan::copy_name(name))
                    : "names that are not in credentials");
  }
  return {name};
}

}  // namespace

std::vector<Credential> read_credentials(const Located& at, const icr::RegionTable& regions) {
  std::vector<Credential> credentials;
  std::set<std::string> names;
  std::vector<plan::CopyName> copies;
  const auto items = items_of(at, "a list of at least one credential");
  for (const Located& item : items) {
    credentials.push_back(read_credential(item, regions));
    if (!names.insert(credentials.back().name).second) {
      item.fail(
          fmt::format("is another credential called {}", icr::quoted(credentials.back().name)),
          "every name once");
    }
    const plan::CopyName copy{credentials.back().name, credentials.back().secret_name};
    refuse_again(item, copies, copy);
    copies.push_back(copy);
  }
  for (std::size_t i = 0; i < items.size(); ++i) refuse_source(items[i], credentials, copies[i]);
  if (credentials.empty()) at.fail("is an empty list", "a list of at least one credential");
  return credentials;
}

std::vector<plan::CopyName> read_retired(const Located& at,
                                         const std::vector<Credential>& credentials) {
  std::vector<plan::CopyName> taken;
  for (const Credential& credential : credentials) {
    taken.push_back({credential.name, credential.secret_name});
  }
  std::vector<plan::CopyName> retired;
  for (const Located& item : items_of(at, "a list of names of former credentials; [] for none")) {
    const plan::CopyName former = read_former(item, credentials);
    if (std::find(retired.begin(), retired.end(), former) != retired.end()) {
      item.fail(fmt::format("is {} again", icr::quoted(former.credential)), "every name once");
    }
    refuse_again(item, taken, former);
    refuse_source(item, credentials, former);
    taken.push_back(former);
    retired.push_back(former);
  }
  return retired;
}

}  // namespace icrps::config
