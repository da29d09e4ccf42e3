// WWW-Authenticate of a registry: whatever it holds, a login goes to the domain of the registry
// only, and encrypted.
#include "iam/pure/challenge.hpp"

#include <algorithm>

#include "fuzz.hpp"

using namespace icrps;

namespace {

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

void check_notations(const iam::BearerChallenge& challenge) {
  fuzz::require(!challenge.realm.empty(), "a challenge has a realm");
  std::string again = "Basic x==, bearer realm = " + in_quotes(challenge.realm);
  if (!challenge.service.empty()) again += " , service=" + in_quotes(challenge.service);
  if (!challenge.scope.empty()) again += ",scope=" + in_quotes(challenge.scope);
  const auto same = iam::parse_challenge(again);
  fuzz::require(same && same->realm == challenge.realm && same->service == challenge.service &&
                    same->scope == challenge.scope,
                "another notation means the same");
}

void check_endpoint(const iam::TokenEndpoint& endpoint) {
  const std::string& origin = endpoint.origin;
  fuzz::require(origin.starts_with("https://"), "only encrypted");
  const auto host = origin.substr(8, origin.find(':', 8) - 8);
  fuzz::require(host == "icr.io" || host.ends_with(".icr.io"), "only the registry's domain");
  fuzz::require(endpoint.target.starts_with('/') && !endpoint.target.starts_with("//"),
                "a target in origin form");
  fuzz::require(std::all_of(endpoint.target.begin(), endpoint.target.end(),
                            [](char c) { return c > ' ' && c < 0x7f && c != '#' && c != '\\'; }),
                "a target is plain");
}

void check_realm(std::string_view realm) {
  const auto endpoint = iam::token_endpoint(realm, "us.icr.io");
  if (endpoint) {
    check_endpoint(*endpoint);
  } else {
    fuzz::require_presentable(endpoint.error());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of(data, size);
  check_realm(input);
  if (const auto challenge = iam::parse_challenge(input)) {
    check_notations(*challenge);
    check_realm(challenge->realm);
  }
  return 0;
}
