// What is read again while the program runs.
#include "kube/connection.hpp"

#include <fstream>
#include <optional>

#include <catch2/catch.hpp>

#include "unit/support/fake_clock.hpp"

namespace connection_test {
namespace {

using namespace icrps;
using namespace std::chrono_literals;

SecretString secret(const char* text) {
  return SecretString(text);
}

config::Cluster inline_cluster(const char* suffix) {
  config::Cluster cluster;
  cluster.server = "https://10.0.0.1:6443";
  cluster.ca.inline_pem = SecretString(std::string("ca-") + suffix);
  cluster.client_certificate.inline_pem = SecretString(std::string("cert-") + suffix);
  cluster.client_key.inline_pem = SecretString(std::string("key-") + suffix);
  cluster.token = SecretString(std::string("token-") + suffix);
  return cluster;
}

}  // namespace

TEST_CASE("A kubeconfig that changes is in force within a minute, but for its server") {
  test::FakeClock clock;
  auto in_file = std::optional(inline_cluster("1"));
  const auto options =
      kube::transport_options(*in_file, clock, [&in_file] { return in_file; }).value();
  const auto seen = [&] {
    const auto shown = options.client_certificate();
    return options.authorities() + " " + shown->certificate_pem + " " + shown->key_pem.reveal() +
           " " + options.authorization()->reveal();
  };
  const std::string first = "ca-1 cert-1 key-1 Bearer token-1";
  CHECK(seen() == first);
  in_file = inline_cluster("2");
  CHECK(seen() == first);
  clock.advance(61s);
  CHECK(seen() == "ca-2 cert-2 key-2 Bearer token-2");

  SECTION("half a file") {
    in_file.reset();
  }
  SECTION("another server") {
    in_file = inline_cluster("3");
    in_file->server = "https://10.0.0.2:6443";
  }
  SECTION("another way to log in") {
    in_file = inline_cluster("3");
    in_file->token = secret("");
  }
  clock.advance(61s);
  CHECK(seen() == "ca-2 cert-2 key-2 Bearer token-2");
}

}  // namespace connection_test
