// Which hosts, and which auth files, `login`, `logout` and `helper` are about.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "authfile/places.hpp"
#include "icr/regions.hpp"

namespace icrps::cli {

struct HostWish {
  std::vector<std::string> hosts;  ///< by name
  std::string regions;             ///< as the annotation; empty: `fallback`, unless there are hosts
  std::string endpoints = "public";
};

/// The error is a sentence for a person.
[[nodiscard]] tl::expected<icr::Hosts, std::string> wished_hosts(const HostWish& wish,
                                                                 const std::string& fallback);

enum class AuthClient { kDocker, kPodman };

struct AuthTarget {
  AuthClient client;
  std::string file;
};

/// `clients`: "docker,podman". `file`: instead of their own; or empty.
[[nodiscard]] tl::expected<std::vector<AuthTarget>, std::string> auth_targets(
    const std::string& clients, const std::string& file, const authfile::Lookup& environment);

}  // namespace icrps::cli
