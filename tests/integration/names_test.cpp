// Names that nobody answers for hold up nobody who has others.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "../conformance/name_server.hpp"
#include "harness/iam_scene.hpp"
#include "harness/name_server.hpp"

namespace names_test {

using namespace itest;
using icrps::conformance::NameServer;

namespace {

/// Each with a public and a private host: 26 names.
constexpr int kSilentRegions = 13;

std::string silent_host(int region) {
  return fmt::format("r{}.silent.example", region);
}

std::string silent_regions() {
  std::string text = "regions: {";
  for (int i = 0; i < kSilentRegions; ++i) text += fmt::format("quiet-{}: {}, ", i, silent_host(i));
  return text + "}";
}

Annotations at_all_of_them() {
  std::string regions;
  for (int i = 0; i < kSilentRegions; ++i) regions += fmt::format("quiet-{},", i);
  return {{"icr-pull-secrets/regions", regions}, {"icr-pull-secrets/endpoints", "all"}};
}

/// How long it takes until a new namespace is served; the longest of a few.
Milliseconds time_to_serve(IamScene& scene) {
  Milliseconds longest{0};
  for (int i = 0; i < 5; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    scene.expect_served(scene.make_in("us-south"));
    longest = std::max(longest, std::chrono::duration_cast<Milliseconds>(
                                    std::chrono::steady_clock::now() - begun));
  }
  return longest;
}

bool all_are_asked_for(const NameServer& names) {
  for (int i = 0; i < kSilentRegions; ++i) {
    if (names.asked(silent_host(i)) == 0) return false;
    if (names.asked("private." + silent_host(i)) == 0) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("while 26 names hang, the watches and the namespaces of other hosts go on as ever") {
  const NameServer names(
      {}, {.address = name_server_address(), .port = 53, .others = {.silent = true}});
  IamScene scene;
  scene.start_for(api_key(), silent_regions());
  const auto quiet = time_to_serve(scene);
  static_cast<void>(scene.make(at_all_of_them(), "far"));
  eventually("all names are asked for", [&] { return all_are_asked_for(names) ? "" : "not yet"; });
  proxy().cut_abruptly("/secrets.*watch=1");  // a new connection to the API server
  proxy().expect_open("/secrets.*icr-default.*watch=1", 1);
  const auto meanwhile = time_to_serve(scene);
  INFO(quiet.count() << " ms in quiet, " << meanwhile.count() << " ms while names hang");
  CHECK(meanwhile < quiet + 1s * patience());
}

}  // namespace names_test
