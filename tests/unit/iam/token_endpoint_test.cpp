#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "iam/pure/challenge.hpp"

namespace token_endpoint_test {

using namespace icrps;

namespace {

/// "origin target", or "no".
std::string judge(std::string_view realm, std::string_view registry) {
  const auto endpoint = iam::token_endpoint(realm, registry);
  if (endpoint) return endpoint->origin + " " + endpoint->target;
  CHECK(endpoint.error().find('\n') == std::string::npos);
  CHECK_FALSE(endpoint.error().empty());
  return "no";
}

struct Row {
  std::string realm;
  std::string expected = "no";
  std::string registry = "us.icr.io";
};

void check(const std::vector<Row>& rows) {
  for (const auto& row : rows) {
    CAPTURE(row.realm, row.registry);
    CHECK(judge(row.realm, row.registry) == row.expected);
  }
}

}  // namespace

TEST_CASE("a realm in the registry's own domain may have the login", "[iam][realm]") {
  check({
      {"https://us.icr.io/oauth/token", "https://us.icr.io /oauth/token"},
      {"https://us.icr.io/oauth/token?x=1&y=%2f", "https://us.icr.io /oauth/token?x=1&y=%2f"},
      {"https://us.icr.io", "https://us.icr.io /"},
      {"https://us.icr.io?x=1", "https://us.icr.io /?x=1"},
      {"https://us.icr.io:443/t", "https://us.icr.io /t"},
      {"HTTPS://US.ICR.IO/T", "https://us.icr.io /T"},
      {"https://icr.io/t", "https://icr.io /t"},
      {"https://private.us.icr.io/t", "https://private.us.icr.io /t"},
      {"https://auth.icr.io:8443/t", "https://auth.icr.io:8443 /t"},
      {"https://us.icr.io/t", "https://us.icr.io /t", "icr.io"},
      {"https://us.icr.io/t", "https://us.icr.io /t", "private.us.icr.io"},
      {"https://us.icr.io:5000/t", "https://us.icr.io:5000 /t", "us.icr.io:5000"},
      {"https://auth.docker.io/token", "https://auth.docker.io /token", "registry-1.docker.io"},
      {"https://auth.example.co.uk/t", "https://auth.example.co.uk /t", "images.example.co.uk"},
      {"https://10.0.0.1:5000/t", "https://10.0.0.1:5000 /t", "10.0.0.1:5000"},
      {"https://registry:5000/t", "https://registry:5000 /t", "registry:5000"},
  });
}

TEST_CASE("a stranger's realm gets no login", "[iam][realm]") {
  check({
      {"https://us.icr.io.evil.com/t"},
      {"https://evilicr.io/t"},
      {"https://us-icr.io/t"},
      {"https://icr.io.co/t"},
      {"https://example.com/t"},
      {"https://io/t"},
      {"https://iam.cloud.ibm.com/t"},
      {"https://10.0.0.1/t"},
      {"https://169.254.169.254/t"},
      {"https://10.0.0.1/t", "no", "10.0.0.2"},
      {"https://9.10.0.1/t", "no", "10.0.0.1"},
      {"https://evil.0.1/t", "no", "10.0.0.1"},
      {"https://auth.registry/t", "no", "registry"},
      {"https://other/t", "no", "registry"},
      {"https://evil.co.uk/t", "no", "registry.co.uk"},
      {"https://evil.co.uk/t", "no", "images.example.co.uk"},
      {"https://evil.co.uk/t", "no", "co.uk"},
  });
}

TEST_CASE("a realm that is no plain https URL gets no login", "[iam][realm]") {
  check({
      {""},
      {"us.icr.io/oauth/token"},
      {"/oauth/token"},
      {"http://us.icr.io/t"},
      {"ftp://us.icr.io/t"},
      {"https:/us.icr.io/t"},
      {"https:us.icr.io/t"},
      {"https://"},
      {"https:///t"},
      {"https://?x"},
      {" https://us.icr.io/t"},
      {"https://us.icr.io/t "},
      {"https://us.icr.io /t"},
      {"https://us.icr.io/a b"},
      {"https://us.icr.io/t#fragment"},
      {"https://us.icr.io#@evil.com/t"},
      {"https://evil.com#.icr.io/t"},
      {"https://user@us.icr.io/t"},
      {"https://user:password@us.icr.io/t"},
      {"https://us.icr.io@evil.com/t"},
      {"https://us.icr.io:443@evil.com/t"},
      {"https://evil.com\\@us.icr.io/t"},
      {"https://us.icr.io\\evil.com/t"},
      {"https://evil.com\\.icr.io/t"},
      {"https://evil.com%2f.icr.io/t"},
      {"https://us.icr.io./t"},
      {"https://.icr.io/t"},
      {"https://us..icr.io/t"},
      {"https://[::1]/t"},
      {"https://[us.icr.io]/t"},
      {"https://us.icr.io:/t"},
      {"https://us.icr.io:0/t"},
      {"https://us.icr.io:65536/t"},
      {"https://us.icr.io:443:443/t"},
      {"https://us.icr.io:x/t"},
      {"https://\xc3\xbcs.icr.io/t"},
      {"https://us\xe3\x80\x82icr.io/t"},
      {"https://us.icr.io/\xc3\xbc"},
      {"https://us.icr.io/a\r\nHost: evil.com"},
      {"https://us.icr.io/%zz"},
      {"https://us.icr.io/%2"},
      {"https://us.icr.io//evil.com/t"},
      {"https://us.icr.io/<t>"},
  });
}

TEST_CASE("at the registry's own host the port must be the registry's", "[iam][realm]") {
  check({
      {"https://us.icr.io:8443/t"},
      {"https://us.icr.io/t", "no", "us.icr.io:5000"},
      {"https://us.icr.io:5001/t", "no", "us.icr.io:5000"},
      {"https://us.icr.io/t", "https://us.icr.io /t", "us.icr.io:443"},
      {"https://registry:5001/t", "no", "registry:5000"},
  });
}

TEST_CASE("what may be a password in a realm is not repeated", "[iam][realm]") {
  const auto endpoint = iam::token_endpoint("https://user:hunter2@us.icr.io/t", "us.icr.io");
  REQUIRE_FALSE(endpoint);
  CHECK(endpoint.error().find("hunter2") == std::string::npos);
}

}  // namespace token_endpoint_test
